// What is said to who does not see: politely, one thing after a while, and the latest where there were many.

import { make } from './markup.ts';

/** Between two things that are said. */
const QUIET_MILLIS = 3_000;

export class Announcer {
  /** What goes into the shadow tree, once. */
  readonly region = make('div', { class: 'unseen', role: 'status' });
  #next: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Says it now, or after what was said just before; of several that wait, the last one. */
  say(text: string): void {
    this.#next = text;
    if (this.#timer === undefined) this.#speak();
  }

  /** Forgets what waits. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#next = undefined;
  }

  #speak(): void {
    this.#timer = undefined;
    if (this.#next === undefined) return;
    this.region.textContent = this.#next;
    this.#next = undefined;
    this.#timer = setTimeout(() => this.#speak(), QUIET_MILLIS);
  }
}
