// A network that lets some requests through and others not: a company's proxy between a client and a server.

import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** What becomes of a request: it passes, is refused, or is taken and cut when its answer begins. */
export type Fate = 'passes' | 'refused' | 'cut';

/** What kind of request it is. */
export type RequestKind = 'WebSockets' | 'ServerSentEvents' | 'LongPolling' | 'negotiate' | 'other';

export class GatedProxy {
  readonly #listener: Server;
  readonly #sockets = new Set<Socket>();
  /** What is done with requests of a kind; they pass without it. */
  readonly fates: Partial<Record<RequestKind, Fate>> = {};
  /** The requests so far, with the hub that each was for. */
  readonly seen: { kind: RequestKind; path: string }[] = [];

  private constructor(
    private readonly target: URL,
    /** Is told of each request before it is decided. */
    private readonly onRequest: (kind: RequestKind, path: string) => void,
  ) {
    this.#listener = createServer((incoming, response) => this.#forward(incoming, response));
    this.#listener.on('upgrade', (incoming, socket) => this.#upgrade(incoming, socket));
    this.#listener.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket)).on('error', () => {});
    });
  }

  /** Stands in front of a server. */
  static async start(
    target: string,
    onRequest: (kind: RequestKind, path: string) => void = () => {},
  ): Promise<GatedProxy> {
    const proxy = new GatedProxy(new URL(target), onRequest);
    proxy.#listener.listen(0, '127.0.0.1');
    await once(proxy.#listener, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#listener.address() as AddressInfo).port}`;
  }

  /** Cuts all connections, without a word to either side. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async stop(): Promise<void> {
    this.cut();
    this.#listener.close();
    await once(this.#listener, 'close');
  }

  #fate(incoming: IncomingMessage): Fate {
    const path = incoming.url?.split('?')[0] ?? '';
    const kind = kindOf(incoming);
    this.seen.push({ kind, path });
    this.onRequest(kind, path);
    return this.fates[kind] ?? 'passes';
  }

  #forward(incoming: IncomingMessage, response: ServerResponse): void {
    const fate = this.#fate(incoming);
    if (fate === 'refused') {
      response.writeHead(502).end();
      return;
    }
    const { hostname, port } = this.target;
    const { url, method, headers } = incoming;
    const outgoing = request({ hostname, port, path: url, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      if (fate === 'cut') response.socket?.resetAndDestroy();
      else answer.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    response.on('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  }

  #upgrade(incoming: IncomingMessage, client: Duplex): void {
    const fate = this.#fate(incoming);
    client.on('error', () => {});
    if (fate === 'refused') {
      client.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    const server = connect(Number(this.target.port), this.target.hostname);
    const { rawHeaders } = incoming;
    const lines = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : []));
    server.write(`GET ${incoming.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    let answers = 0;
    server.on('data', (data) => {
      client.write(data);
      // The upgrade is answered, and then nothing else.
      if (fate === 'cut' && ++answers === 1) client.end();
    });
    client.on('data', (data) => server.write(data));
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy()).on('error', () => client.destroy());
  }
}

function kindOf({ url = '', headers, method }: IncomingMessage): RequestKind {
  if (headers.upgrade !== undefined) return 'WebSockets';
  if (url.includes('/negotiate?')) return 'negotiate';
  if (!url.startsWith('/hubs/')) return 'other';
  if (headers.accept?.includes('text/event-stream')) return 'ServerSentEvents';
  // Server-Sent Events are posted to as well, which a network that lets them through does not refuse.
  return method === 'GET' ? 'LongPolling' : 'other';
}
