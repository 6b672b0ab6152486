// A client of `/v1/realtime` that hides nothing: what it was sent, how it was closed, and what answered its upgrade.

import { once } from 'node:events';
import { WebSocket } from 'ws';
import { within } from '../deadline.ts';
import { type FrontDoor, type Key, MASTER_KEY } from '../edge.ts';
import { Inbox } from '../inbox.ts';
import { brokenRules, EventOrder } from './eventOrder.ts';

export type ServerEvent = Record<string, any>;

export interface VoiceOptions {
  /** The query; `model=gpt-realtime` without it. */
  query?: string;
  headers?: Record<string, string>;
  subprotocols?: string[];
  path?: string;
}

/** What answered an upgrade that was refused. */
export interface Refusal {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Record<string, any>;
}

export class VoiceClient {
  readonly events = new Inbox<ServerEvent>('the client');
  readonly closed: Promise<{ code: number; reason: string }>;

  readonly socket: WebSocket;
  /** What its events are held against, if its protocol is one of OpenAI's. */
  readonly order: EventOrder | undefined;
  /** Called with each event, beside its being kept. */
  onEvent: (event: ServerEvent) => void = () => {};

  private constructor(socket: WebSocket, order: EventOrder | undefined) {
    this.socket = socket;
    this.order = order;
    socket.on('message', (data) => {
      const event = JSON.parse(String(data));
      order?.check(event);
      this.events.push(event);
      this.onEvent(event);
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        this.events.fail(new Error(`closed with ${code} ${reason}`));
        resolve({ code, reason: String(reason) });
      });
    });
  }

  /** A client whose upgrade was answered, with a key in the header. */
  static async connect(front: FrontDoor, key: Key, options: VoiceOptions = {}): Promise<VoiceClient> {
    return VoiceClient.open(front, { headers: { authorization: `Bearer ${key.key}` }, ...options });
  }

  static async open(front: FrontDoor, options: VoiceOptions): Promise<VoiceClient> {
    const client = new VoiceClient(request(front, options), orderOf(options));
    await within(once(client.socket, 'open'), 'an open socket');
    return client;
  }

  /** What answers an upgrade that is refused. */
  static async refused(front: FrontDoor, options: VoiceOptions): Promise<Refusal> {
    const socket = request(front, options);
    socket.on('error', () => {});
    const [, response] = await within(once(socket, 'unexpected-response'), 'a refusal');
    let text = '';
    for await (const chunk of response) text += chunk;
    return { status: response.statusCode, headers: response.headers, body: JSON.parse(text) };
  }

  send(event: ServerEvent): void {
    this.socket.send(JSON.stringify(event));
  }

  /** The next event of a type. */
  hear(type: string): Promise<ServerEvent> {
    return this.events.find(type, (event) => event.type === type);
  }

  /** Something was told out of order. */
  broken(rule: string): void {
    brokenRules.push(rule);
  }

  /** Leaves as a caller does who hangs up. */
  leave(): void {
    this.socket.close(1000);
  }
}

function request(front: FrontDoor, options: VoiceOptions): WebSocket {
  const { query = 'model=gpt-realtime', headers = {}, subprotocols = [], path = '/v1/realtime' } = options;
  const url = `${front.url.replace(/^http/, 'ws')}${path}?${query}`;
  return new WebSocket(url, subprotocols, { headers });
}

/** What checks the order of events in the client's protocol, if it is one of OpenAI's. */
function orderOf({ headers = {}, subprotocols = [] }: VoiceOptions): EventOrder | undefined {
  if (subprotocols.includes('conduit.realtime.v1')) return undefined;
  const isBeta = 'openai-beta' in headers || subprotocols.includes('openai-beta.realtime-v1');
  return new EventOrder(isBeta ? 'beta' : 'ga');
}

/** A key that opens realtime sessions. */
export async function voiceKey(front: FrontDoor, fields: object = {}): Promise<Key> {
  return front.createKey({ realtime: true, ...fields });
}

/** How many realtime sessions `/metrics` counts. */
export async function countedSessions(front: FrontDoor): Promise<number> {
  const response = await fetch(`${front.url}/metrics`, { headers: { 'x-master-key': MASTER_KEY } });
  return Number(/^conduit_realtime_sessions_active (\d+)/m.exec(await response.text())?.[1]);
}
