// The figures of the whole system, as `MetricsHub` streams them, and what follows from two of them.

import { computed, signal } from '@preact/signals';
import {
  type ConduitSignalRService,
  hubClient,
  type LatencyHistogram,
  type MetricsSnapshot,
} from '../../clients/js/src/index.ts';
import { now } from './clock.ts';
import type { Columns } from './spend.ts';

const INTERVAL_SECONDS = 2;

/** Ten minutes. */
const MOST_SAMPLES = 300;

const SHORTEST_WINDOW_MILLIS = 2 * 60_000;

interface Sample {
  at: number;
  messagesPerSecond: number;
}

export class Figures {
  readonly latest = signal<MetricsSnapshot | undefined>(undefined);
  readonly #samples = signal<Sample[]>([]);
  readonly connections = computed(() => sum(this.latest.value?.connections.map(({ active }) => active)));
  readonly authenticationFailures = computed(() =>
    sum(this.latest.value?.authenticationFailures.map(({ total }) => total)),
  );
  readonly messagesPerSecond = computed(() => this.#samples.value.at(-1)?.messagesPerSecond ?? 0);
  /** Within this time, in milliseconds, 95 of 100 events were sent. */
  readonly latencyMillis = computed(() => quantile(this.latest.value?.messageLatency, 0.95));
  /** Where the chart begins. */
  readonly since = computed(() => {
    const last = this.#samples.value.at(-1)?.at ?? now.value;
    return Math.min(this.#samples.value[0]?.at ?? last, last - SHORTEST_WINDOW_MILLIS);
  });
  readonly chart = computed<Columns>(() => [
    this.#samples.value.map(({ at }) => at / 1_000),
    this.#samples.value.map(({ messagesPerSecond }) => messagesPerSecond),
  ]);
  #isStopped = false;
  #streams = 0;

  constructor(private readonly service: ConduitSignalRService) {
    service.addEventListener('conduit:metrics:stateChanged', (event) => {
      if ((event as CustomEvent).detail.currentState === 'connected') void this.#follow();
    });
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** A stream ends with its connection; the next one begins with the next. */
  async #follow(): Promise<void> {
    const stream = ++this.#streams;
    try {
      for await (const figures of hubClient(this.service, 'metrics').StreamMetrics(INTERVAL_SECONDS)) {
        if (this.#isStopped || stream !== this.#streams) return;
        this.#take(figures);
      }
    } catch {
      // The state of the hub says it.
    }
  }

  #take(figures: MetricsSnapshot): void {
    const before = this.latest.value;
    this.latest.value = figures;
    if (before === undefined) return;
    const at = Date.now();
    const last = this.#samples.value.at(-1)?.at ?? Date.parse(before.timestamp);
    const seconds = (at - last) / 1_000;
    if (seconds <= 0) return;
    // Totals begin anew where an object does.
    const messages = Math.max(0, messagesOf(figures) - messagesOf(before));
    const sample = { at, messagesPerSecond: messages / seconds };
    this.#samples.value = [...this.#samples.value, sample].slice(-MOST_SAMPLES);
  }
}

function messagesOf({ messages }: MetricsSnapshot): number {
  return sum(messages.map(({ total }) => total));
}

function sum(numbers: number[] | undefined): number {
  return (numbers ?? []).reduce((total, number) => total + number, 0);
}

/** The bound below which a part of a histogram's durations are, in milliseconds. */
function quantile(histogram: LatencyHistogram | undefined, part: number): number | undefined {
  if (histogram === undefined || histogram.count === 0) return undefined;
  const bucket = histogram.buckets.find(({ count }) => count >= part * histogram.count);
  return bucket === undefined ? undefined : bucket.le * 1_000;
}
