// Spending that is unlike what it was, or high for long, is told of once an hour.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { edge, type Key } from '../harness/edge.ts';
import { EdgeInTime, HOUR, MINUTE } from '../harness/movedClock.ts';
import { PROTOCOLS } from '../harness/protocol.ts';
import { META, records, SpendClient, spend, spent } from '../harness/spend.ts';

interface Unusual {
  activityType: string;
  description: string;
  currentRate: number;
  normalRate: number;
  deviationPercentage: number;
  recommendations: string[];
}

const unusual = (client: SpendClient) => client.named<Unusual>('UnusualSpendingDetected');

const kinds = (client: SpendClient) => unusual(client).map((event) => event.activityType);

const COUNSEL = expect.arrayContaining([expect.stringMatching(/./)]) as string[];

describe('high spending for long', () => {
  const front = edge();

  /** A new key that spent these amounts in this order, and a client of it that was told of them all. */
  async function afterSpending(...batches: (readonly [count: number, amount: string])[]): Promise<[Key, SpendClient]> {
    const key = await front.createKey();
    const client = await SpendClient.connect(front, key);
    for (const [count, amount] of batches) await spend(front, records(key, count, amount));
    await client.toldOf(batches.reduce((total, [count]) => total + count, 0));
    await client.settled();
    return [key, client];
  }

  test('is more than 20 records of more than 10 on average', async () => {
    const [, client] = await afterSpending([20, '10'], [1, '10.0000000001']);
    expect(unusual(client)).toEqual([
      {
        activityType: 'sustained_high_spending',
        description: expect.stringContaining('21'),
        currentRate: 210.0000000001,
        normalRate: 0,
        deviationPercentage: 0,
        recommendations: COUNSEL,
        ...META,
      },
    ]);
    await client.stop();
  });

  test.each<[string, (readonly [number, string])[]]>([
    ['20 records, however dear', [[20, '1000']]],
    ['records of 10 on average', [[30, '10']]],
    [
      'many that cost nothing, and a dear one',
      [
        [99, '0'],
        [1, '1000'],
      ],
    ],
    ['fewer than five', [[4, '1000000']]],
  ])('is not %s', async (_, batches) => {
    const [key, client] = await afterSpending(...batches);
    expect(unusual(client)).toEqual([]);
    // The same client is told when it is.
    await spend(front, records(key, 30, '1000000'));
    await client.next('UnusualSpendingDetected');
    await client.stop();
  });

  test('is told of once an hour, asleep or awake', async () => {
    const [key, client] = await afterSpending([40, '11']);
    await front.sleep(key);
    await spend(front, records(key, 40, '12'));
    await client.toldOf(40);
    await client.settled();
    expect(kinds(client)).toEqual(['sustained_high_spending']);
    await client.stop();
  });

  test('is told of after the alerts and the update of its record', async () => {
    const key = await front.createKey({ budget: { limit: 231, period: 'none' } });
    const client = await SpendClient.connect(front, key);
    await spend(front, records(key, 21, '11'));
    await client.next('UnusualSpendingDetected');
    expect(client.told.slice(-3).map(([name]) => name)).toEqual([
      'BudgetAlert',
      'SpendUpdate',
      'UnusualSpendingDetected',
    ]);
    expect(client.alerts.at(-1)?.threshold).toBe(100);
    await client.stop();
  });

  test('is told of by one name only, that of the dialect', async () => {
    const key = await front.createKey();
    const dialects = ['', 'dialect=guide', 'dialect=conduit'];
    const clients = await Promise.all(dialects.map((query) => SpendClient.connect(front, key, { query })));
    const other = await SpendClient.connect(front, await front.createKey());
    await spend(front, records(key, 21, '11'));
    const told = await Promise.all(
      clients.map(async (client) => {
        await client.official.events.find('unusual spending', ([name]) => name.startsWith('Unusual'));
        await client.settled();
        return client.told.filter(([name]) => name.startsWith('Unusual'));
      }),
    );
    const rates = { currentRate: 231, normalRate: 0, deviationPercentage: 0 };
    const event = {
      activityType: 'sustained_high_spending',
      description: expect.any(String) as string,
      ...rates,
      recommendations: COUNSEL,
      ...META,
    };
    expect(told).toEqual([
      [['UnusualSpendingDetected', event]],
      [['UnusualSpending', event]],
      [['UnusualSpendingDetected', { ...event, providerType: null, model: null }]],
    ]);
    expect(other.told).toEqual([]);
    await Promise.all([...clients, other].map((client) => client.stop()));
  });
});

