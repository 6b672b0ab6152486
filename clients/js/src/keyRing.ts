// The two keys, each on its own, and all secrets that were ever seen, so that none of them is shown.

import { ConduitSignalRError } from './errors.ts';
import type { KeyKind } from './hubNames.ts';

/** A key or a client token; or what fetches the current one, which is asked before each attempt to connect. */
export type KeySource = string | (() => string | Promise<string>);

const HIDDEN = '***';

/** What is shorter is no key, and would be found in every other word. */
const SHORTEST_SECRET = 8;

/** Secrets that are remembered: a source may give a new one every few minutes for weeks. */
const MOST_SECRETS = 100;

export class KeyRing {
  readonly #keys = new Map<KeyKind, KeySource>();
  readonly #secrets = new Set<string>();

  /** Sets or, with null, forgets a key. The other one stays. Says whether it is somebody else's now. */
  set(kind: KeyKind, key: KeySource | null | undefined): boolean {
    const before = this.#keys.get(kind);
    if (key === null || key === undefined || key === '') this.#keys.delete(kind);
    else this.#keys.set(kind, key);
    if (typeof key === 'string') this.remember(key);
    return before !== undefined && before !== key && !(typeof before === 'function' && typeof key === 'function');
  }

  has(kind: KeyKind): boolean {
    return this.#keys.has(kind);
  }

  /** Whether the key is fetched anew each time: the hub's own, or the one of its kind. */
  isSource(kind: KeyKind, own?: KeySource): boolean {
    return typeof (own ?? this.#keys.get(kind)) === 'function';
  }

  /** The key to connect with now: the hub's own, or the one of its kind. */
  async resolve(kind: KeyKind, own?: KeySource): Promise<string> {
    const source = own ?? this.#keys.get(kind);
    const key = typeof source === 'function' ? await source() : source;
    if (!key) throw new ConduitSignalRError('unauthorized', `there is no ${kind} key`);
    this.remember(key);
    return key;
  }

  /** Makes sure that a secret is never shown. */
  remember(secret: string): void {
    if (secret.length < SHORTEST_SECRET) return;
    this.#secrets.add(secret);
    if (this.#secrets.size > MOST_SECRETS) {
      const [oldest] = this.#secrets;
      if (oldest !== undefined) this.#secrets.delete(oldest);
    }
  }

  /** A text without any secret. */
  redact(text: string): string {
    let shown = text.replace(/((?:access_token|api_key|id)=)[^&\s'")]+/gi, `$1${HIDDEN}`);
    for (const secret of this.#secrets) {
      shown = shown.replaceAll(secret, HIDDEN).replaceAll(encodeURIComponent(secret), HIDDEN);
    }
    return shown;
  }

  /** An error without any secret: the same one where it has none. */
  redactError(error: Error): Error {
    const message = this.redact(error.message);
    if (message === error.message) return error;
    return Object.assign(new Error(message), { name: error.name });
  }
}
