// POST requests of one connection, one after the other as the official clients send them.

import { Exchange } from '../http.ts';
import { Mismatch } from '../problems.ts';
import type { Address } from './link.ts';

/** A server that keeps a POST waiting until a method has run would stop every official client. */
const ANSWER_MILLIS = 10_000;

export class Poster {
  #last: Promise<void> = Promise.resolve();

  private readonly address: Address;

  constructor(address: Address) {
    this.address = address;
  }

  /** Settles when the server has taken it. */
  post(body: Buffer, kind: 'text' | 'binary'): Promise<void> {
    const done = this.#last.then(() => this.#post(body, kind));
    this.#last = done.catch(() => {});
    return done;
  }

  async #post(body: Buffer, kind: 'text' | 'binary'): Promise<void> {
    const type = kind === 'text' ? 'text/plain;charset=UTF-8' : 'application/octet-stream';
    const headers = { ...this.address.headers, 'content-type': type, 'content-length': `${body.length}` };
    const exchange = new Exchange(this.address.url, { method: 'POST', headers, body });
    const timer = setTimeout(() => exchange.abort(), ANSWER_MILLIS);
    try {
      const { status, body: text } = await exchange.answer;
      if (status !== 200) throw new Mismatch('200 for a POST of messages', `${status} ${text}`);
    } catch (error) {
      if (error instanceof Mismatch) throw error;
      throw new Mismatch('200 for a POST of messages', `no answer (${(error as Error).message})`);
    } finally {
      clearTimeout(timer);
    }
  }
}
