// The events of a hub on their way to handlers: each once, in order, whichever connection brings them.

import { type HubConnection, LogLevel } from '@microsoft/signalr';
import { hubs } from './contract.ts';
import { asError } from './errors.ts';
import { eventIdOf } from './eventIds.ts';
import type { HubAddress } from './hubNames.ts';
import { LatestStates } from './latestStates.ts';
import type { Logger } from './logger.ts';
import type { MetricsRecorder } from './metrics.ts';

export type Handler = (...args: any[]) => unknown;

/** Ids that are remembered: more than a recovery brings, which the server's journal bounds (10,000 events). */
const MOST_IDS = 16_384;

/** Up to where a client has been told everything. */
export interface LastSeen {
  /** The latest event; none where there was none. */
  event?: string;
  /** The latest one since the last resume token was given. */
  sinceToken?: string;
}

export class EventStream {
  readonly #handlers = new Map<string, Set<Handler>>();
  readonly #connected = new Set<string>();
  readonly #seen = new Set<string>();
  readonly #states: LatestStates;
  #connection: HubConnection | undefined;
  #held: [event: string, args: unknown[]][] | undefined;
  #repeatsWanted = 0;
  #last: LastSeen = {};
  #gap: LastSeen | undefined;

  constructor(
    address: HubAddress,
    private readonly metrics: MetricsRecorder,
    private readonly logger: Logger,
  ) {
    this.#states = new LatestStates(address);
    // Those that nobody listens to are seen too: the last of them says from where on something may be missing.
    for (const event of address.hub === undefined ? [] : hubs[address.hub].events) this.#handlers.set(event, new Set());
  }

  on(event: string, handler: Handler): void {
    const handlers = this.#handlers.get(event);
    if (handlers === undefined) this.#handlers.set(event, new Set([handler]));
    else handlers.add(handler);
    this.#listen(event);
  }

  off(event: string, handler?: Handler): void {
    const handlers = this.#handlers.get(event);
    if (handler === undefined) handlers?.clear();
    else handlers?.delete(handler);
  }

  /** Takes the events of a connection, now and after each of its reconnects. */
  attach(connection: HubConnection): void {
    this.#connection = connection;
    this.#connected.clear();
    for (const event of this.#handlers.keys()) this.#listen(event);
  }

  /** Takes an event, unless it has been here. */
  receive(event: string, args: unknown[]): void {
    if (this.#held !== undefined) {
      this.#held.push([event, args]);
      return;
    }
    const id = eventIdOf(args);
    const isRepeated = id !== undefined && !this.#isNew(id);
    const isKnown = this.#states.isKnown(event, args);
    if ((isRepeated && this.#repeatsWanted === 0) || (isKnown && this.#gap !== undefined)) {
      this.metrics.counts.duplicates += 1;
      return;
    }
    this.metrics.counts.received += 1;
    for (const handler of [...(this.#handlers.get(event) ?? [])]) this.#call(event, handler, args);
  }

  /** Keeps what arrives, so that something else can go before it. */
  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const [event, args] of held) this.receive(event, args);
  }

  /** Takes an event that goes before what is held. */
  receiveFirst(event: string, args: unknown[]): void {
    const held = this.#held;
    this.#held = undefined;
    this.receive(event, args);
    this.#held = held;
  }

  /** Lets events through that have been here, while the program asks for them: a snapshot repeats what was told. */
  async withRepeats<T>(ask: () => Promise<T>): Promise<T> {
    this.#repeatsWanted += 1;
    try {
      return await ask();
    } finally {
      this.#repeatsWanted -= 1;
    }
  }

  /**
   * There may be a gap after what was seen so far. What a new connection is greeted with is later than the gap, and
   * does not close it.
   */
  openGap(): void {
    this.#gap ??= { ...this.#last };
  }

  /** Where the gap begins. */
  get gap(): LastSeen {
    return this.#gap ?? this.#last;
  }

  /** Everything up to an event is here. */
  moveGap(event: string | undefined): void {
    if (this.#gap !== undefined && event !== undefined) this.#gap.event = event;
  }

  closeGap(): void {
    this.#gap = undefined;
  }

  /** A resume token is about to be given. */
  beginToken(): void {
    delete this.#last.sinceToken;
  }

  /** Forgets what was seen: it was somebody else's. */
  forget(): void {
    this.#seen.clear();
    this.#states.forget();
    this.#last = {};
    this.#gap = undefined;
  }

  #listen(event: string): void {
    if (this.#connection === undefined || this.#connected.has(event)) return;
    this.#connected.add(event);
    this.#connection.on(event, (...args) => this.receive(event, args));
  }

  #isNew(id: string): boolean {
    if (this.#seen.has(id)) return false;
    this.#seen.add(id);
    if (this.#seen.size > MOST_IDS) {
      const [oldest] = this.#seen;
      if (oldest !== undefined) this.#seen.delete(oldest);
    }
    if (this.#last.event === undefined || id > this.#last.event) this.#last.event = id;
    if (this.#last.sinceToken === undefined || id > this.#last.sinceToken) this.#last.sinceToken = id;
    return true;
  }

  #call(event: string, handler: Handler, args: unknown[]): void {
    const report = (thrown: unknown) =>
      this.logger.log(LogLevel.Error, `a handler of ${event} failed: ${asError(thrown).message}`);
    try {
      const result = handler(...args);
      if (result instanceof Promise) result.catch(report);
    } catch (thrown) {
      report(thrown);
    }
  }
}
