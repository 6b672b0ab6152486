import { within } from './deadline.ts';

/** What arrived, in order, and the wait for what is still to come. */
export class Inbox<T> {
  /** All that ever arrived. */
  readonly all: T[] = [];
  #read = 0;
  #wake: (() => void)[] = [];
  #failure: Error | undefined;

  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  push(item: T): void {
    this.all.push(item);
    for (const wake of this.#wake.splice(0)) wake();
  }

  /** Nothing can be read any more: whoever waits is told why. */
  fail(error: Error): void {
    this.#failure = error;
    for (const wake of this.#wake.splice(0)) wake();
  }

  /** The next one that was not read yet. */
  async next(): Promise<T> {
    const [item] = await this.take(1);
    return item as T;
  }

  /** The next so many that were not read yet. */
  async take(count: number): Promise<T[]> {
    const end = this.#read + count;
    await this.#until(() => this.all.length >= end, `${count} more`);
    const items = this.all.slice(this.#read, end);
    this.#read = end;
    return items;
  }

  /** Reads on to the first one that is as described, and gives it. */
  async find(what: string, isIt: (item: T) => boolean): Promise<T> {
    const position = () => this.all.findIndex((item, index) => index >= this.#read && isIt(item));
    await this.#until(() => position() >= 0, what);
    this.#read = position() + 1;
    return this.all[this.#read - 1] as T;
  }

  /** What arrived and was not read: to show that nothing did. */
  get unread(): T[] {
    return this.all.slice(this.#read);
  }

  async #until(isThere: () => boolean, what: string): Promise<void> {
    const waiting = async () => {
      while (!isThere()) {
        if (this.#failure !== undefined) throw this.#failure;
        await new Promise<void>((resolve) => this.#wake.push(resolve));
      }
    };
    const seen = () => this.all.slice(-5).map(brief).join('; ');
    await within(waiting(), () => `${what} at ${this.#name}; of ${this.all.length} so far the last are ${seen()}`);
  }
}

/** An item for somebody who reads why a test failed. */
function brief(item: unknown): string {
  const text = JSON.stringify(item, (_, value) => (typeof value === 'bigint' ? `${value}n` : value));
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
