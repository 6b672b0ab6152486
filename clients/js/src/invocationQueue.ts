// Invocations that wait for a connection: in order, not more than so many, each with the promise of its result.

import { ConduitSignalRError } from './errors.ts';

/** An invocation whose result somebody waits for. */
export interface Queued {
  run: () => Promise<unknown>;
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

export class InvocationQueue {
  readonly #items: Queued[] = [];

  get length(): number {
    return this.#items.length;
  }

  /** The result of an invocation that waits from now on, or an error where too many do. */
  add<T>(run: () => Promise<T>, limit: number, hubName: string): Promise<T> {
    if (this.#items.length >= limit) {
      return Promise.reject(new ConduitSignalRError('queue-full', `${limit} messages wait for hub ${hubName} already`));
    }
    return new Promise<T>((resolve, reject) => {
      this.#items.push({ run, resolve: resolve as (result: unknown) => void, reject });
    });
  }

  /** Runs what waits, one after the other, as long as it can go on. */
  async flush(canGoOn: () => boolean): Promise<void> {
    while (canGoOn()) {
      const item = this.#items.shift();
      if (item === undefined) return;
      await item.run().then(item.resolve, item.reject);
    }
  }

  /** Refuses all that waits. */
  drop(error: () => Error): void {
    for (const { reject } of this.#items.splice(0)) reject(error());
  }
}