describe('a spike', () => {
  const front = new EdgeInTime();
  const beginning = Date.now() + MINUTE;

  /** Keys that spent something in an hour, by what they are for. */
  let keys: Record<'spikes' | 'grows' | 'rare' | 'quiet' | 'both', Key>;

  beforeAll(async () => {
    await front.startAt(beginning);
    const made = await Promise.all(Array.from({ length: 5 }, () => front.createKey()));
    const [spikes, grows, rare, quiet, both] = made as [Key, Key, Key, Key, Key];
    keys = { spikes, grows, rare, quiet, both };
    await spend(front, [
      ...records(spikes, 5, '0.4'),
      ...records(grows, 5, '1'),
      ...records(rare, 2, '1'),
      ...records(quiet, 5, '0'),
      ...records(both, 21, '11'),
    ]);
    // Then an hour goes by, and a little more: what was spent is all of the hour before.
    await front.startAt(beginning + HOUR + 2 * MINUTE);
  });

  afterAll(() => front.stop());

  test.each(PROTOCOLS)('is more than three times the hour before (%s)', async (protocol) => {
    const key = protocol === 'json' ? keys.spikes : keys.grows;
    const before = protocol === 'json' ? 2 : 5;
    const client = await SpendClient.connect(front, key, { protocol });
    await spend(front, [...records(key, 3, before), spent(key, '0.0000000001')]);
    await client.toldOf(4);
    await client.settled();
    expect(unusual(client)).toEqual([
      {
        activityType: 'spend_spike',
        description: expect.stringContaining('200%'),
        currentRate: 3 * before + 0.0000000001,
        normalRate: before,
        deviationPercentage: 200,
        recommendations: COUNSEL,
        ...META,
      },
    ]);
    // It is told of once.
    await spend(front, records(key, 10, before));
    await client.toldOf(10);
    await front.sleep(key);
    await spend(front, records(key, 10, before));
    await client.toldOf(10);
    await client.settled();
    expect(kinds(client)).toEqual(['spend_spike']);
    await client.stop();
  });

  test('is none with fewer than five records', async () => {
    const client = await SpendClient.connect(front, keys.rare);
    await spend(front, records(keys.rare, 2, '1000'));
    await client.toldOf(2);
    await client.settled();
    expect(unusual(client)).toEqual([]);
    await spend(front, records(keys.rare, 5, '1000'));
    await client.next('UnusualSpendingDetected');
    expect(kinds(client)).toEqual(['spend_spike']);
    await client.stop();
  });

  test('is none where nothing was spent the hour before', async () => {
    const fresh = await front.createKey();
    for (const key of [keys.quiet, fresh]) {
      const client = await SpendClient.connect(front, key);
      await spend(front, records(key, 10, '1000'));
      await client.toldOf(10);
      await client.settled();
      expect(unusual(client)).toEqual([]);
      await spend(front, records(key, 11, '1000'));
      await client.next('UnusualSpendingDetected');
      expect(kinds(client)).toEqual(['sustained_high_spending']);
      await client.stop();
    }
  });

  test('and high spending are told of by themselves, each once an hour', async () => {
    const client = await SpendClient.connect(front, keys.both);
    // An hour ago this key was told of high spending.
    await spend(front, records(keys.both, 30, '11'));
    await client.toldOf(30);
    await spend(front, [spent(keys.both, '5000')]);
    await client.toldOf(1);
    await spend(front, records(keys.both, 5, '5000'));
    await client.toldOf(5);
    await client.settled();
    expect(kinds(client)).toEqual(['sustained_high_spending', 'spend_spike']);
    await client.stop();
  });

  test('is told of again an hour later', async () => {
    const key = await front.createKey();
    const told: string[][] = [];
    for (const [hours, amount] of [
      [2, '1'],
      [3, '10'],
      [4, '100'],
    ] as const) {
      await front.startAt(beginning + hours * (HOUR + 2 * MINUTE));
      const client = await SpendClient.connect(front, key);
      await spend(front, records(key, 6, amount));
      await client.toldOf(6);
      await client.settled();
      told.push(kinds(client));
      await client.stop();
    }
    expect(told).toEqual([[], ['spend_spike'], ['spend_spike']]);
  });
});
