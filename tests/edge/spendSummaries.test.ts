// What was spent in a day, a week and a month, told at the midnight that ends it.

import { afterAll, describe, expect, test } from 'vitest';
import { eventually } from '../harness/deadline.ts';
import type { Key } from '../harness/edge.ts';
import { DAY, EdgeInTime, HOUR, MINUTE, midnightAfter, mondayTheFirst, SECOND, text } from '../harness/movedClock.ts';
import { META, records, SpendClient, spend, spent } from '../harness/spend.ts';

interface Summary {
  period: string;
  from: string;
  to: string;
  totalSpend: number;
  requestCount: number;
  averageRequestCost: number;
  topProviders: object[];
  topModels: object[];
  comparison?: object;
}

const summaries = (client: SpendClient) => client.named<Summary>('SpendSummary');

const periods = (client: SpendClient) => summaries(client).map((summary) => summary.period);

/** The next midnight at which nothing ends but a day, and the day after it likewise. */
function ordinaryMidnight(): number {
  let midnight = midnightAfter(Date.now() + HOUR);
  const endsMore = (time: number) => new Date(time).getUTCDay() === 1 || new Date(time).getUTCDate() === 1;
  while (endsMore(midnight) || endsMore(midnight + DAY)) midnight += DAY;
  return midnight;
}

interface Entry {
  event: string;
  arguments: unknown[];
}

/** What a key's clients were ever told of its spending. */
async function history(front: EdgeInTime, key: Key): Promise<Entry[]> {
  const page = await front.read<{ items: Entry[] }>(key, '/v1/history?hub=SpendNotificationHub');
  return page.items;
}

describe('at midnight', () => {
  const front = new EdgeInTime();
  const midnight = ordinaryMidnight();
  let key: Key;

  afterAll(() => front.stop());

  test('clients are told what the day cost, each in its dialect, and nothing where nothing was spent', async () => {
    await front.startAt(midnight - 10 * SECOND);
    key = await front.createKey();
    const dialects = ['', 'dialect=guide', 'dialect=conduit'];
    const clients = await Promise.all(dialects.map((query) => SpendClient.connect(front, key, { query })));
    const thrifty = await front.createKey();
    const other = await SpendClient.connect(front, thrifty);
    await spend(front, [
      spent(key, '0.1', { provider: 'openai', model: 'gpt-4o' }),
      spent(key, '0.2', { provider: 'openai', model: 'gpt-4o' }),
      spent(key, '0.7', { provider: 'anthropic', model: 'opus' }),
      spent(key, '0.25'),
      ...records(thrifty, 3, 0),
    ]);
    for (const client of clients) await client.next('SpendSummary');
    const period = { period: 'daily', from: text(midnight - DAY), to: text(midnight) };
    const figures = { totalSpend: 1.25, requestCount: 4, averageRequestCost: 0.3125, ...META };
    const [anthropic, openai, unknown] = [
      { spend: 0.7, percentage: 56, requestCount: 1 },
      { spend: 0.3, percentage: 24, requestCount: 2 },
      { spend: 0.25, percentage: 20, requestCount: 1 },
    ];
    const own = {
      ...period,
      ...figures,
      topProviders: [
        { name: 'anthropic', ...anthropic },
        { name: 'openai', ...openai },
        { name: 'unknown', ...unknown },
      ],
      topModels: [
        { name: 'opus', ...anthropic },
        { name: 'gpt-4o', ...openai },
        { name: 'unknown', ...unknown },
      ],
    };
    const conduit = {
      ...period,
      ...figures,
      periodType: 'daily',
      comparison: null,
      topProviders: [
        { providerType: 'anthropic', ...anthropic },
        { providerType: 'openai', ...openai },
        { providerType: 'unknown', ...unknown },
      ],
      topModels: [
        { model: 'opus', providerType: null, ...anthropic },
        { model: 'gpt-4o', providerType: null, ...openai },
        { model: 'unknown', providerType: null, ...unknown },
      ],
    };
    expect(clients.map(summaries)).toEqual([[own], [own], [conduit]]);

    // What waits is told by the same alarm as a summary would be.
    await spend(front, records(thrifty, 2, 0));
    await other.toldOf(5);
    await other.settled();
    expect(summaries(other)).toEqual([]);
    await Promise.all([...clients, other].map((client) => client.stop()));
  });

  test('of a day is told once: not again after a restart, nor to who comes later', async () => {
    await front.startAt(midnight + HOUR);
    const client = await SpendClient.connect(front, key);
    await spend(front, records(key, 2, 1));
    await client.toldOf(2);
    await front.patchKey(key, { name: 'another' });
    await client.settled();
    expect(summaries(client)).toEqual([]);
    const told = await history(front, key);
    expect(told.filter((entry) => entry.event === 'SpendSummary')).toHaveLength(1);
    await client.stop();
  });

  test('that nobody was there for, the day is told of afterwards', async () => {
    await front.startAt(midnight + DAY - 10 * SECOND);
    const late = await front.createKey();
    await spend(front, [spent(late, 3)]);
    await front.startAt(midnight + DAY + MINUTE);
    const isSummary = (entry: Entry) => entry.event === 'SpendSummary';
    const told = await eventually(
      'the summary',
      () => history(front, late),
      (entries) => entries.some(isSummary),
    );
    const [summary, ...others] = told.filter(isSummary).map((entry) => entry.arguments[0]);
    const day = { period: 'daily', from: text(midnight), to: text(midnight + DAY) };
    expect(summary).toMatchObject({ ...day, totalSpend: 3, requestCount: 1 });
    expect(others).toEqual([]);
  });
});

