// What a key spends: against its budget, over the last hour, and in how many requests a minute.

import { computed, signal } from '@preact/signals';
import type {
  BudgetAlertEvent,
  ConduitSignalRService,
  SpendShare,
  SpendSummaryEvent,
  SpendUpdateEvent,
  UnusualSpendingDetectedEvent,
} from '../../clients/js/src/index.ts';
import type { Api } from '../connection/api.ts';
import { now, soon } from './clock.ts';
import type { Told } from './recent.ts';

/** What `GET /v1/spend` answers. */
export interface SpendView {
  currentSpend: number;
  budget?: number;
  budgetPercentage?: number;
  periodStart: string;
  periodEnd?: string;
  requests: number;
  topModels: SpendShare[];
  topProviders: SpendShare[];
}

interface Point {
  at: number;
  spend: number;
  requests: number;
}

export interface SpendAlert {
  eventId: string;
  at: number;
  severity: 'info' | 'warning' | 'critical';
  message: string;
}

/** Columns of numbers, as the chart takes them: the first is the time in seconds. */
export type Columns = [number[], ...(number | null)[][]];

const WINDOW_MILLIS = 60 * 60_000;
const SHORTEST_WINDOW_MILLIS = 10 * 60_000;
const MINUTE_MILLIS = 60_000;
const MOST_POINTS = 5_000;
const MOST_ALERTS = 50;
const READ_AGAIN_MILLIS = 5_000;

export class Spend {
  readonly view = signal<SpendView | undefined>(undefined);
  readonly alerts = signal<SpendAlert[]>([]);
  readonly #points = signal<Point[]>([]);
  readonly #seen = new Set<string>();
  readonly #waiting: Point[] = [];
  readonly #show = soon(() => {
    const points = [...this.#points.value, ...this.#waiting.splice(0)].sort((a, b) => a.at - b.at);
    this.#points.value = points.slice(-MOST_POINTS);
  });
  readonly #readAgain = soon(() => void this.load().catch(() => {}), READ_AGAIN_MILLIS);

  /** Where the charts begin. */
  readonly since = computed(() => {
    const minute = Math.floor(now.value / MINUTE_MILLIS) * MINUTE_MILLIS;
    const first = this.#points.value[0]?.at ?? minute;
    return Math.max(minute - WINDOW_MILLIS, Math.min(first, minute - SHORTEST_WINDOW_MILLIS));
  });

  /** What was spent, and the budget. */
  readonly spent = computed<Columns>(() => {
    const since = this.since.value;
    const points = this.#points.value.filter(({ at }) => at >= since);
    const end = now.value;
    const last = this.view.value?.currentSpend ?? points.at(-1)?.spend;
    const times = points.map(({ at }) => at / 1_000);
    const spends: (number | null)[] = points.map(({ spend }) => spend);
    if (last !== undefined && (points.length === 0 || end > (points.at(-1)?.at ?? 0))) {
      times.push(end / 1_000);
      spends.push(last);
    }
    const budget = this.view.value?.budget;
    const limits = times.map(() => budget ?? null);
    return [times, spends, limits];
  });

  /** Requests in each minute; the current one goes on. */
  readonly requests = computed<Columns>(() => {
    const first = Math.floor(this.since.value / MINUTE_MILLIS);
    const last = Math.floor(now.value / MINUTE_MILLIS);
    const counts = new Array<number>(last - first + 1).fill(0);
    for (const { at, requests } of this.#points.value) {
      const minute = Math.floor(at / MINUTE_MILLIS) - first;
      if (minute >= 0 && minute < counts.length) counts[minute] = (counts[minute] ?? 0) + requests;
    }
    return [counts.map((_, minute) => (first + minute) * 60), counts];
  });

  /** Requests of the last 60 seconds. */
  readonly requestsNow = computed(() => {
    const since = now.value - MINUTE_MILLIS;
    return this.#points.value.reduce((sum, { at, requests }) => (at > since ? sum + requests : sum), 0);
  });

  constructor(
    service: ConduitSignalRService,
    private readonly api: Api,
  ) {
    service.on('spend', 'SpendUpdate', (event) => this.#take('SpendUpdate', event));
    service.on('spend', 'BudgetAlert', (event) => this.#take('BudgetAlert', event));
    service.on('spend', 'SpendSummary', (event) => this.#take('SpendSummary', event));
    service.on('spend', 'UnusualSpendingDetected', (event) => this.#take('UnusualSpendingDetected', event));
  }

  async load(): Promise<void> {
    this.view.value = await this.api.read<SpendView>('/v1/spend');
  }

  /** Takes what was told before the page was there. */
  fill(told: Told[]): void {
    for (const { event, arguments: args } of told) this.#take(event, args[0] as { eventId: string }, true);
  }

  #take(name: string, event: { eventId: string }, isOld = false): void {
    if (event.eventId !== undefined && this.#seen.has(event.eventId)) return;
    this.#seen.add(event.eventId);
    if (name === 'SpendUpdate') this.#update(event as SpendUpdateEvent, isOld);
    if (name === 'BudgetAlert') {
      const { severity, message } = event as BudgetAlertEvent;
      this.#alert(event as BudgetAlertEvent, severity, message);
    }
    if (name === 'UnusualSpendingDetected') {
      const { description } = event as UnusualSpendingDetectedEvent;
      this.#alert(event as UnusualSpendingDetectedEvent, 'warning', description);
    }
    if (name === 'SpendSummary') {
      const { period, totalSpend, requestCount } = event as SpendSummaryEvent;
      const message = `The ${period} summary: ${totalSpend} in ${requestCount} requests.`;
      this.#alert(event as SpendSummaryEvent, 'info', message);
    }
  }

  #update(event: SpendUpdateEvent, isOld: boolean): void {
    const { currentSpend, budget, budgetPercentage, requests, timestamp, delta } = event;
    // On connecting, one tells where it stands.
    if (delta !== 0) this.#waiting.push({ at: Date.parse(timestamp), spend: currentSpend, requests });
    this.#show();
    const view = this.view.value;
    if (isOld || view === undefined) return;
    const { budget: _budget, budgetPercentage: _percentage, ...rest } = view;
    const limits = budget === undefined || budgetPercentage === undefined ? {} : { budget, budgetPercentage };
    this.view.value = { ...rest, ...limits, currentSpend, requests: view.requests + (delta === 0 ? 0 : requests) };
    if (delta !== 0) this.#readAgain();
  }

  #alert(
    { eventId, timestamp }: { eventId: string; timestamp: string },
    severity: SpendAlert['severity'],
    message: string,
  ) {
    const alerts = [...this.alerts.value, { eventId, at: Date.parse(timestamp), severity, message }];
    this.alerts.value = alerts.sort((a, b) => b.at - a.at).slice(0, MOST_ALERTS);
  }
}
