// Deliveries of webhooks, one by one as they go, and how those to each URL went.

import { computed, signal } from '@preact/signals';
import type { ConduitSignalRService, WebhookStatistics } from '../../clients/js/src/index.ts';
import { type Api, all } from '../connection/api.ts';
import { soon } from './clock.ts';
import type { Told } from './recent.ts';

export interface Delivery {
  deliveryId: string;
  url: string;
  eventType: string;
  state: 'trying' | 'waiting' | 'delivered' | 'failed';
  /** The latest attempt, or the one to come. */
  attempt: number;
  /** How the last attempt went, in words. */
  outcome?: string;
  retryAt?: number;
  updatedAt: number;
}

/** Of the events of a delivery, what all of them have and what some have. */
interface DeliveryEvent {
  deliveryId: string;
  url: string;
  eventType: string;
  attempt: number;
  eventId: string;
  timestamp: string;
  statusCode?: number;
  responseTimeMs?: number;
  error?: string;
  isFinal?: boolean;
  scheduledAt?: string;
}

type Entry = [key: string, delivery: Delivery];

const EVENTS = ['DeliveryAttempted', 'DeliverySucceeded', 'DeliveryFailed', 'RetryScheduled'] as const;
const MOST_DELIVERIES = 50;
const READ_AGAIN_MILLIS = 2_000;

export class Webhooks {
  readonly deliveries = signal<Delivery[]>([]);
  readonly statistics = signal<WebhookStatistics[]>([]);
  readonly waiting = computed(() => this.deliveries.value.filter(({ state }) => state === 'waiting').length);
  readonly #deliveries = new Map<string, Delivery>();
  readonly #newest = new Map<string, string>();
  readonly #show = soon(() => this.#sort());
  readonly #readAgain = soon(() => void this.load().catch(() => {}), READ_AGAIN_MILLIS);

  constructor(
    service: ConduitSignalRService,
    private readonly api: Api,
  ) {
    for (const name of EVENTS) {
      service.on('webhooks', name as string, (event) => {
        this.#take(name, event as DeliveryEvent);
        this.#readAgain();
      });
    }
    service.on('webhooks', 'CircuitBreakerStateChanged', () => this.#readAgain());
  }

  async load(): Promise<void> {
    this.statistics.value = await all<WebhookStatistics>(this.api, '/v1/webhooks', 100);
  }

  /** Takes what was told before the page was there. */
  fill(told: Told[]): void {
    for (const { event, arguments: args } of told) this.#take(event, args[0] as DeliveryEvent);
  }

  #take(name: string, event: DeliveryEvent): void {
    const { deliveryId, url, eventType, attempt, eventId } = event;
    if (!(EVENTS as readonly string[]).includes(name)) return;
    const key = `${deliveryId} ${url}`;
    if (eventId <= (this.#newest.get(key) ?? '')) return;
    this.#newest.set(key, eventId);
    const before = this.#deliveries.get(key);
    const told = { deliveryId, url, eventType, attempt, updatedAt: Date.parse(event.timestamp) };
    const outcome = outcomeOf(event) ?? before?.outcome;
    const kept = outcome === undefined ? {} : { outcome };
    if (name === 'DeliveryAttempted') this.#deliveries.set(key, { ...told, ...kept, state: 'trying' });
    if (name === 'DeliverySucceeded') this.#deliveries.set(key, { ...told, ...kept, state: 'delivered' });
    if (name === 'DeliveryFailed') {
      this.#deliveries.set(key, { ...told, ...kept, state: event.isFinal === true ? 'failed' : 'waiting' });
    }
    if (name === 'RetryScheduled' && event.scheduledAt !== undefined) {
      this.#deliveries.set(key, { ...told, ...kept, state: 'waiting', retryAt: Date.parse(event.scheduledAt) });
    }
    this.#show();
  }

  #sort(): void {
    // Those that go on come first, and are the last to be forgotten.
    const order = ([, a]: Entry, [, b]: Entry) => Number(isOver(a)) - Number(isOver(b)) || b.updatedAt - a.updatedAt;
    const sorted = [...this.#deliveries].sort(order);
    for (const [key] of sorted.splice(MOST_DELIVERIES)) {
      this.#deliveries.delete(key);
      this.#newest.delete(key);
    }
    this.deliveries.value = sorted.map(([, delivery]) => delivery);
  }
}

function isOver({ state }: Delivery): boolean {
  return state === 'delivered' || state === 'failed';
}

function outcomeOf({ error, statusCode, responseTimeMs }: DeliveryEvent): string | undefined {
  if (error !== undefined) return error;
  if (statusCode === undefined) return undefined;
  return responseTimeMs === undefined ? `${statusCode}` : `${statusCode} in ${Math.round(responseTimeMs)} ms`;
}
