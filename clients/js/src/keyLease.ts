// The key that an attempt to connect goes with: fetched once for all its requests, and again where it is refused.

export class KeyLease {
  #current: Promise<string> | undefined;

  constructor(private readonly fetchKey: () => Promise<string>) {}

  /** What comes from now on goes with a new one. */
  renew(): void {
    this.#current = undefined;
  }

  /** The key of now. One that could not be had is asked for again the next time. */
  get(): Promise<string> {
    if (this.#current !== undefined) return this.#current;
    const asked = this.fetchKey();
    this.#current = asked;
    asked.catch(() => {
      if (this.#current === asked) this.#current = undefined;
    });
    return asked;
  }
}
