// One hub: its connection from the first attempt to the end, and all that outlives a lost one.

import { type HubConnection, HubConnectionState, LogLevel } from '@microsoft/signalr';
import type { Emit } from './connectionEvents.ts';
import { ConnectionState } from './connectionState.ts';
import { type Deferred, deferred } from './deferred.ts';
import { asError, ConduitSignalRError } from './errors.ts';
import { EventStream } from './eventStream.ts';
import { HistoryPolling } from './historyPolling.ts';
import { HubCalls } from './hubCalls.ts';
import { hubConnection } from './hubConnection.ts';
import type { HubAddress } from './hubNames.ts';
import { KeyLease } from './keyLease.ts';
import type { KeyRing, KeySource } from './keyRing.ts';
import type { Logger } from './logger.ts';
import { type HubMetrics, MetricsRecorder } from './metrics.ts';
import { NegotiationWatch } from './negotiation.ts';
import type { Policy } from './options.ts';
import { startPersistently } from './persistentStart.ts';
import type { ReconnectOrder } from './reconnectOrder.ts';
import { Recovery } from './recovery.ts';
import { Relevance } from './relevance.ts';
import { type RetryRules, retryRules } from './retryRules.ts';
import { SessionState } from './sessionState.ts';
import { Subscriptions } from './subscriptions.ts';
import { TransportLadder, type TransportName } from './transportLadder.ts';

/** What the hubs of a service share. */
export interface Shared {
  keys: KeyRing;
  order: ReconnectOrder;
  logger: Logger;
  emit: Emit;
}

/** Attempts in a row that fail before events are read from the history. */
const POLLS_AFTER_FAILURES = 2;

export class HubSession {
  readonly stream: EventStream;
  readonly calls: HubCalls;
  readonly #metrics = new MetricsRecorder();
  readonly #recovery: Recovery;
  readonly #polling: HistoryPolling;
  readonly #ladder: TransportLadder;
  readonly #watch: NegotiationWatch;
  readonly #retry: RetryRules;
  readonly #state: SessionState;
  readonly #lease = new KeyLease(() => this.shared.keys.resolve(this.address.key, this.#ownKey));
  /** Ends when the program disconnects. */
  readonly #ended = new AbortController();
  #connection: HubConnection | undefined;
  #awaited: Deferred<HubConnection> | undefined;
  #ownKey: KeySource | undefined;
  #hasBeenConnected = false;
  /** Whether a connection was stopped that is to come back with another key. */
  #isMissed = false;
  #keyChanges = 0;
  #startedAt = 0;

