// What is counted and timed of a hub's connection.

/** Durations, in milliseconds. */
export interface PerformanceMetric {
  count: number;
  total: number;
  min: number;
  max: number;
  last: number;
  average: number;
}

/** How many messages there were. */
export interface MessageCounts {
  /** Events that arrived, without duplicates. */
  received: number;
  /** Invocations and sends that went out. */
  sent: number;
  /** Events that had arrived before and were dropped. */
  duplicates: number;
  /** Invocations and sends that wait. */
  queued: number;
}

/** The figures of a hub; nothing of a hub that has no connection. */
export interface HubMetrics {
  /** Round trips, by `ping`. */
  latency?: PerformanceMetric;
  /** From the first attempt to being connected. */
  connectionTime?: PerformanceMetric;
  messages?: MessageCounts;
  /** How often it came back. */
  reconnects?: number;
  /** When it was connected last, as `Date.now()` gives it. */
  connectedAt?: number;
  /** From sending an invocation to its answer, by method. */
  [invocation: `invoke.${string}`]: PerformanceMetric;
}

/** Methods that are told apart: their names come from the program, but a program may make them up. */
const MOST_TIMINGS = 200;

export class MetricsRecorder {
  readonly #timings = new Map<string, PerformanceMetric>();
  readonly counts: Omit<MessageCounts, 'queued'> = { received: 0, sent: 0, duplicates: 0 };
  reconnects = 0;
  connectedAt: number | undefined;

  /** Adds a duration to a figure. */
  record(name: 'latency' | 'connectionTime' | `invoke.${string}`, millis: number): void {
    const before = this.#timings.get(name);
    if (before === undefined && this.#timings.size >= MOST_TIMINGS) return;
    const count = (before?.count ?? 0) + 1;
    const total = (before?.total ?? 0) + millis;
    this.#timings.set(name, {
      count,
      total,
      min: Math.min(before?.min ?? millis, millis),
      max: Math.max(before?.max ?? millis, millis),
      last: millis,
      average: total / count,
    });
  }

  snapshot(queued: number): HubMetrics {
    const timings = Object.fromEntries([...this.#timings].map(([name, metric]) => [name, { ...metric }]));
    const connected = this.connectedAt === undefined ? {} : { connectedAt: this.connectedAt };
    return { ...timings, messages: { ...this.counts, queued }, reconnects: this.reconnects, ...connected };
  }
}