describe('at a midnight at which a day, a week and a month end', () => {
  const front = new EdgeInTime();
  const midnight = mondayTheFirst();
  const lastMonth = new Date(midnight - DAY);
  const first = Date.UTC(lastMonth.getUTCFullYear(), lastMonth.getUTCMonth(), 1);

  afterAll(() => front.stop());

  test('clients are told of all three, compared with those before', async () => {
    await front.startAt(first - 3 * DAY);
    const key = await front.createKey();
    await spend(front, records(key, 4, 2));
    await front.startAt(midnight - 10 * DAY);
    await spend(front, records(key, 2, '12.5'));
    await front.startAt(midnight - 2 * DAY + HOUR);
    await spend(front, [spent(key, 4)]);
    await front.startAt(midnight - 10 * SECOND);
    const client = await SpendClient.connect(front, key);
    await spend(front, [spent(key, '1.5', { provider: 'p' }), spent(key, '2.5', { provider: 'p' })]);
    const isOfMonth = (summary: Summary) => summary.period === 'monthly' && summary.to === text(midnight);
    while (!summaries(client).some(isOfMonth)) await client.next('SpendSummary');
    await client.settled();
    const ended = summaries(client).filter((summary) => summary.to === text(midnight));
    const rest = { topProviders: expect.any(Array), topModels: expect.any(Array), to: text(midnight), ...META };
    expect(ended).toEqual([
      {
        period: 'daily',
        from: text(midnight - DAY),
        totalSpend: 4,
        requestCount: 2,
        averageRequestCost: 2,
        comparison: { previousPeriodSpend: 4, changeAmount: 0, changePercentage: 0, trend: 'stable' },
        ...rest,
      },
      {
        period: 'weekly',
        from: text(midnight - 7 * DAY),
        totalSpend: 8,
        requestCount: 3,
        averageRequestCost: 2.6666666667,
        comparison: { previousPeriodSpend: 25, changeAmount: -17, changePercentage: -68, trend: 'down' },
        ...rest,
      },
      {
        period: 'monthly',
        from: text(first),
        totalSpend: 33,
        requestCount: 5,
        averageRequestCost: 6.6,
        comparison: { previousPeriodSpend: 8, changeAmount: 25, changePercentage: 312.5, trend: 'up' },
        ...rest,
      },
    ]);
    const [daily, weekly] = ended;
    expect(daily?.topProviders).toEqual([{ name: 'p', spend: 4, percentage: 100, requestCount: 2 }]);
    expect(weekly?.topProviders).toEqual([
      { name: 'p', spend: 4, percentage: 50, requestCount: 2 },
      { name: 'unknown', spend: 4, percentage: 50, requestCount: 1 },
    ]);
    await client.stop();
  });

  test('a day in which nothing was spent is not told of', async () => {
    await front.startAt(midnight + 14 * DAY - 10 * SECOND);
    const key = await front.createKey();
    const client = await SpendClient.connect(front, key);
    await spend(front, [spent(key, 6)]);
    while (summaries(client).length < 2) await client.next('SpendSummary');
    await client.settled();
    expect(periods(client)).toEqual(['daily', 'weekly']);
    await client.stop();

    await front.startAt(midnight + 15 * DAY - 10 * SECOND);
    const clockKey = await front.createKey();
    const [next, clock] = await Promise.all([key, clockKey].map((each) => SpendClient.connect(front, each)));
    await spend(front, [spent(key, 0), spent(clockKey, 1)]);
    await clock?.next('SpendSummary');
    // What waits is told by the same alarm as a summary would be.
    await spend(front, records(key, 2, 1));
    await next?.toldOf(3);
    await next?.settled();
    expect(next?.named('SpendSummary')).toEqual([]);
    await Promise.all([next?.stop(), clock?.stop()]);
  });
});
