// Deliveries of webhooks as a list shows them: the latest of each, put together from what the hub tells.

import type {
  CircuitBreakerState,
  DeliveryAttemptedEvent,
  DeliveryFailedEvent,
  DeliverySucceededEvent,
  RetryScheduledEvent,
} from '../contract.ts';

export interface Delivery {
  deliveryId: string;
  url: string;
  eventType: string;
  taskId?: string;
  attempt: number;
  status: 'attempting' | 'succeeded' | 'waiting' | 'failed';
  statusCode?: number;
  responseTimeMs?: number;
  error?: string;
  /** When it is tried again, while it waits. */
  retryAt?: string;
  /** When it was told of last. */
  timestamp: string;
}

type Told = DeliveryAttemptedEvent & Partial<DeliverySucceededEvent & DeliveryFailedEvent & RetryScheduledEvent>;

export class Deliveries {
  readonly #all = new Map<string, Delivery>();
  readonly #breakers = new Map<string, CircuitBreakerState>();

  /** The latest first. */
  get latest(): Delivery[] {
    return [...this.#all.values()].reverse();
  }

  /** Addresses whose deliveries are held back. */
  get heldBack(): string[] {
    return [...this.#breakers].filter(([, state]) => state === 'Open').map(([url]) => url);
  }

  /** Notes an event of the hub about a delivery, and gives what is known of it. At most so many are kept. */
  note(event: string, told: Told, limit: number): Delivery {
    const { deliveryId, url, eventType, taskId, attempt, timestamp } = told;
    const before = this.#all.get(deliveryId);
    const delivery: Delivery = {
      deliveryId,
      url,
      eventType,
      ...(taskId === undefined ? {} : { taskId }),
      attempt: Math.max(attempt, before?.attempt ?? 0),
      timestamp,
      ...outcome(event, told, before),
    };
    // A place in the list is kept while it goes on.
    this.#all.set(deliveryId, delivery);
    this.trim(limit);
    return delivery;
  }

  trim(limit: number): void {
    for (const id of this.#all.keys()) {
      if (this.#all.size <= limit) return;
      this.#all.delete(id);
    }
  }

  noteBreaker(url: string, state: CircuitBreakerState): void {
    this.#breakers.set(url, state);
  }
}

function outcome(
  event: string,
  { statusCode, responseTimeMs, error, isFinal, scheduledAt }: Told,
  before: Delivery | undefined,
): Pick<Delivery, 'status' | 'statusCode' | 'responseTimeMs' | 'error' | 'retryAt'> {
  const code = statusCode === undefined ? {} : { statusCode };
  switch (event) {
    case 'DeliverySucceeded':
      return { status: 'succeeded', ...code, ...(responseTimeMs === undefined ? {} : { responseTimeMs }) };
    case 'DeliveryFailed':
      return { status: isFinal ? 'failed' : 'waiting', ...code, ...(error === undefined ? {} : { error }) };
    case 'RetryScheduled': {
      const { statusCode: failedWith, error: why } = before ?? {};
      return {
        status: 'waiting',
        ...(failedWith === undefined ? {} : { statusCode: failedWith }),
        ...(why === undefined ? {} : { error: why }),
        ...(scheduledAt === undefined ? {} : { retryAt: scheduledAt }),
      };
    }
    default:
      return { status: 'attempting' };
  }
}
