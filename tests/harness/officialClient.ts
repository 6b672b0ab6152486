// The official JavaScript client, unchanged, with what a test wants to see of it.

import {
  HttpTransportType,
  type HubConnection,
  HubConnectionBuilder,
  type IHttpConnectionOptions,
  LogLevel,
} from '@microsoft/signalr';
import { within } from './deadline.ts';
import { Inbox } from './inbox.ts';
import { hubProtocol, type ProtocolName } from './protocol.ts';

export interface ClientOptions extends IHttpConnectionOptions {
  protocol?: ProtocolName;
  /** Names of events to listen for. */
  events?: readonly string[];
  /** Delays of automatic reconnect in milliseconds; none without it. */
  reconnect?: number[];
  /** Whether it asks for stateful reconnect. */
  stateful?: boolean;
}

/** An event as it arrived: its name and its arguments. */
export type Event = [name: string, ...args: unknown[]];

/** An official client that was built, not yet started. */
export class OfficialClient {
  readonly events: Inbox<Event>;
  /** Settles with the error, if there is one, when the connection has ended for good. */
  readonly closed: Promise<Error | undefined>;
  /** What happens to the connection, by the names of the client's callbacks. */
  readonly life: Inbox<'reconnecting' | 'reconnected' | 'closed'>;
  readonly connection: HubConnection;

  constructor(
    url: string,
    { protocol = 'json', events = [], reconnect, stateful = false, ...http }: ClientOptions = {},
  ) {
    const builder = new HubConnectionBuilder()
      .withUrl(url, { transport: HttpTransportType.WebSockets, ...http })
      .withHubProtocol(hubProtocol(protocol))
      .configureLogging(LogLevel.None);
    if (stateful) builder.withStatefulReconnect();
    if (reconnect !== undefined) builder.withAutomaticReconnect(reconnect);
    this.connection = builder.build();
    this.events = new Inbox(`the ${protocol} client`);
    for (const name of events) this.connection.on(name, (...args) => this.events.push([name, ...args]));
    this.life = new Inbox(`the life of the ${protocol} client`);
    this.connection.onreconnecting(() => this.life.push('reconnecting'));
    this.connection.onreconnected(() => this.life.push('reconnected'));
    this.closed = new Promise((resolve) => {
      this.connection.onclose((error) => {
        this.life.push('closed');
        resolve(error);
      });
    });
  }

  /** A client that is connected. */
  static async connect(url: string, options?: ClientOptions): Promise<OfficialClient> {
    const client = new OfficialClient(url, options);
    await within(client.connection.start(), 'the official client to connect');
    return client;
  }

  /** Invokes a method and waits for its result. */
  invoke<T = unknown>(target: string, ...args: unknown[]): Promise<T> {
    return within(this.connection.invoke<T>(target, ...args), `the result of ${target}`);
  }

  /** How the connection ended, once it has. */
  end(): Promise<Error | undefined> {
    return within(this.closed, 'the connection to close');
  }

  stop(): Promise<void> {
    return within(this.connection.stop(), 'the connection to stop');
  }
}
