// What a program says to a hub: at once while it is connected, in order when it is again.

import type { HubConnection, IStreamResult } from '@microsoft/signalr';
import { ConnectionState } from './connectionState.ts';
import { asError, ConduitSignalRError } from './errors.ts';
import type { EventStream } from './eventStream.ts';
import type { HubAddress } from './hubNames.ts';
import { InvocationQueue } from './invocationQueue.ts';
import type { KeyRing } from './keyRing.ts';
import type { MetricsRecorder } from './metrics.ts';
import type { Policy } from './options.ts';
import { within } from './pause.ts';
import { isRefused } from './recovery.ts';
import { Subscriptions } from './subscriptions.ts';

interface Surroundings {
  address: HubAddress;
  stream: EventStream;
  subscriptions: Subscriptions;
  metrics: MetricsRecorder;
  keys: KeyRing;
  policy: () => Policy;
  state: () => ConnectionState;
  connection: () => HubConnection | undefined;
}

/** An invocation, or a message that nobody answers. */
interface Call<T> {
  method: string;
  args: unknown[];
  isInvocation: boolean;
  make: (connection: HubConnection) => Promise<T>;
}

export class HubCalls {
  readonly #queue = new InvocationQueue();
  #isFlushing = false;

  constructor(private readonly around: Surroundings) {}

  /** How many wait. */
  get queued(): number {
    return this.#queue.length;
  }

  invoke<T>(method: string, args: unknown[]): Promise<T> {
    return this.#perform({
      method,
      args,
      isInvocation: true,
      make: (connection) => connection.invoke<T>(method, ...args),
    });
  }

  send(method: string, args: unknown[]): Promise<void> {
    return this.#perform({ method, args, isInvocation: false, make: (connection) => connection.send(method, ...args) });
  }

  /** What a method streams. It is not queued: a stream ends with its connection. */
  stream<T>(method: string, args: unknown[]): IStreamResult<T> {
    const connection = this.#open();
    this.around.metrics.counts.sent += 1;
    return connection.stream<T>(method, ...args);
  }

  /** A round trip through the hub, in milliseconds. */
  async ping(): Promise<number> {
    const connection = this.#open();
    const start = performance.now();
    // Only the debug hub has such a method; a refusal goes the same way.
    await connection.invoke('Echo', 'ping').catch((error: unknown) => {
      if (!isRefused(connection)) throw error;
    });
    const millis = performance.now() - start;
    this.around.metrics.record('latency', millis);
    return millis;
  }

  /** Says what waits, one after the other, for as long as it is connected. */
  async flush(): Promise<void> {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    try {
      await this.#queue.flush(() => this.around.state() === ConnectionState.Connected);
    } finally {
      this.#isFlushing = false;
    }
  }

  /** Refuses all that waits. */
  drop(error: () => Error): void {
    this.#queue.drop(error);
  }

  #open(): HubConnection {
    const connection = this.around.connection();
    if (this.around.state() === ConnectionState.Connected && connection) return connection;
    throw this.#notConnected();
  }

  #notConnected(): ConduitSignalRError {
    return new ConduitSignalRError('not-connected', `Hub ${this.around.address.route} is not connected`);
  }

  #perform<T>(call: Call<T>): Promise<T> {
    const { address, subscriptions } = this.around;
    const { enableMessageQueuing, maxQueueLength } = this.around.policy();
    const state = this.around.state();
    const isConnected = state === ConnectionState.Connected;
    const isComing = state === ConnectionState.Connecting || state === ConnectionState.Reconnecting;
    if (!isConnected && !isComing && this.around.connection() === undefined) {
      const message = `No connection found for hub: ${address.route}`;
      return Promise.reject(new ConduitSignalRError('no-connection', message));
    }
    if (isConnected && this.#queue.length === 0 && !this.#isFlushing) return this.#make(call);
    if (!isConnected && !(isComing && enableMessageQueuing)) return Promise.reject(this.#notConnected());
    subscriptions.intend(call.method, call.args);
    return this.#queue.add(() => this.#make(call), maxQueueLength, address.route);
  }

  async #make<T>(call: Call<T>): Promise<T> {
    const { stream, subscriptions, metrics } = this.around;
    const { method, args } = call;
    const connection = this.#open();
    const start = performance.now();
    metrics.counts.sent += 1;
    subscriptions.intend(method, args);
    const answer = () => within(call.make(connection), this.around.policy().invokeTimeout, () => this.#timeout(method));
    try {
      const result = await (Subscriptions.isSubscribing(method) ? stream.withRepeats(answer) : answer());
      subscriptions.confirm(method, args);
      if (call.isInvocation) metrics.record(`invoke.${method}`, performance.now() - start);
      return result;
    } catch (thrown) {
      // Nobody knows whether it took effect; where that makes no difference, it is done again.
      if (!isRefused(connection) && Subscriptions.isRepeatable(method)) return await this.#perform(call);
      subscriptions.refuse(method, args);
      throw this.around.keys.redactError(asError(thrown));
    }
  }

  #timeout(method: string): ConduitSignalRError {
    const seconds = this.around.policy().invokeTimeout / 1_000;
    return new ConduitSignalRError(
      'timeout',
      `${method} of hub ${this.around.address.route} took longer than ${seconds} s`,
    );
  }
}
