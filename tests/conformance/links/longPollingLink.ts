// Long polls down, POST requests up.
//
// It polls while somebody waits for a message, and otherwise only so often that the server does not take the client for
// gone: a case that stops the polls and makes its own must not find one of ours open that gets its messages.

import { Exchange } from '../http.ts';
import { Mismatch } from '../problems.ts';
import type { Inbound } from '../received.ts';
import type { Address, Link } from './link.ts';
import { Poster } from './poster.ts';

/** After so long without a poll, one is made unasked: the server gives up after 15 s. */
const IDLE_MILLIS = 4_000;

export class LongPollingLink implements Link {
  readonly transport = 'lp';
  readonly #poster: Poster;
  #poll: Exchange | undefined;
  #paused = false;
  #idle: NodeJS.Timeout | undefined;

  private readonly address: Address;
  readonly inbound: Inbound;

  private constructor(address: Address, inbound: Inbound) {
    this.address = address;
    this.inbound = inbound;
    this.#poster = new Poster(address);
  }

  /** Makes the first poll, which is answered at once. */
  static async open(address: Address, inbound: Inbound): Promise<LongPollingLink> {
    const link = new LongPollingLink(address, inbound);
    const { status, body } = await new Exchange(address.url, { headers: address.headers }).answer;
    if (status !== 200) throw new Mismatch('the first poll answered (200)', `${status} ${body}`);
    inbound.onWait = () => link.#want();
    link.#rest();
    return link;
  }

  /** Makes no more polls, and drops one that is open. */
  pause(): void {
    this.#paused = true;
    clearTimeout(this.#idle);
    this.#poll?.abort();
  }

  #rest(): void {
    clearTimeout(this.#idle);
    if (!this.#paused && this.inbound.ended === undefined) this.#idle = setTimeout(() => this.#want(), IDLE_MILLIS);
  }

  #want(): void {
    if (this.#paused || this.#poll !== undefined || this.inbound.ended !== undefined) return;
    clearTimeout(this.#idle);
    this.#poll = new Exchange(this.address.url, { headers: this.address.headers });
    this.#poll.answer.then(
      ({ status, body }) => this.#answered(status, body),
      (error) => this.#failed(error),
    );
  }

  #answered(status: number, body: Buffer): void {
    this.#poll = undefined;
    if (status !== 200) this.inbound.end({ why: `the poll was answered ${status} ${body}`.trim() });
    // An empty one wakes whoever waits as well, so that the next poll is made.
    else this.inbound.push(body, 'poll');
    this.#rest();
  }

  #failed(error: Error): void {
    this.#poll = undefined;
    if (!this.#paused) this.inbound.end({ why: `the poll failed: ${error.message}` });
  }

  send(bytes: Buffer, kind: 'text' | 'binary'): Promise<void> {
    return this.#poster.post(bytes, kind);
  }

  async close(): Promise<void> {
    this.pause();
    await new Exchange(this.address.url, { method: 'DELETE', headers: this.address.headers }).answer;
  }

  kill(): void {
    this.pause();
  }

  async endedBy(until: number): Promise<boolean> {
    while (this.inbound.ended === undefined && (await this.inbound.more(until)));
    return this.inbound.ended !== undefined;
  }
}
