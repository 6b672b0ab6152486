// Server-sent events down, POST requests up.

import { Exchange } from '../http.ts';
import { Mismatch } from '../problems.ts';
import type { Inbound } from '../received.ts';
import type { Address, Link } from './link.ts';
import { Poster } from './poster.ts';

export class ServerSentEventsLink implements Link {
  readonly transport = 'sse';
  readonly #stream: Exchange;
  readonly #poster: Poster;
  #text = '';
  #data: string[] = [];

  readonly inbound: Inbound;

  private constructor(address: Address, inbound: Inbound) {
    this.inbound = inbound;
    const headers = { ...address.headers, accept: 'text/event-stream' };
    const decoder = new TextDecoder();
    this.#stream = new Exchange(address.url, {
      headers,
      onChunk: (chunk) => this.#read(decoder.decode(chunk, { stream: true })),
    });
    this.#poster = new Poster(address);
    this.#stream.answer.then(
      () => inbound.end({ why: 'the event stream was ended' }),
      (error) => inbound.end({ why: `the event stream broke off: ${error.message}` }),
    );
  }

  /** Opens the stream; a failure if the server refuses it. */
  static async open(address: Address, inbound: Inbound): Promise<ServerSentEventsLink> {
    const link = new ServerSentEventsLink(address, inbound);
    const { status } = await link.#stream.head;
    if (status !== 200) {
      const { body } = await link.#stream.answer;
      throw new Mismatch('an event stream (200)', `${status} ${body}`);
    }
    return link;
  }

  /** A line at a time; an empty one ends the event. */
  #read(text: string): void {
    this.#text += text;
    for (let end = this.#text.indexOf('\n'); end >= 0; end = this.#text.indexOf('\n')) {
      const line = this.#text.slice(0, end).replace(/\r$/, '');
      this.#text = this.#text.slice(end + 1);
      if (line.startsWith('data:')) this.#data.push(line.slice(line[5] === ' ' ? 6 : 5));
      else if (line === '' && this.#data.length > 0) {
        const event = this.#data.splice(0).join('\n');
        if (event !== '') this.inbound.push(Buffer.from(event), 'event');
      }
    }
  }

  send(bytes: Buffer, kind: 'text' | 'binary'): Promise<void> {
    return this.#poster.post(bytes, kind);
  }

  async close(): Promise<void> {
    this.#stream.abort();
  }

  kill(): void {
    this.#stream.abort();
  }

  async endedBy(until: number): Promise<boolean> {
    while (this.inbound.ended === undefined && (await this.inbound.more(until)));
    return this.inbound.ended !== undefined;
  }
}
