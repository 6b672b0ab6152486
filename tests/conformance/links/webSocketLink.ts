// A WebSocket of which every frame is the case's.

import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import WebSocket from 'ws';
import type { Answer } from '../http.ts';
import type { Ended, Inbound } from '../received.ts';
import type { Address, Link } from './link.ts';

/** What an upgrade was answered; `link` is there if it was granted. */
export interface Opened extends Answer {
  link?: WebSocketLink;
}

const OPENING_MILLIS = 15_000;

/** The server's close frame came: how long its side of the TCP connection may take to follow. */
const AFTER_CLOSE_FRAME_MILLIS = 300;

export class WebSocketLink implements Link {
  readonly transport = 'ws';
  readonly #closed: Promise<Ended>;
  #isClosed = false;
  #saidGoodbye = false;
  #tcp: Socket | undefined;

  private readonly socket: WebSocket;
  readonly inbound: Inbound;

  private constructor(socket: WebSocket, inbound: Inbound) {
    this.socket = socket;
    this.inbound = inbound;
    this.#closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        this.#isClosed = true;
        const why = code === 1006 ? 'the socket broke off' : `the socket was closed with ${code} ${reason}`.trim();
        resolve({ code, why });
      });
    });
    socket.on('error', () => {});
  }

  /** Asks for an upgrade, and tells what came of it. */
  static open({ url, headers }: Address, inbound: Inbound): Promise<Opened> {
    const started = Date.now();
    const options = { headers, perMessageDeflate: false, handshakeTimeout: OPENING_MILLIS };
    const socket = new WebSocket(url.replace(/^http/, 'ws'), options);
    const link = new WebSocketLink(socket, inbound);
    const elapsedMs = () => Date.now() - started;
    let upgraded: IncomingHttpHeaders = {};
    socket.on('upgrade', (response) => {
      upgraded = response.headers;
      link.#tcp = response.socket;
    });
    // Before it is open, so that nothing that follows at once is missed.
    socket.on('message', (data: Buffer, isBinary) => {
      if (link.#isCurrent) inbound.push(data, isBinary ? 'binary' : 'text');
    });
    return new Promise((resolve, reject) => {
      socket.on('open', () => {
        link.#closed.then((ended) => link.#isCurrent && inbound.end(ended));
        resolve({ status: 101, headers: upgraded, body: Buffer.alloc(0), elapsedMs: elapsedMs(), link });
      });
      socket.on('error', reject);
      socket.on('unexpected-response', async (_, response) => {
        const body = Buffer.concat(await response.toArray());
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body, elapsedMs: elapsedMs() });
        socket.terminate();
      });
    });
  }

  /** Another socket has taken over: what comes on this one is nobody's any more. */
  replaced(): void {
    this.#isCurrent = false;
  }

  #isCurrent = true;

  send(bytes: Buffer, kind: 'text' | 'binary'): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.send(bytes, { binary: kind === 'binary' }, (error) => (error ? reject(error) : resolve()));
    });
  }

  async close(code?: number, reason?: string): Promise<void> {
    this.#saidGoodbye = true;
    this.socket.close(code, reason);
  }

  kill(): void {
    if (this.#tcp === undefined || this.#tcp.destroyed) this.socket.terminate();
    else this.#tcp.resetAndDestroy();
  }

  /**
   * The server's side may stay open for seconds after its close frame (workerd keeps the line of a hibernating object).
   * The frame is the end; the line is then cut from here.
   */
  async endedBy(until: number): Promise<boolean> {
    let cutAt = until;
    while (!this.#isClosed && Date.now() < cutAt) {
      const { readyState } = this.socket;
      const hasCloseFrame = readyState === WebSocket.CLOSING && !this.#saidGoodbye;
      if (hasCloseFrame) cutAt = Math.min(cutAt, Date.now() + AFTER_CLOSE_FRAME_MILLIS);
      const limit = new Promise((resolve) => setTimeout(resolve, hasCloseFrame ? AFTER_CLOSE_FRAME_MILLIS : 20));
      await Promise.race([this.#closed, limit]);
    }
    if (this.#isClosed) return true;
    if (this.socket.readyState !== WebSocket.CLOSING) return false;
    // With a close frame received, `ws` reports its code; without one, 1006.
    this.socket.terminate();
    const { code } = await this.#closed;
    return code !== 1006;
  }
}