  constructor(
    readonly address: HubAddress,
    private readonly baseUrl: string,
    private policy: Policy,
    private readonly shared: Shared,
  ) {
    const { logger, keys } = shared;
    const stream = new EventStream(address, this.#metrics, logger);
    const subscriptions = new Subscriptions(address);
    const relevance = new Relevance(address, subscriptions);
    const api = { baseUrl, key: this.#lease, signal: this.#ended.signal };
    const around = { address, stream, subscriptions, relevance, api, logger };
    const current = { policy: () => this.policy, state: () => this.state, connection: () => this.#connection };
    this.#state = new SessionState(address, shared);
    this.stream = stream;
    this.calls = new HubCalls({ address, stream, subscriptions, metrics: this.#metrics, keys, ...current });
    this.#recovery = new Recovery(around);
    this.#polling = new HistoryPolling({ ...around, intervalMillis: () => this.policy.pollInterval });
    this.#ladder = new TransportLadder(() => this.policy);
    this.#watch = new NegotiationWatch(
      logger,
      this.#ladder,
      () => shared.order.turn(this, this.policy.priority, this.#ended.signal),
      () => this.policy.connectTimeout,
    );
    this.#retry = retryRules({
      policy: () => this.policy,
      watch: this.#watch,
      ladder: this.#ladder,
      hasKeySource: () => keys.isSource(address.key, this.#ownKey),
      isPolling: () => this.#polling.isPromising,
      onRetry: (attempt, delayMillis, error) => this.#willRetry(attempt, delayMillis, error),
    });
  }

  get state(): ConnectionState {
    return this.#state.current;
  }

  get connection(): HubConnection | null {
    return this.#connection ?? null;
  }

  get hasOwnKey(): boolean {
    return this.#ownKey !== undefined;
  }

  /** What carries the events now. */
  get transport(): TransportName | 'History' | null {
    if (this.state === ConnectionState.Connected) return this.#ladder.current ?? null;
    return this.#polling.isWorking ? 'History' : null;
  }

  metrics(): HubMetrics {
    return this.#metrics.snapshot(this.calls.queued);
  }

  /** The connection, once there is one. All who ask meanwhile get the same. */
  connect(key: KeySource | null | undefined, policy: Policy): Promise<HubConnection> {
    const isIdle = this.#state.isIdle;
    if (key && this.#ownKey !== undefined && key !== this.#ownKey && !isIdle) {
      const message = `hub ${this.address.route} has a connection with another key: disconnect it first`;
      return Promise.reject(new ConduitSignalRError('another-key', message));
    }
    this.#ownKey = key || this.#ownKey;
    if (typeof key === 'string' && key) this.shared.keys.remember(key);
    if (this.state === ConnectionState.Connected && this.#connection) return Promise.resolve(this.#connection);
    this.#awaited ??= deferred();
    const { promise } = this.#awaited;
    if (isIdle) {
      this.policy = policy;
      void this.#start();
    }
    return promise;
  }

  /** Ends the connection, and with it the session. */
  async disconnect(): Promise<void> {
    this.#ended.abort();
    await this.#stop();
    this.#refuseAll(() => this.#disconnectedError('was disconnected'));
  }

  /** Connects anew because the key is somebody else's; not where there is none any more. */
  async changeKey(): Promise<void> {
    // Of several changes that come closely, the last one counts.
    this.#isMissed ||= !this.#state.isIdle;
    const change = ++this.#keyChanges;
    await this.#stop();
    if (change !== this.#keyChanges || this.#ended.signal.aborted) return;
    this.#recovery.forget();
    this.#hasBeenConnected = false;
    const isMissed = this.#isMissed && this.#state.isIdle;
    this.#isMissed = false;
    if (!isMissed) return;
    if (this.#hasKey) await this.#start();
    else this.#refuseAll(() => this.#disconnectedError('has no key any more'));
  }

  #build(): HubConnection {
    const connection = hubConnection({
      url: `${this.baseUrl}/hubs/${this.address.route}`,
      policy: this.policy,
      key: () => this.#key(),
      httpClient: this.#watch,
      logger: this.shared.logger,
      retry: this.#retry,
    });
    // One that was given up may still have something to tell.
    const isCurrent = () => connection === this.#connection;
    connection.onreconnecting((error) => isCurrent() && this.#lost(error));
    connection.onreconnected(() => isCurrent() && void this.#established(connection));
    connection.onclose((error) => isCurrent() && this.#closed(error));
    this.stream.attach(connection);
    return connection;
  }

  /** The key of an attempt. An open connection asks because the one it had is refused. */
  #key(): Promise<string> {
    if (this.state === ConnectionState.Connected) this.#lease.renew();
    return this.#lease.get();
  }

  get #hasKey(): boolean {
    return this.hasOwnKey || this.shared.keys.has(this.address.key);
  }

  #disconnectedError(how: string): ConduitSignalRError {
    return new ConduitSignalRError('disconnected', `hub ${this.address.route} ${how}`);
  }

  /** Starts, and starts again until it succeeds or the rules say no. */
  async #start(): Promise<void> {
    this.#connection ??= this.#build();
    const connection = this.#connection;
    this.#retry.reset();
    this.#startedAt = performance.now();
    this.#lease.renew();
    this.stream.openGap();
    this.shared.order.wants(this, this.policy.priority, 0);
    this.#state.enter(ConnectionState.Connecting);
    const outcome = await startPersistently({
      connection,
      connectTimeout: this.policy.connectTimeout,
      checkKey: () => this.#checkKey(),
      retry: this.#retry,
      redact: (error) => this.shared.keys.redactError(error),
      isCurrent: () => connection === this.#connection,
      ended: this.#ended.signal,
    });
    if (connection !== this.#connection) return;
    if (outcome === undefined) await this.#established(connection);
    else this.#fail(outcome.reason, outcome.cause);
  }

  /** Where there is no key at all, the network need not be asked. */
  #checkKey(): void {
    if (!this.#hasKey) throw new ConduitSignalRError('unauthorized', `there is no ${this.address.key} key`);
  }

  /** A connection is there: what was lost comes back, then what waits goes out. */
  async #established(connection: HubConnection): Promise<void> {
    this.shared.order.had(this);
    this.#ladder.opened();
    this.#polling.stop();
    let recovered: boolean;
    try {
      recovered = await this.#recovery.recover(connection, !this.#hasBeenConnected);
    } catch (error) {
      // Lost again: the next one recovers.
      this.shared.logger.log(LogLevel.Debug, `${this.address.route}: lost while recovering: ${asError(error).message}`);
      return;
    }
    if (connection !== this.#connection || connection.state !== HubConnectionState.Connected) return;
    const isReconnect = this.#hasBeenConnected;
    this.#hasBeenConnected = true;
    this.#retry.reset();
    if (isReconnect) this.#metrics.reconnects += 1;
    this.#metrics.connectedAt = Date.now();
    this.#metrics.record('connectionTime', performance.now() - this.#startedAt);
    this.#state.enter(ConnectionState.Connected);
    if (isReconnect) this.#state.tellReconnected(connection.connectionId, recovered);
    this.#awaited?.resolve(connection);
    this.#awaited = undefined;
    await this.calls.flush();
  }

  /** The established connection is lost, and the official client is going to reconnect. */
  #lost(error: Error | undefined): void {
    this.#startedAt = performance.now();
    this.stream.openGap();
    this.#state.lost(error);
  }

  #willRetry(attempt: number, nextRetryDelay: number, error: Error): void {
    this.#lease.renew();
    const isHopeless = this.#ladder.isExhausted || attempt > POLLS_AFTER_FAILURES;
    if (this.policy.enablePolling && isHopeless) this.#polling.start();
    this.shared.order.wants(this, this.policy.priority, nextRetryDelay);
    this.#state.willRetry(attempt, nextRetryDelay, error);
  }

  /** The official client has ended the connection for good. */
  #closed(thrown: Error | undefined): void {
    this.shared.order.had(this);
    const error = thrown && this.shared.keys.redactError(thrown);
    const reason = this.#retry.givenUp;
    if (reason !== undefined && reason !== 'Reconnecting is turned off') {
      this.#fail(reason, this.#state.retryError ?? error);
      return;
    }
    this.#disconnected(error);
    const cause = error === undefined ? {} : { cause: error };
    this.#refuseAll(() => new ConduitSignalRError('closed-by-server', `hub ${this.address.route} was closed`, cause));
  }

  #fail(reason: string, cause?: Error): void {
    this.shared.order.had(this);
    this.#polling.stop();
    const hub = this.address.route;
    const code = reason === 'Unauthorized' ? 'unauthorized' : 'attempts-exhausted';
    const message = `hub ${hub} could not be connected: ${reason}${cause === undefined ? '' : ` (${cause.message})`}`;
    this.shared.logger.log(LogLevel.Error, message);
    this.#state.enter(ConnectionState.Failed);
    if (this.#hasBeenConnected) this.#state.tellClosed(cause);
    this.#state.tellFailed(reason, cause);
    this.#refuseAll(() => new ConduitSignalRError(code, message, { cause }));
  }

  async #stop(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    this.#polling.stop();
    this.shared.order.had(this);
    this.#disconnected(undefined);
    await connection?.stop();
  }

  #disconnected(error: Error | undefined): void {
    this.#polling.stop();
    if (this.state === ConnectionState.Disconnected) return;
    this.#state.enter(ConnectionState.Disconnected);
    this.#state.tellClosed(error);
  }

  #refuseAll(error: () => Error): void {
    this.#awaited?.reject(error());
    this.#awaited = undefined;
    this.calls.drop(error);
  }
}
