// A connection of a case, whatever its transport: what is sent on it and what came.

import type { Link } from './links/link.ts';
import { LongPollingLink } from './links/longPollingLink.ts';
import { WebSocketLink } from './links/webSocketLink.ts';
import { encode, frame } from './messagepackCodec.ts';
import { Mismatch } from './problems.ts';
import { Inbound, type ProtocolName } from './received.ts';
import { isObject, parseJson, writeJson } from './values.ts';

export const SEPARATOR = '\x1e';

/** Where a connection belongs. */
export interface Place {
  name: string;
  /** The hub's path, as the case says it. */
  path: string;
  query: Record<string, unknown>;
  headers: Record<string, string>;
}

export class Connection {
  readonly inbound = new Inbound();
  link: Link | undefined;
  /** Sockets that another one replaced. */
  readonly replaced: WebSocketLink[] = [];
  id = '';
  token = '';
  /** Whether stateful reconnect was granted and the handshake's version allows it. */
  isStateful = false;
  /** Whether the case itself cut the line. */
  wasKilled = false;
  /** The begin of what was sent, until it holds the handshake. */
  #greeting: string | undefined = '';

  readonly place: Place;

  constructor(place: Place) {
    this.place = place;
  }

  get protocol(): ProtocolName {
    return this.inbound.protocol;
  }

  /** Sends bytes as they are; without a kind in frames of the protocol's kind. */
  async sendRaw(bytes: Buffer, kind?: 'text' | 'binary'): Promise<void> {
    this.#learnProtocol(bytes);
    if (this.link === undefined) throw new Mismatch('an open connection', `${this.place.name} is not connected`);
    try {
      await this.link.send(bytes, kind ?? (this.protocol === 'json' ? 'text' : 'binary'));
    } catch (error) {
      if (error instanceof Mismatch) throw error;
      throw new Mismatch('an open connection', (error as Error).message);
    }
  }

  /** Sends one message, framed. */
  send(message: unknown): Promise<void> {
    return this.sendRaw(this.framed(message));
  }

  /** A message with its frame: a list is MessagePack, anything else JSON. */
  framed(message: unknown): Buffer {
    return Array.isArray(message) ? frame(encode(message)) : Buffer.from(writeJson(message) + SEPARATOR);
  }

  /** Opens a second socket to the same token, on which there is no handshake. */
  resume(): void {
    if (this.link instanceof WebSocketLink) {
      this.link.replaced();
      this.replaced.push(this.link);
    }
    this.link = undefined;
    this.wasKilled = false;
    this.inbound.resume();
  }

  pausePolling(): void {
    if (this.link instanceof LongPollingLink) this.link.pause();
  }

  /** The protocol that the handshake asks for is the one to read by. */
  #learnProtocol(bytes: Buffer): void {
    if (this.#greeting === undefined) return;
    this.#greeting += bytes.toString('latin1');
    const end = this.#greeting.indexOf(SEPARATOR);
    if (end < 0) return;
    try {
      const { protocol } = parseJson(this.#greeting.slice(0, end)) as Record<string, unknown>;
      if (protocol === 'messagepack') this.inbound.protocol = protocol;
    } catch {
      // A greeting that nobody can read asks for nothing.
    }
    this.#greeting = undefined;
  }

  /** Has `reply` answer each invocation of `target` unasked. */
  answer(target: string, reply: (invocationId: string) => unknown): void {
    const before = this.inbound.intercept;
    this.inbound.intercept = (record) => {
      const { value } = record;
      const [type, id, name] = Array.isArray(value)
        ? [value[0], value[2], value[3]]
        : isObject(value)
          ? [value.type, value.invocationId, value.target]
          : [];
      if (type !== 1 || typeof id !== 'string' || name !== target) return before(record);
      this.send(reply(id)).catch(() => {});
      return true;
    };
  }

  /** Leaves nothing open. */
  async dispose(): Promise<void> {
    for (const link of this.replaced) link.kill();
    if (this.link === undefined || this.inbound.ended !== undefined) return;
    await this.link.close(this.link.transport === 'ws' ? 1000 : undefined).catch(() => {});
    // A socket is not waited for.
    if (this.link.transport === 'ws') setTimeout(() => this.link?.kill(), 2_000).unref();
  }
}
