// A WebSocket of which every byte and every frame is the test's: for what a well-behaved client never does.

import type { IncomingHttpHeaders } from 'node:http';
import { type HubMessage, MessageType } from '@microsoft/signalr';
import WebSocket from 'ws';
import { eventually, within } from './deadline.ts';
import { Inbox } from './inbox.ts';
import { decode, encode, handshake, invocation, type ProtocolName, SEPARATOR } from './protocol.ts';

/** How a socket ended. */
export interface Closed {
  code: number;
  reason: string;
}

/** One frame as it came. */
export interface Frame {
  data: Buffer;
  isBinary: boolean;
}

/** The answer to an upgrade that is not granted. */
export interface Refusal {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export class RawClient {
  /** The frames as they came. */
  readonly frames = new Inbox<Frame>('the raw client (frames)');
  /** The records after the handshake. */
  readonly records = new Inbox<HubMessage>('the raw client (records)');
  /** Settles when the socket is closed; never rejects. */
  readonly closed: Promise<Closed>;
  #protocol: ProtocolName | undefined;
  #nextId = 1;

  private constructor(readonly socket: WebSocket) {
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    socket.on('error', () => {});
    socket.on('message', (data: Buffer, isBinary) => this.#receive({ data, isBinary }));
  }

  /** An open socket on which nothing was said. */
  static async open(url: string, headers: Record<string, string> = {}): Promise<RawClient> {
    const socket = new WebSocket(url.replace(/^http/, 'ws'), { headers });
    const client = new RawClient(socket);
    await within(
      new Promise((resolve, reject) => {
        socket.on('open', resolve);
        socket.on('error', reject);
      }),
      'the socket to open',
    );
    return client;
  }

  /** How an upgrade is refused: the answer instead of a socket. */
  static async refusal(url: string, headers: Record<string, string> = {}): Promise<Refusal> {
    const socket = new WebSocket(url.replace(/^http/, 'ws'), { headers });
    const refusal = new Promise<Refusal>((resolve, reject) => {
      socket.on('open', () => reject(new Error('the upgrade was not refused')));
      socket.on('error', reject);
      socket.on('unexpected-response', async (_, response) => {
        const body = (await response.toArray()).join('');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    return within(refusal, 'the upgrade to be refused').finally(() => socket.terminate());
  }

  /** A connection whose handshake is done. */
  static async connect(url: string, protocol: ProtocolName, headers: Record<string, string> = {}): Promise<RawClient> {
    const client = await RawClient.open(url, headers);
    client.send(handshake(protocol));
    await client.handshakeAnswer(protocol);
    return client;
  }

  /** Reads the answer to the handshake; what follows it is read as records of this protocol. */
  async handshakeAnswer(protocol: ProtocolName): Promise<void> {
    const { data } = await this.frames.next();
    const end = data.indexOf(SEPARATOR) + 1;
    const answer = data.subarray(0, end).toString();
    if (answer !== `{}${SEPARATOR}`) throw new Error(`the handshake was answered ${JSON.stringify(answer)}`);
    this.#protocol = protocol;
    this.#read(data.subarray(end));
    // What came before this function went on.
    for (const frame of this.frames.all.slice(1)) this.#read(frame.data);
  }

  /** What comes is read as records of this protocol, without a handshake: the connection had one. */
  speak(protocol: ProtocolName): void {
    this.#protocol = protocol;
    for (const frame of this.frames.all) this.#read(frame.data);
  }

  /** Sends a frame: text for a string, else binary. */
  send(frame: string | Uint8Array): void {
    this.socket.send(frame);
  }

  /** Sends records in one frame of the protocol's kind. */
  sendRecords(...messages: HubMessage[]): void {
    const bytes = encode(this.#spoken, ...messages);
    this.send(this.#spoken === 'json' ? bytes.toString() : bytes);
  }

  /** Invokes a method and waits for its completion, passing over what comes before. */
  async invoke(target: string, ...args: unknown[]): Promise<unknown> {
    const id = `raw-${this.#nextId++}`;
    this.sendRecords(invocation(target, args, id));
    const completion = await this.completion(id);
    if (completion.error !== undefined) throw new Error(completion.error);
    return completion.result;
  }

  /** The completion of an invocation, passing over what comes before. */
  async completion(invocationId: string): Promise<{ error?: string; result?: unknown }> {
    const isIt = (record: HubMessage) => record.type === MessageType.Completion && record.invocationId === invocationId;
    return (await this.records.find(`the completion of ${invocationId}`, isIt)) as { error?: string; result?: unknown };
  }

  /** The arguments of the next event of that name, passing over what comes before. */
  async event(target: string): Promise<unknown[]> {
    const isIt = (record: HubMessage) => record.type === MessageType.Invocation && record.target === target;
    const record = await this.records.find(`the event ${target}`, isIt);
    return record.type === MessageType.Invocation ? record.arguments : [];
  }

  /** How the socket ended, once it has. */
  async end(): Promise<Closed> {
    return within(this.closed, 'the socket to close');
  }

  /**
   * The server's close frame, once it came. Locally the line of a socket whose client never sent anything is cut no
   * sooner than its object sleeps, ten seconds later.
   */
  async closeFrame(): Promise<void> {
    const { OPEN } = WebSocket;
    await eventually(
      'the close frame',
      async () => this.socket.readyState,
      (state) => state !== OPEN,
    );
  }

  /** Closes as a client does that says goodbye to nobody but TCP. */
  async close(code?: number): Promise<Closed> {
    this.socket.close(code);
    return this.end();
  }

  /** Cuts the line, as a crash does. */
  async kill(): Promise<void> {
    this.socket.terminate();
    await this.closed;
  }

  /** Stops reading what the server sends, so that it piles up. */
  pause(): void {
    this.socket.pause();
  }

  get #spoken(): ProtocolName {
    if (this.#protocol === undefined) throw new Error('no handshake yet');
    return this.#protocol;
  }

  #receive(frame: Frame): void {
    this.frames.push(frame);
    if (this.#protocol !== undefined) this.#read(frame.data);
  }

  /** A frame holds whole records, always: clients rely on it, and so the codec fails on anything else. */
  #read(data: Buffer): void {
    if (data.length === 0) return;
    try {
      for (const record of decode(this.#spoken, data)) this.records.push(record);
    } catch (error) {
      this.records.fail(new Error(`a client cannot read ${data.toString('latin1')}`, { cause: error }));
    }
  }
}
