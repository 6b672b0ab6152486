// A Worker under the real workerd, as a deployment would run it.

import { Miniflare, type WorkerdStructuredLog } from 'miniflare';
import { miniflareOptions } from '../../miniflare.config.js';

export interface InstanceOptions {
  /** Over the variables of `wrangler.toml`. */
  vars?: Record<string, string>;
  /** Folder of the storage; a temporary one without it. */
  persist?: string;
  /** Whether it serves the dashboard too. */
  pages?: boolean;
}

export class WorkerInstance {
  private constructor(
    private readonly miniflare: Miniflare,
    private readonly script: string,
    /** Where it serves, without a slash at the end. */
    readonly url: string,
    /** What the Worker wrote, line by line. */
    readonly log: WorkerdStructuredLog[],
  ) {}

  static async start(worker: string, script: string, options: InstanceOptions): Promise<WorkerInstance> {
    const log: WorkerdStructuredLog[] = [];
    const miniflare = new Miniflare({
      ...miniflareOptions({ worker, ...options }),
      handleStructuredLogs: (line: WorkerdStructuredLog) => log.push(line),
    });
    const url = (await miniflare.ready).toString().replace(/\/$/, '');
    return new WorkerInstance(miniflare, script, url, log);
  }

  /** Puts an object to sleep with its sockets open, as the platform does after ten idle seconds. */
  async sleep(className: string, name: string): Promise<void> {
    await this.miniflare.unsafeEvictDurableObject(this.script, className, { name, webSockets: 'hibernate' });
  }

  /** Whether an object sleeps. One that did not does afterwards. */
  async sleeps(className: string, name: string): Promise<boolean> {
    try {
      await this.sleep(className, name);
      return false;
    } catch (error) {
      if (String(error).includes('not currently running')) return true;
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.miniflare.dispose();
  }
}
