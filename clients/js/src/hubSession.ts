// One hub: its connection from the first attempt to the end, and all that outlives a lost one.

import { type HubConnection, HubConnectionState, LogLevel } from '@microsoft/signalr';
import type { Emit } from './connectionEvents.ts';
import { ConnectionState } from './connectionState.ts';
import { type Deferred, deferred } from './deferred.ts';
import { asError, ConduitSignalRError } from './errors.ts';
import { EventStream } from './eventStream.ts';
import { HistoryPolling } from './historyPolling.ts';
import { HubCalls } from './hubCalls.ts';
import { hubConnection, startWithin } from './hubConnection.ts';
import type { HubAddress } from './hubNames.ts';
import type { KeyRing, KeySource } from './keyRing.ts';
import type { Logger } from './logger.ts';
import { type HubMetrics, MetricsRecorder } from './metrics.ts';
import { NegotiationWatch } from './negotiation.ts';
import type { Policy } from './options.ts';
import { pause } from './pause.ts';
import type { ReconnectOrder } from './reconnectOrder.ts';
import { Recovery } from './recovery.ts';
import { Relevance } from './relevance.ts';
import { type RetryRules, retryRules } from './retryRules.ts';
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
  /** Ends when the program disconnects. */
  readonly #ended = new AbortController();
  #connection: HubConnection | undefined;
  #state: ConnectionState = ConnectionState.Disconnected;
  #awaited: Deferred<HubConnection> | undefined;
  #ownKey: KeySource | undefined;
  #hasBeenConnected = false;
  /** Whether a connection was stopped that is to come back with another key. */
  #isMissed = false;
  #keyChanges = 0;
  #startedAt = 0;
  #retryError: Error | undefined;
  #next = { attempt: 1, nextRetryDelay: 0 };

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
    const api = { baseUrl, key: () => this.#key(), signal: this.#ended.signal };
    const around = { address, stream, subscriptions, relevance, api, logger };
    const current = { policy: () => this.policy, state: () => this.#state, connection: () => this.#connection };
    this.stream = stream;
    this.calls = new HubCalls({ address, stream, subscriptions, metrics: this.#metrics, keys, ...current });
    this.#recovery = new Recovery(around);
    this.#polling = new HistoryPolling({ ...around, intervalMillis: () => this.policy.pollInterval });
    this.#ladder = new TransportLadder(() => this.policy);
    this.#watch = new NegotiationWatch(logger, this.#ladder, () =>
      shared.order.turn(this, this.policy.priority, this.#ended.signal),
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
    return this.#state;
  }

  get connection(): HubConnection | null {
    return this.#connection ?? null;
  }

  get hasOwnKey(): boolean {
    return this.#ownKey !== undefined;
  }

  /** What carries the events now. */
  get transport(): TransportName | 'History' | null {
    if (this.#state === ConnectionState.Connected) return this.#ladder.current ?? null;
    return this.#polling.isWorking ? 'History' : null;
  }

  metrics(): HubMetrics {
    return this.#metrics.snapshot(this.calls.queued);
  }

  /** The connection, once there is one. All who ask meanwhile get the same. */
  connect(key: KeySource | null | undefined, policy: Policy): Promise<HubConnection> {
    const isIdle = this.#isIdle;
    if (key && this.#ownKey !== undefined && key !== this.#ownKey && !isIdle) {
      const message = `hub ${this.address.route} has a connection with another key: disconnect it first`;
      return Promise.reject(new ConduitSignalRError('another-key', message));
    }
    this.#ownKey = key || this.#ownKey;
    if (typeof key === 'string' && key) this.shared.keys.remember(key);
    if (this.#state === ConnectionState.Connected && this.#connection) return Promise.resolve(this.#connection);
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
    this.#isMissed ||= !this.#isIdle;
    const change = ++this.#keyChanges;
    await this.#stop();
    if (change !== this.#keyChanges || this.#ended.signal.aborted) return;
    this.#recovery.forget();
    this.#hasBeenConnected = false;
    const isMissed = this.#isMissed && this.#isIdle;
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

  #key(): Promise<string> {
    return this.shared.keys.resolve(this.address.key, this.#ownKey);
  }

  get #hasKey(): boolean {
    return this.hasOwnKey || this.shared.keys.has(this.address.key);
  }

  /** Whether nothing is connected, and nothing tries to be. */
  get #isIdle(): boolean {
    return this.#state === ConnectionState.Disconnected || this.#state === ConnectionState.Failed;
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
    this.stream.openGap();
    this.shared.order.wants(this, this.policy.priority, 0);
    this.#enter(ConnectionState.Connecting);
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#attempt(connection);
        break;
      } catch (thrown) {
        if (connection !== this.#connection) return;
        const retryReason = this.shared.keys.redactError(asError(thrown));
        const rules = { previousRetryCount: attempt, retryReason, elapsedMilliseconds: 0 };
        const hasNoKey = thrown instanceof ConduitSignalRError && thrown.code === 'unauthorized';
        const delay = hasNoKey ? null : this.#retry.nextRetryDelayInMilliseconds(rules);
        if (delay === null) {
          this.#fail(this.#retry.givenUp ?? 'Unauthorized', retryReason);
          return;
        }
        await pause(delay, this.#ended.signal);
        if (connection !== this.#connection) return;
      }
    }
    if (connection === this.#connection) await this.#established(connection);
  }

  async #attempt(connection: HubConnection): Promise<void> {
    // Where there is no key at all, the network need not be asked.
    if (!this.#hasKey) {
      throw new ConduitSignalRError('unauthorized', `there is no ${this.address.key} key`);
    }
    await startWithin(connection, this.policy.connectTimeout);
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
    this.#enter(ConnectionState.Connected);
    const { connectionId } = connection;
    if (isReconnect) this.shared.emit(this.address, 'reconnected', { connectionId, recovered });
    this.#awaited?.resolve(connection);
    this.#awaited = undefined;
    await this.calls.flush();
  }

  /** The established connection is lost, and the official client is going to reconnect. */
  #lost(error: Error | undefined): void {
    this.#startedAt = performance.now();
    this.stream.openGap();
    this.#enter(ConnectionState.Reconnecting);
    this.#tellRetry(error && this.shared.keys.redactError(error));
  }

  /** An attempt follows. Of the first one after a loss is told when the state has changed. */
  #willRetry(attempt: number, nextRetryDelay: number, error: Error): void {
    this.#retryError = this.shared.keys.redactError(error);
    this.#next = { attempt, nextRetryDelay };
    const isHopeless = this.#ladder.isExhausted || attempt > POLLS_AFTER_FAILURES;
    if (this.policy.enablePolling && isHopeless) this.#polling.start();
    this.shared.order.wants(this, this.policy.priority, nextRetryDelay);
    if (attempt > 1) this.#tellRetry(this.#retryError);
  }

  #tellRetry(error: Error | undefined): void {
    this.shared.emit(this.address, 'reconnecting', { ...(error === undefined ? {} : { error }), ...this.#next });
  }

  /** The official client has ended the connection for good. */
  #closed(thrown: Error | undefined): void {
    this.shared.order.had(this);
    const error = thrown && this.shared.keys.redactError(thrown);
    const reason = this.#retry.givenUp;
    if (reason !== undefined && reason !== 'Reconnecting is turned off') {
      this.#fail(reason, this.#retryError ?? error);
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
    const detail = cause === undefined ? {} : { error: cause };
    this.shared.logger.log(LogLevel.Error, message);
    this.#enter(ConnectionState.Failed);
    if (this.#hasBeenConnected) this.shared.emit(this.address, 'connectionClosed', detail);
    this.shared.emit(this.address, 'connectionFailed', { reason, ...detail });
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
    if (this.#state === ConnectionState.Disconnected) return;
    this.#enter(ConnectionState.Disconnected);
    this.shared.emit(this.address, 'connectionClosed', error === undefined ? {} : { error });
  }

  #refuseAll(error: () => Error): void {
    this.#awaited?.reject(error());
    this.#awaited = undefined;
    this.calls.drop(error);
  }

  #enter(currentState: ConnectionState): void {
    const previousState = this.#state;
    if (previousState === currentState) return;
    this.#state = currentState;
    const timestamp = Date.now();
    const isReconnecting = currentState === ConnectionState.Reconnecting;
    const { attempt, nextRetryDelay } = this.#next;
    const next = isReconnecting ? { reconnectAttempt: attempt, nextRetryTime: timestamp + nextRetryDelay } : {};
    this.shared.logger.log(LogLevel.Information, `${this.address.route}: ${previousState} → ${currentState}`);
    this.shared.emit(this.address, 'stateChanged', { previousState, currentState, timestamp, ...next });
  }
}
