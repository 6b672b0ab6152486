// Which transport is tried: the best one first, the next one where a network lets it through only to cut it.

import type { Policy } from './options.ts';

/** As a server offers them. */
export type TransportName = 'WebSockets' | 'ServerSentEvents' | 'LongPolling';

/** A connection that lived this long shows that its transport holds. */
const HOLDS_AFTER_MILLIS = 10_000;

/** Short-lived connections in a row before the next transport is tried. */
const MOST_STRIKES = 2;

/** After this long, what did not hold is given another chance. */
const SECOND_CHANCE_AFTER_MILLIS = 300_000;

export class TransportLadder {
  #step = 0;
  #strikes = 0;
  #openedAt: number | undefined;
  #leftFirstAt = 0;
  /** Whether every transport failed since the last one that held. */
  isExhausted = false;

  constructor(
    private readonly policy: () => Pick<Policy, 'transports'>,
    private readonly now: () => number = Date.now,
  ) {}

  /** The one to try. */
  get current(): TransportName | undefined {
    return this.policy().transports[this.#step];
  }

  /** It connected. */
  opened(): void {
    this.#openedAt = this.now();
    this.isExhausted = false;
  }

  /** Its connection was lost. */
  lost(): void {
    const lived = this.now() - (this.#openedAt ?? this.now());
    this.#openedAt = undefined;
    if (lived >= HOLDS_AFTER_MILLIS) {
      this.#strikes = 0;
      if (this.#step > 0 && this.now() - this.#leftFirstAt > SECOND_CHANCE_AFTER_MILLIS) this.#step = 0;
    } else if (++this.#strikes >= MOST_STRIKES) {
      this.#strikes = 0;
      this.next();
    }
  }

  /** The server was reached, but not through this one. Says whether there is another one to try at once. */
  next(): boolean {
    if (this.#step === 0) this.#leftFirstAt = this.now();
    this.#step += 1;
    if (this.#step < this.policy().transports.length) return true;
    this.#step = 0;
    this.isExhausted = true;
    return false;
  }
}
