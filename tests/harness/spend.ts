// Spending, as producers record it and as clients of the spend hub are told of it.

import { expect } from 'vitest';
import { type CloudEvent, cloudEvent } from './cloudEvents.ts';
import type { FrontDoor, Key } from './edge.ts';
import type { ClientOptions, Event, OfficialClient } from './officialClient.ts';

/** All that a client of the spend hub is told, in every dialect. */
export const SPEND_EVENTS = [
  'SpendUpdate',
  'BudgetAlert',
  'SpendSummary',
  'UnusualSpendingDetected',
  'UnusualSpending',
] as const;

export interface SpendUpdate {
  virtualKeyId: string;
  delta: number;
  previousSpend: number;
  currentSpend: number;
  budget?: number;
  budgetRemaining?: number;
  budgetPercentage?: number;
  requests: number;
  provider?: string;
  model?: string;
  timestamp: string;
  eventId: string;
  correlationId?: string;
}

export interface BudgetAlert {
  virtualKeyId: string;
  alertType: string;
  threshold: number;
  percentageUsed: number;
  currentSpend: number;
  budgetLimit: number;
  severity: string;
  message: string;
  recommendations: string[];
  periodEnd?: string;
  timestamp: string;
  eventId: string;
}

/** `GET /v1/spend`. */
export interface SpendView {
  currentSpend: number;
  budget?: number;
  budgetPercentage?: number;
  periodStart: string;
  periodEnd?: string;
  requests: number;
  topModels: object[];
  topProviders: object[];
}

/** What each event has beside what it says. */
export const META = {
  timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
  eventId: expect.any(String) as string,
};

/** A record of money that a key spent. */
export function spent(key: Key, amount: number | string, more: object = {}): CloudEvent {
  return cloudEvent(key.id, 'SpendRecorded', { amount, ...more });
}

/** So many records of the same amount. */
export function records(key: Key, count: number, amount: number | string, more: object = {}): CloudEvent[] {
  return Array.from({ length: count }, () => spent(key, amount, more));
}

/** Ten billionths: money as a whole number, so that sums of it are exact. */
export function units(amount: number | string): bigint {
  const [whole = '', decimals = ''] = Number(amount).toFixed(10).split('.');
  return BigInt(whole + decimals);
}

/** The exact sum of amounts, in ten billionths. */
export function sum(amounts: readonly (number | string)[]): bigint {
  return amounts.reduce((total, amount) => total + units(amount), 0n);
}

/** A client of a key on the spend hub, whose first event was read: where spending stood when it came. */
export class SpendClient {
  private constructor(
    readonly official: OfficialClient,
    readonly snapshot: SpendUpdate,
  ) {}

  static async connect(
    front: FrontDoor,
    key: Key,
    options: ClientOptions & { query?: string } = {},
  ): Promise<SpendClient> {
    const official = await front.officialAt('spend', key, SPEND_EVENTS, options);
    const [name, snapshot] = await official.events.next();
    if (name !== 'SpendUpdate') throw new Error(`the first event is ${name}`);
    return new SpendClient(official, snapshot as SpendUpdate);
  }

  /** The names and first arguments of what came after the snapshot. */
  get told(): [name: string, event: unknown][] {
    return this.official.events.all.slice(1).map(([name, event]) => [name, event]);
  }

  /** The events of a name that came after the snapshot. */
  named<T>(name: string): T[] {
    return this.told.filter(([told]) => told === name).map(([, event]) => event as T);
  }

  get updates(): SpendUpdate[] {
    return this.named<SpendUpdate>('SpendUpdate');
  }

  get alerts(): BudgetAlert[] {
    return this.named<BudgetAlert>('BudgetAlert');
  }

  /** Reads on to the next event of a name. */
  async next<T>(name: string): Promise<T> {
    const [, event] = await this.official.events.find(`a ${name}`, ([told]: Event) => told === name);
    return event as T;
  }

  nextUpdate(): Promise<SpendUpdate> {
    return this.next<SpendUpdate>('SpendUpdate');
  }

  /** Reads on until updates told of so many records more, and gives these updates. */
  async toldOf(count: number): Promise<SpendUpdate[]> {
    const updates: SpendUpdate[] = [];
    for (let requests = 0; requests < count; ) {
      const update = await this.nextUpdate();
      requests += update.requests;
      updates.push(update);
    }
    return updates;
  }

  /** Waits until all that was sent so far has arrived. */
  async settled(): Promise<void> {
    await this.official.invoke('GetResumeToken');
  }

  stop(): Promise<void> {
    return this.official.stop();
  }
}

/** Posts records, all of which must count. */
export async function spend(front: FrontDoor, events: CloudEvent[]): Promise<void> {
  const { results } = await front.publish(events);
  const refused = results.find((result) => result.status !== 'delivered');
  if (refused !== undefined) throw new Error(`a record does not count: ${JSON.stringify(refused)}`);
}

/** What the holder of a key reads of its spending. */
export function readSpend(front: FrontDoor, key: Key): Promise<SpendView> {
  return front.read<SpendView>(key, '/v1/spend');
}
