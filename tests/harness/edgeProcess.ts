// Conduit Edge as a process of its own, to be killed.

import { FrontDoor } from './edge.ts';
import { WorkerProcess } from './workerProcess.ts';

export class EdgeProcess extends FrontDoor {
  private constructor(private readonly worker: WorkerProcess) {
    super(worker.url);
  }

  /** Starts on a folder that holds its storage, at a port or any free one; with `pages` it serves the dashboard too. */
  static async start(folder: string, port = 0, vars: Record<string, string> = {}, pages = false): Promise<EdgeProcess> {
    return new EdgeProcess(await WorkerProcess.start('edge', folder, port, vars, pages));
  }

  get port(): number {
    return this.worker.port;
  }

  /** All that it and its workerd wrote. */
  get output(): string[] {
    return this.worker.output;
  }

  /** Kills it and its workerd, as a power cut does. */
  kill(): Promise<void> {
    return this.worker.kill();
  }
}
