// Where no transport holds: what happened is read from the history, again and again, until one does.

import { LogLevel } from '@microsoft/signalr';
import { asError } from './errors.ts';
import type { EventStream } from './eventStream.ts';
import { type Api, argumentsOf, type HistoryEntry, history } from './history.ts';
import type { HubAddress } from './hubNames.ts';
import type { Logger } from './logger.ts';
import { pause } from './pause.ts';
import { runningProgress } from './progressReading.ts';
import type { Relevance } from './relevance.ts';
import type { Subscription, Subscriptions } from './subscriptions.ts';

interface Surroundings {
  address: HubAddress;
  stream: EventStream;
  subscriptions: Subscriptions;
  relevance: Relevance;
  api: Omit<Api, 'signal'>;
  logger: Logger;
  intervalMillis: () => number;
}

export class HistoryPolling {
  #running: AbortController | undefined;
  /** Whether the last read was answered. */
  isWorking = false;
  #hasAnswer = false;
  /** The event up to which everything was read; none before the first read. */
  #cursor: string | undefined;
  #hasRead = false;
  readonly #introduced = new Set<string>();

  constructor(private readonly around: Surroundings) {}

  /** Only the hubs of a virtual key have a history. */
  get isPossible(): boolean {
    return this.around.address.key === 'virtual' && this.around.address.hub !== undefined;
  }

  /** Whether it works, or may turn out to. */
  get isPromising(): boolean {
    return this.#running !== undefined && (this.isWorking || !this.#hasAnswer);
  }

  start(): void {
    if (this.#running !== undefined || !this.isPossible) return;
    const running = new AbortController();
    this.#running = running;
    this.#cursor = this.around.stream.gap.event;
    this.#hasRead = this.#cursor !== undefined;
    this.#hasAnswer = false;
    this.#introduced.clear();
    for (const { topic, id } of this.around.subscriptions.confirmed) this.#introduced.add(`${topic} ${id}`);
    void this.#poll(running.signal);
  }

  stop(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.isWorking = false;
  }

  async #poll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#read(signal);
        if (!signal.aborted) this.isWorking = true;
      } catch (thrown) {
        if (signal.aborted) return;
        this.isWorking = false;
        this.#hasAnswer = true;
        const { logger, address } = this.around;
        logger.log(LogLevel.Debug, `${address.route}: could not read the history: ${asError(thrown).message}`);
      }
      await pause(this.around.intervalMillis(), signal);
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { address, subscriptions, stream, relevance } = this.around;
    const api = { ...this.around.api, signal };
    const isNew = ({ topic, id }: Subscription) => !this.#introduced.has(`${topic} ${id}`);
    const added = subscriptions.wanted.filter(isNew);
    // Of what was just subscribed to, the past is its snapshot; of all else only what comes now is news.
    const from = this.#hasRead && added.length === 0 ? this.#cursor : undefined;
    const isSnapshot = (entry: HistoryEntry) => added.some((one) => relevance.isOfOne(one, entry));
    const known = this.#cursor;
    for await (const entry of history(api, address.hub ?? '', from)) {
      const isNews = this.#hasRead && (known === undefined || entry.eventId > known);
      const isTold = isSnapshot(entry) || (isNews && (await relevance.isWanted(entry, api)));
      if (signal.aborted) return;
      if (isTold) stream.receive(entry.event, argumentsOf(entry));
      if (this.#cursor === undefined || entry.eventId > this.#cursor) this.#cursor = entry.eventId;
    }
    this.#hasRead = true;
    stream.moveGap(this.#cursor);
    for (const { topic, id } of added) this.#introduced.add(`${topic} ${id}`);
    // After the history: of what has ended, nothing comes after its end.
    for (const progress of await runningProgress(address, subscriptions, api)) {
      if (signal.aborted) return;
      stream.receive('TaskProgress', progress);
    }
  }
}
