// What a server sent on one connection: its bytes cut into records, and the wait for more of them.

import { bodyOf, decode } from './messagepackCodec.ts';
import { Mismatch } from './problems.ts';
import { brief, parseJson } from './values.ts';

export type ProtocolName = 'json' | 'messagepack';

/** In what a record came. */
export type FrameKind = 'text' | 'binary' | 'event' | 'poll';

export interface Received {
  raw: Buffer;
  /** Nothing, if it cannot be read. */
  value: unknown;
  isHandshake: boolean;
  frame: FrameKind;
  /** How many sockets the connection had before the one it came on. */
  socket: number;
}

/** How a connection ended; `code` is a WebSocket's. */
export interface Ended {
  code?: number;
  why: string;
}

const SEPARATOR = 0x1e;

export class Inbound {
  protocol: ProtocolName = 'json';
  /** Every record that ever came. */
  readonly all: Received[] = [];
  /** How many frames ended in the middle of a record. */
  splits = 0;
  lastFrame: FrameKind | undefined;
  ended: Ended | undefined;
  /** Takes a record before anybody else; `true` keeps it from them. */
  intercept: (record: Received) => boolean = () => false;
  /** Called when somebody waits for more. */
  onWait: () => void = () => {};
  #queue: Received[] = [];
  #partial = Buffer.alloc(0);
  #handshakeDue = true;
  #socket = 0;
  #wake: (() => void)[] = [];

  /** Bytes as they came. */
  push(bytes: Buffer, frame: FrameKind): void {
    this.lastFrame = frame;
    this.#partial = Buffer.concat([this.#partial, bytes]);
    for (let raw = this.#cut(); raw !== undefined; raw = this.#cut()) this.#add(raw, frame);
    if (this.#partial.length > 0) this.splits++;
    this.#wakeAll();
  }

  end(ended: Ended): void {
    this.ended ??= ended;
    this.#wakeAll();
  }

  /** Another socket takes over, on which there is no handshake; what was not read is forgotten. */
  resume(): void {
    this.#queue = [];
    this.#partial = Buffer.alloc(0);
    this.#handshakeDue = false;
    this.#socket++;
    this.ended = undefined;
  }

  /** The records that nobody read yet. */
  get unread(): readonly Received[] {
    return this.#queue;
  }

  /** The bytes that nobody read yet. */
  get unreadBytes(): Buffer {
    return Buffer.concat([...this.#queue.map(({ raw }) => raw), this.#partial]);
  }

  /** Takes the first record that is as described out of the queue. */
  take(isIt: (record: Received) => boolean): Received | undefined {
    const index = this.#queue.findIndex(isIt);
    return index < 0 ? undefined : this.#queue.splice(index, 1)[0];
  }

  /** Takes so many bytes; a record may be cut by it. */
  takeBytes(count: number): void {
    let left = count;
    while (left > 0) {
      const [first] = this.#queue;
      if (first === undefined) {
        this.#partial = this.#partial.subarray(left);
        return;
      }
      if (first.raw.length > left) {
        this.#queue[0] = { ...first, raw: first.raw.subarray(left), value: undefined };
        return;
      }
      left -= first.raw.length;
      this.#queue.shift();
    }
  }

  /** The next record; a failure if none comes by `until`. */
  async next(until: number, expected: () => string): Promise<Received> {
    for (;;) {
      const record = this.#queue.shift();
      if (record !== undefined) {
        if (record.value === undefined) throw new Mismatch(expected(), `what cannot be read: ${brief(record.raw)}`);
        return record;
      }
      if (!(await this.more(until))) throw new Mismatch(expected(), this.silence);
    }
  }

  /** Why nothing came. */
  get silence(): string {
    const rest = this.#partial.length > 0 ? `, except the unfinished ${brief(this.#partial)}` : '';
    return (this.ended === undefined ? 'nothing in time' : `the end: ${this.ended.why}`) + rest;
  }

  /** Waits for anything more; `false` if nothing comes by `until` or can come at all. */
  async more(until: number): Promise<boolean> {
    const left = until - Date.now();
    if (left <= 0 || this.ended !== undefined) return false;
    let timer: NodeJS.Timeout | undefined;
    const woken = new Promise<boolean>((resolve) => {
      this.#wake.push(() => resolve(true));
      timer = setTimeout(() => resolve(false), left);
    });
    this.onWait();
    const came = await woken;
    clearTimeout(timer);
    return came;
  }

  #wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }

  /** Cuts the next whole record off. The first is text whatever the protocol. */
  #cut(): Buffer | undefined {
    const isText = this.protocol === 'json' || (this.#handshakeDue && this.#partial[0] === 0x7b);
    const end = isText ? this.#partial.indexOf(SEPARATOR) + 1 : (bodyOf(this.#partial)?.end ?? 0);
    if (end === 0) return undefined;
    const raw = this.#partial.subarray(0, end);
    this.#partial = this.#partial.subarray(end);
    return raw;
  }

  #add(raw: Buffer, frame: FrameKind): void {
    const isHandshake = this.#handshakeDue;
    this.#handshakeDue = false;
    const protocol = raw[0] === 0x7b && isHandshake ? 'json' : this.protocol;
    const record = { raw, value: read(raw, protocol), isHandshake, frame, socket: this.#socket };
    this.all.push(record);
    if (!this.intercept(record)) this.#queue.push(record);
  }
}

function read(raw: Buffer, protocol: ProtocolName): unknown {
  try {
    if (protocol === 'json') return parseJson(raw.subarray(0, -1).toString());
    const { start, end } = bodyOf(raw) ?? { start: 0, end: 0 };
    return decode(raw.subarray(start, end));
  } catch {
    return undefined;
  }
}
