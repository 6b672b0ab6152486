// The one place of a program that has connections to hubs: one for each, shared by all who want it.

import type { HubConnection, IStreamResult } from '@microsoft/signalr';
import { emitter } from './connectionEvents.ts';
import { ConnectionState } from './connectionState.ts';
import { ConduitSignalRError } from './errors.ts';
import type { Handler } from './eventStream.ts';
import { read } from './history.ts';
import {
  type EventsOf,
  type HubAddress,
  type KeyKind,
  type KnownHubName,
  type MethodsOf,
  resolveHub,
} from './hubNames.ts';
import { HubSession, type Shared } from './hubSession.ts';
import { KeyLease } from './keyLease.ts';
import { KeyRing, type KeySource } from './keyRing.ts';
import { Logger } from './logger.ts';
import type { HubMetrics } from './metrics.ts';
import { type ConnectionOptions, policyOf, type ServiceOptions } from './options.ts';
import { pageSettings, pageWindow } from './page.ts';
import { ReconnectOrder } from './reconnectOrder.ts';
import { subscribeToTask, type TaskCallbacks, type TaskSubscription } from './taskSubscription.ts';
import type { TransportName } from './transportLadder.ts';

type Arguments<T> = T extends (...args: infer A) => unknown ? A : never;
type Answer<T> = T extends (...args: never[]) => Promise<infer R> ? R : never;
type HandlerOf<T> = T extends unknown[] ? (...args: T) => unknown : never;

let shared: ConduitSignalRService | undefined;

/**
 * Connections to the hubs of Conduit.
 *
 * `new ConduitSignalRService()` and `getInstance()` are the same one everywhere; one with options is a service of its
 * own, with its own connections and keys.
 */
export class ConduitSignalRService extends EventTarget {
  static readonly ConnectionState = ConnectionState;

  readonly #options: ServiceOptions = {};
  readonly #sessions = new Map<string, HubSession>();
  readonly #keys = new KeyRing();
  readonly #shared!: Shared & { logger: Logger };

  constructor(options?: ServiceOptions) {
    super();
    // biome-ignore lint/correctness/noConstructorReturn: as pages know it, whoever makes one without options gets the same.
    if (options === undefined && shared !== undefined) return shared;
    this.#options = options ?? {};
    const target = options?.eventTarget === undefined ? pageWindow() : options.eventTarget;
    this.#shared = {
      keys: this.#keys,
      order: new ReconnectOrder(),
      logger: new Logger(this.#keys, options?.logger ?? console),
      emit: emitter(target == null ? [this] : [this, target]),
    };
    this.#keys.set('virtual', options?.virtualKey);
    this.#keys.set('master', options?.masterKey);
    if (options === undefined) shared = this;
  }

  /** The service that everybody shares. */
  static getInstance(): ConduitSignalRService {
    return new ConduitSignalRService();
  }

  /** Turns on, or off, lines about everything that happens. Keys are in none of them. */
  setDebugMode(isOn: boolean): void {
    this.#shared.logger.isDebugging = isOn;
  }

  /**
   * Sets the virtual key, or a client token, or what fetches the current one. The master key stays. Hubs that are
   * connected with another key connect anew, and without a key not at all.
   */
  setVirtualKey(key: KeySource | null): void {
    this.#setKey('virtual', key);
  }

  /** Sets the master key, as `setVirtualKey` does the virtual one, which stays. */
  setMasterKey(key: KeySource | null): void {
    this.#setKey('master', key);
  }

