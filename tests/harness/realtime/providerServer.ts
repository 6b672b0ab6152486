// A provider of realtime sessions on this machine: a real WebSocket server that speaks one provider's protocol strictly.
// What the provider would refuse is a fault.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { Inbox } from '../inbox.ts';
import type { Conversation } from './conversation.ts';

/** What a client of the provider sent: JSON of a text message, or bytes. */
export type Sent = Record<string, any> | Buffer;

/** What answers a request: a refusal, where it is for a socket. */
export interface Answered {
  status: number;
  body: unknown;
}

/** The secret that holds the key of a provider. */
export function keyName(provider: string): string {
  return `PROVIDER_KEY_${provider.toUpperCase().replaceAll('-', '_')}`;
}

/** One connection, as the provider sees it. */
export class ProviderConnection {
  /** What arrived, in order. */
  readonly heard = new Inbox<Sent>('the provider');
  /** How it was closed, by either side. */
  readonly closed: Promise<{ code: number; reason: string }>;

  readonly socket: WebSocket;
  readonly request: IncomingMessage;

  constructor(socket: WebSocket, request: IncomingMessage) {
    this.socket = socket;
    this.request = request;
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        this.heard.fail(new Error(`closed with ${code} ${reason}`));
        resolve({ code, reason: String(reason) });
      });
    });
  }

  send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  /** The next bytes. */
  async hearBytes(): Promise<Buffer> {
    return (await this.heard.find('bytes', (sent) => Buffer.isBuffer(sent))) as Buffer;
  }

  /** The next message that has a member of this name. */
  async hearMember(name: string): Promise<Record<string, any>> {
    return (await this.heard.find(name, (sent) => !Buffer.isBuffer(sent) && name in sent)) as Record<string, any>;
  }

  /** The next message of a type. */
  async hear(type: string): Promise<Record<string, any>> {
    return (await this.heard.find(type, (sent) => !Buffer.isBuffer(sent) && sent.type === type)) as Record<string, any>;
  }
}

export abstract class ProviderDouble {
  /** Connections as they were opened. */
  readonly connections = new Inbox<ProviderConnection>('the provider');
  /** What the provider would have refused. */
  readonly faults: string[] = [];
  /** Called with each message, after it was looked at. */
  onMessage: (connection: ProviderConnection, sent: Sent) => void = () => {};
  /** Answered instead of every socket, if there is something. */
  refusal: Answered | undefined;
  /** Sockets are opened when this is done. */
  gate: Promise<unknown> = Promise.resolve();
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });

  constructor() {
    this.#server = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk) => {
        text += chunk;
      });
      request.on('end', () => {
        const { status, body } = this.refusal ?? this.answer(request, text === '' ? undefined : JSON.parse(text));
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
    });
    this.#server.on('upgrade', (request, socket, head) => {
      const refused = this.refusal ?? this.admit(request);
      if (refused !== undefined) {
        const body = JSON.stringify(refused.body);
        const head = `HTTP/1.1 ${refused.status} Refused\r\nContent-Type: application/json\r\n`;
        socket.end(`${head}Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`);
        return;
      }
      const open = () => {
        this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#attend(webSocket, request));
      };
      void this.gate.then(open);
    });
  }

  /** Why a request for a socket is refused, if it is. */
  protected abstract admit(request: IncomingMessage): Answered | undefined;

  /** What answers a request that is for no socket. */
  protected answer(_request: IncomingMessage, _body: any): Answered {
    return { status: 404, body: { error: { message: 'not found' } } };
  }

  /** A connection was opened. */
  protected abstract opened(connection: ProviderConnection): void;

  /** A message arrived; what is wrong with it goes to `faults`. */
  protected abstract take(connection: ProviderConnection, sent: Sent): void;

  /** The scenes' view of a connection. */
  abstract converse(connection: ProviderConnection): Conversation;

  /** What `REALTIME_PROVIDERS` must say, with these models. */
  abstract settings(models: unknown): object;

  async start(port = 0): Promise<void> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  stop(): void {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** Where it is, without a scheme. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The next connection. */
  next(): Promise<ProviderConnection> {
    return this.connections.next();
  }

  #attend(socket: WebSocket, request: IncomingMessage): void {
    const connection = new ProviderConnection(socket, request);
    socket.on('message', (data: Buffer, isBinary) => {
      const sent = isBinary ? data : this.#parse(data);
      if (sent === undefined) return;
      this.take(connection, sent);
      connection.heard.push(sent);
      this.onMessage(connection, sent);
    });
    this.connections.push(connection);
    this.opened(connection);
  }

  #parse(data: Buffer): Sent | undefined {
    try {
      return JSON.parse(String(data));
    } catch {
      this.faults.push(`no JSON: ${String(data).slice(0, 100)}`);
      return undefined;
    }
  }
}
