// The network between a client and a server, as the platform's edge is: it takes a connection while the server starts
// again, and it can be cut or stall.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** One connection of a client, with the one to the server behind it. */
interface Line {
  client: Socket;
  server?: Socket;
  /** What the server says is kept from the client. */
  isStalled: boolean;
}

const RETRY_MILLISECONDS = 25;

export class WaitingProxy {
  readonly #listener: Server;
  readonly #lines = new Set<Line>();
  readonly #held: (() => void)[] = [];
  #holds = false;

  private constructor(listener: Server) {
    this.#listener = listener;
  }

  /** Stands in front of a local port. */
  static async start(port: number): Promise<WaitingProxy> {
    const listener = createServer();
    const proxy = new WaitingProxy(listener);
    listener.on('connection', (client) => proxy.#take(client, port));
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#listener.address() as AddressInfo).port}`;
  }

  /** Keeps from the clients what the server says from now on, on lines that are open now. */
  stall(): void {
    for (const line of this.#lines) line.isStalled = true;
  }

  /** Lets new lines wait until they are released: a server that is being killed still takes some. */
  hold(): void {
    this.#holds = true;
  }

  release(): void {
    this.#holds = false;
    for (const dial of this.#held.splice(0)) dial();
  }

  /** Cuts all lines, without a word to either side. */
  cut(): void {
    for (const { client, server } of this.#lines) {
      client.resetAndDestroy();
      server?.resetAndDestroy();
    }
    this.#lines.clear();
  }

  async stop(): Promise<void> {
    this.cut();
    this.#listener.close();
    await once(this.#listener, 'close');
  }

  #take(client: Socket, port: number): void {
    const line: Line = { client, isStalled: false };
    this.#lines.add(line);
    const early: Buffer[] = [];
    const wait = (data: Buffer) => early.push(data);
    client.on('data', wait);
    const end = () => {
      this.#lines.delete(line);
      client.destroy();
      line.server?.destroy();
    };
    client.on('close', end).on('error', () => {});
    const dial = () => {
      if (client.destroyed) return;
      const server = connect(port, '127.0.0.1');
      server.once('error', () => {
        // Until the server is there again; a server that was there and is gone ends the line.
        if (line.server === undefined) setTimeout(dial, RETRY_MILLISECONDS);
      });
      server.once('connect', () => {
        line.server = server;
        client.off('data', wait);
        server.write(Buffer.concat(early));
        client.on('data', (data) => server.write(data));
        server.on('data', (data) => {
          if (!line.isStalled) client.write(data);
        });
        server.on('close', end).on('error', () => {});
      });
    };
    if (this.#holds) this.#held.push(dial);
    else dial();
  }
}
