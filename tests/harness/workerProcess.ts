// A Worker as a process of its own, to be killed.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { within } from './deadline.ts';

const SCRIPT = fileURLToPath(new URL('../../miniflare.config.js', import.meta.url));

export class WorkerProcess {
  readonly #process: ChildProcess;

  private constructor(
    process: ChildProcess,
    /** Where it serves, without a slash at the end. */
    readonly url: string,
    /** All that it and its workerd wrote. */
    readonly output: string[],
  ) {
    this.#process = process;
  }

  /** Starts a Worker on a folder that holds its storage, at a port or any free one. */
  static async start(
    worker: string,
    folder: string,
    port = 0,
    vars: Record<string, string> = {},
    pages = false,
  ): Promise<WorkerProcess> {
    const over = Object.entries(vars).flatMap(([name, value]) => ['--var', `${name}=${value}`]);
    const front = pages ? ['--pages'] : [];
    const args = [SCRIPT, '--worker', worker, '--port', `${port}`, '--persist', folder, ...front, ...over];
    // Its own process group, so that its workerd is killed with it.
    const child = spawn(process.execPath, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const output: string[] = [];
    const ready = new Promise<string>((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          output.push(text);
          const [, url] = output.join('').match(/^ready (\S+)\/\s/m) ?? [];
          if (url !== undefined) resolve(url);
        });
      }
      child.once('exit', () => reject(new Error(`it ended: ${output.join('')}`)));
    });
    const url = await within(ready, () => `the process to be ready; it wrote ${output.join('')}`);
    return new WorkerProcess(child, url, output);
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Kills it and its workerd, as a power cut does. */
  async kill(): Promise<void> {
    const { pid } = this.#process;
    if (pid === undefined || this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    process.kill(-pid, 'SIGKILL');
    await within(ended, 'the process to end');
  }
}