  /**
   * The connection to a hub, once it is there. Attempts go on as the options say; what they are when it is first
   * connected counts.
   *
   * @param key for this hub alone, instead of the service's
   * @throws {ConduitSignalRError} where there is no key or a wrong one, or when the attempts are exhausted
   */
  async connectToHub(hubName: string, key?: KeySource | null, options?: ConnectionOptions): Promise<HubConnection> {
    const session = this.#session(hubName);
    return session.connect(key, this.#policy(session.address, options));
  }

  /** Ends the connection to a hub and forgets its handlers and subscriptions; what waited is refused. */
  async disconnectFromHub(hubName: string): Promise<void> {
    const { route } = resolveHub(hubName);
    const session = this.#sessions.get(route);
    this.#sessions.delete(route);
    await session?.disconnect();
  }

  /** Ends all connections. */
  async disconnectAll(): Promise<void> {
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    await Promise.allSettled(sessions.map((session) => session.disconnect()));
  }

  /** The official client's connection, whatever its state; null where there is none. */
  getConnection(hubName: string): HubConnection | null {
    return this.#find(hubName)?.connection ?? null;
  }

  isConnected(hubName: string): boolean {
    return this.getConnectionState(hubName) === ConnectionState.Connected;
  }

  /** As in the events: lower case; `disconnected` for a hub that was never heard of. */
  getConnectionState(hubName: string): ConnectionState {
    return this.#find(hubName)?.state ?? ConnectionState.Disconnected;
  }

  /** What brings a hub's events now: a transport, `History` while it is polled, or nothing. */
  getTransport(hubName: string): TransportName | 'History' | null {
    return this.#find(hubName)?.transport ?? null;
  }

  /** The routes of the hubs that are connected. */
  getActiveConnections(): string[] {
    const connected = [...this.#sessions.values()].filter(({ state }) => state === ConnectionState.Connected);
    return connected.map(({ address }) => address.route);
  }

  /** The figures of a hub. */
  getMetrics(hubName: string): HubMetrics {
    return this.#find(hubName)?.metrics() ?? {};
  }

  /** A round trip through a hub, in milliseconds; `getMetrics` keeps it. */
  async ping(hubName: string): Promise<number> {
    const session = this.#find(hubName);
    if (session === undefined) throw new ConduitSignalRError('not-connected', `Hub ${hubName} is not connected`);
    return session.calls.ping();
  }

  /** Has a handler called for each event of a name, on every connection to the hub from now on. */
  on<N extends KnownHubName, E extends keyof EventsOf<N> & string>(
    hubName: N,
    event: E,
    handler: HandlerOf<EventsOf<N>[E]>,
  ): void;
  on(hubName: string, event: string, handler: Handler): void;
  on(hubName: string, event: string, handler: Handler): void {
    this.#session(hubName).stream.on(event, handler);
  }

  /** Ends that for a handler, or for all of an event. */
  off(hubName: string, event: string, handler?: Handler): void {
    this.#find(hubName)?.stream.off(event, handler);
  }

  /**
   * Invokes a method. While the connection comes, or comes back, it waits its turn; its result is the promise's either
   * way. What subscribes is done again after each reconnect.
   */
  invoke<N extends KnownHubName, M extends keyof MethodsOf<N> & string>(
    hubName: N,
    method: M,
    ...args: Arguments<MethodsOf<N>[M]>
  ): Promise<Answer<MethodsOf<N>[M]>>;
  invoke<T = unknown>(hubName: string, method: string, ...args: unknown[]): Promise<T>;
  async invoke(hubName: string, method: string, ...args: unknown[]): Promise<unknown> {
    return this.#called(hubName).calls.invoke(method, args);
  }

  /** Invokes a method whose result nobody wants. */
  async send(hubName: string, method: string, ...args: unknown[]): Promise<void> {
    return this.#called(hubName).calls.send(method, args);
  }

  /** What a method streams, as the official client gives it. It ends with the connection. */
  stream<T = unknown>(hubName: string, method: string, ...args: unknown[]): IStreamResult<T> {
    return this.#called(hubName).calls.stream<T>(method, args);
  }

  /** Follows a task on the task hub, which is connected where it is not: where it stands, then each change, to its end. */
  subscribeToTask(taskId: string | number, callbacks: TaskCallbacks): Promise<TaskSubscription> {
    return subscribeToTask(this, taskId, callbacks);
  }

  /**
   * Reads what the owner of the virtual key may read, such as `/v1/spend`; below `/v1/admin/`, what the operator may.
   *
   * @throws {ConduitSignalRError} `unauthorized` where there is no key or a wrong one, `refused` where the server says no
   */
  read<T = unknown>(path: string): Promise<T> {
    const key = path.startsWith('/v1/admin/') ? 'master' : 'virtual';
    return read<T>({ baseUrl: this.#baseUrl({ key }), key: new KeyLease(() => this.#keys.resolve(key)) }, path);
  }

  #setKey(kind: KeyKind, key: KeySource | null): void {
    const isSomebodyElse = this.#keys.set(kind, key);
    this.dispatchEvent(new CustomEvent('conduit:keyChanged', { detail: { kind } }));
    if (!isSomebodyElse) return;
    for (const session of this.#sessions.values()) {
      if (session.address.key === kind && !session.hasOwnKey) void session.changeKey();
    }
  }

  #find(hubName: string): HubSession | undefined {
    return this.#sessions.get(resolveHub(hubName).route);
  }

  /** The session of a hub that something is said to. */
  #called(hubName: string): HubSession {
    const session = this.#find(hubName);
    if (session !== undefined) return session;
    throw new ConduitSignalRError('no-connection', `No connection found for hub: ${hubName}`);
  }

  #session(hubName: string): HubSession {
    const address = resolveHub(hubName);
    const known = this.#sessions.get(address.route);
    if (known !== undefined) return known;
    const session = new HubSession(address, this.#baseUrl(address), this.#policy(address), this.#shared);
    this.#sessions.set(address.route, session);
    return session;
  }

  #policy(address: HubAddress, options?: ConnectionOptions) {
    const own = Object.entries(this.#options.hubs ?? {}).filter(([name]) => resolveHub(name).route === address.route);
    return policyOf(address, this.#options.connection, ...own.map(([, policy]) => policy), options);
  }

  #baseUrl({ key }: Pick<HubAddress, 'key'>): string {
    const page = pageSettings();
    const base = this.#options.apiBaseUrl ?? page.apiBaseUrl;
    const admin = this.#options.adminApiBaseUrl ?? page.adminApiBaseUrl;
    const url = key === 'master' ? (admin ?? base) : base;
    if (url !== undefined) return url.replace(/\/+$/, '');
    throw new ConduitSignalRError('invalid-argument', 'where Conduit is must be said: apiBaseUrl');
  }
}
