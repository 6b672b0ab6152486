// What a key spends, as its clients are told and as its owner reads it: exact, summed up, and complete.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cloudEvent } from '../harness/cloudEvents.ts';
import { edge, type Key, MASTER_KEY } from '../harness/edge.ts';
import { EdgeInTime, HOUR, midnightAfter, SECOND, text } from '../harness/movedClock.ts';
import { PROTOCOLS } from '../harness/protocol.ts';
import { RawClient } from '../harness/rawClient.ts';
import { META, readSpend, records, SpendClient, type SpendUpdate, spend, spent, sum, units } from '../harness/spend.ts';

const front = edge();

/** The sum of what updates say was added, in ten billionths. */
const deltas = (updates: readonly SpendUpdate[]) => sum(updates.map((update) => update.delta));

/** Each update must go on where the one before ended. */
function expectChain(updates: readonly SpendUpdate[]): void {
  for (const [index, update] of updates.entries()) {
    expect(units(update.previousSpend) + units(update.delta)).toBe(units(update.currentSpend));
    if (index > 0) expect(update.previousSpend).toBe(updates[index - 1]?.currentSpend);
  }
}

describe.each(PROTOCOLS)('in %s', (protocol) => {
  test('a client that connects is told that nothing was spent', async () => {
    const key = await front.createKey();
    const client = await SpendClient.connect(front, key, { protocol });
    const nothing = { virtualKeyId: key.id, delta: 0, previousSpend: 0, currentSpend: 0, requests: 0 };
    expect(client.snapshot).toEqual({ ...nothing, ...META });
    await client.stop();
  });

  test.each(['none', 'daily', 'weekly', 'monthly'])(
    'a client that connects is told of a budget whose period is %s',
    async (period) => {
      const key = await front.createKey({ budget: { limit: '12.5', period } });
      const client = await SpendClient.connect(front, key, { protocol });
      const budget = { budget: 12.5, budgetRemaining: 12.5, budgetPercentage: 0 };
      const nothing = { virtualKeyId: key.id, delta: 0, previousSpend: 0, currentSpend: 0, requests: 0 };
      expect(client.snapshot).toEqual({ ...nothing, ...budget, ...META });
      await client.stop();
    },
  );

  test('a record is told with all that is known of it', async () => {
    const key = await front.createKey();
    const client = await SpendClient.connect(front, key, { protocol });
    const data = { amount: '0.0125', provider: 'openai', model: 'gpt-4o', requestId: 'r', inputTokens: 7 };
    await front.tell(key, 'SpendRecorded', data, { correlationid: 'c-1' });
    await expect(client.nextUpdate()).resolves.toEqual({
      virtualKeyId: key.id,
      delta: 0.0125,
      previousSpend: 0,
      currentSpend: 0.0125,
      requests: 1,
      provider: 'openai',
      model: 'gpt-4o',
      correlationId: 'c-1',
      ...META,
    });
    await client.stop();
  });

  test('a record is told with what is left of the budget', async () => {
    const key = await front.createKey({ budget: { limit: 50, period: 'monthly' } });
    const client = await SpendClient.connect(front, key, { protocol });
    await spend(front, [spent(key, '38.1875')]);
    await expect(client.nextUpdate()).resolves.toEqual({
      virtualKeyId: key.id,
      delta: 38.1875,
      previousSpend: 0,
      currentSpend: 38.1875,
      budget: 50,
      budgetRemaining: 11.8125,
      budgetPercentage: 76.37,
      requests: 1,
      ...META,
    });
    await spend(front, [spent(key, '0.0125', { provider: 'openai', model: 'gpt-4o' })]);
    await expect(client.nextUpdate()).resolves.toEqual({
      virtualKeyId: key.id,
      delta: 0.0125,
      previousSpend: 38.1875,
      currentSpend: 38.2,
      budget: 50,
      budgetRemaining: 11.8,
      budgetPercentage: 76.4,
      requests: 1,
      provider: 'openai',
      model: 'gpt-4o',
      ...META,
    });
    await spend(front, [spent(key, 30)]);
    const over = { currentSpend: 68.2, budgetRemaining: 0, budgetPercentage: 136.4 };
    await expect(client.nextUpdate()).resolves.toMatchObject(over);
    await client.stop();
  });

  test.each<[string, (number | string)[], number]>([
    ['a tenth and two tenths', [0.1, 0.2], 0.3],
    ['decimal strings', ['0.1', '0.2', '0.30'], 0.6],
    ['ten decimals', ['0.0000000001', 1e-10, '1e-10', '0.1000000000'], 0.1000000003],
    ['a lot and next to nothing', ['12345.0000000001', '0.0000000009'], 12345.000000001],
    ['nothing', [0, '0', '0.00'], 0],
    ['amounts that floats get wrong', Array.from({ length: 100 }, () => 0.07), 7],
  ])('money is exact: %s', async (_, amounts, total) => {
    const key = await front.createKey();
    const client = await SpendClient.connect(front, key, { protocol });
    await spend(
      front,
      amounts.map((amount) => spent(key, amount)),
    );
    const updates = await client.toldOf(amounts.length);
    expectChain(updates);
    expect(updates.at(-1)?.currentSpend).toBe(total);
    await expect(readSpend(front, key)).resolves.toMatchObject({ currentSpend: total, requests: amounts.length });
    await client.stop();
  });

  test('records of a batch are told as the first, at once, and the others together', async () => {
    const key = await front.createKey();
    const client = await SpendClient.connect(front, key, { protocol });
    await spend(front, [
      spent(key, 1, { provider: 'a', model: 'x' }),
      spent(key, 2, { provider: 'b', model: 'y' }),
      spent(key, 4, { provider: 'c', model: 'z' }),
    ]);
    const [first, others, ...none] = await client.toldOf(3);
    expect(first).toMatchObject({ delta: 1, currentSpend: 1, requests: 1, provider: 'a', model: 'x' });
    expect(others).toMatchObject({ delta: 6, currentSpend: 7, requests: 2, provider: 'c', model: 'z' });
    expect(none).toEqual([]);
    await client.stop();
  });

  test('a thousand records of one batch are told by two updates', async () => {
    const key = await front.createKey();
    const client = await SpendClient.connect(front, key, { protocol });
    await spend(front, records(key, 1_000, '0.0000000003'));
    const updates = await client.toldOf(1_000);
    expectChain(updates);
    expect(updates.map((update) => [update.requests, units(update.delta)])).toEqual([
      [1, 3n],
      [999, 2_997n],
    ]);
    await expect(readSpend(front, key)).resolves.toMatchObject({ currentSpend: 0.0000003, requests: 1_000 });
    await client.stop();
  });
});

describe('an update', () => {
  test('has the provider and the model of the last record only', async () => {
    const key = await front.createKey();
    const client = await SpendClient.connect(front, key);
    await spend(front, [spent(key, 1), spent(key, 1, { provider: 'a', model: 'x' }), spent(key, 1, { model: 7 })]);
    const [first, others] = await client.toldOf(3);
    expect(first).not.toHaveProperty('provider');
    expect(first).not.toHaveProperty('model');
    expect(others).not.toHaveProperty('provider');
    expect(others).toMatchObject({ model: '7' });
    await client.stop();
  });

  test('of nothing counts as a request', async () => {
    const key = await front.createKey();
    const client = await SpendClient.connect(front, key);
    await spend(front, [spent(key, 0)]);
    await expect(client.nextUpdate()).resolves.toMatchObject({ delta: 0, currentSpend: 0, requests: 1 });
    await client.stop();
  });

  test('is written with all its decimals, where a float could not hold them', async () => {
    const key = await front.createKey();
    const headers = { authorization: `Bearer ${key.key}` };
    const client = await RawClient.connect(`${front.url}/hubs/spend`, 'json', headers);
    const event = JSON.stringify(spent(key, 0)).replace('"amount":0', '"amount":1234567890.0123456789');
    const { results } = await front.post('application/cloudevents+json', event);
    expect(results).toEqual([expect.objectContaining({ status: 'delivered' })]);
    await client.event('SpendUpdate');
    await client.event('SpendUpdate');
    const written = client.frames.all.map(({ data }) => data.toString()).join('');
    expect(written).toContain('"delta":1234567890.0123456789,');
    const view = await fetch(`${front.url}/v1/spend`, { headers });
    await expect(view.text()).resolves.toContain('"currentSpend":1234567890.0123456789,');
    await client.close(1000);
  });

  test('comes no sooner than a second after the one before, and none is lost', async () => {
    const key = await front.createKey();
    const client = await SpendClient.connect(front, key);
    const amounts: string[] = [];
    while (client.updates.length < 4) {
      const amount = `0.${String(amounts.length + 1).padStart(10, '0')}`;
      amounts.push(amount);
      await spend(front, [spent(key, amount)]);
    }
    const updates = await client.toldOf(amounts.length);
    expectChain(updates);
    expect(deltas(updates)).toBe(sum(amounts));
    const times = updates.map((update) => Date.parse(update.timestamp));
    const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(1_000);
    await client.stop();
  });

  test('that waits comes though the object sleeps', async () => {
    const key = await front.createKey();
    const client = await SpendClient.connect(front, key);
    await spend(front, records(key, 3, 2));
    await front.sleep(key);
    const updates = await client.toldOf(3);
    expect(updates.map((update) => update.delta)).toEqual([2, 4]);
    await client.stop();
  });

  test('goes to every client of the key once, and to no client of another', async () => {
    const [mine, theirs] = await Promise.all([front.createKey(), front.createKey()]);
    const clients = [
      await SpendClient.connect(front, mine),
      await SpendClient.connect(front, mine, { protocol: 'messagepack' }),
    ];
    const other = await SpendClient.connect(front, theirs);
    await spend(front, [...records(mine, 10, 1), spent(theirs, 7)]);
    for (const client of clients) {
      await client.toldOf(10);
      await client.settled();
      expect(client.updates.map((update) => [update.virtualKeyId, update.delta])).toEqual([
        [mine.id, 1],
        [mine.id, 9],
      ]);
    }
    await spend(front, [spent(theirs, 8)]);
    await other.toldOf(2);
    await other.settled();
    expect(other.told.map(([, event]) => (event as SpendUpdate).virtualKeyId)).toEqual([theirs.id, theirs.id]);
    expect(other.updates.map((update) => update.currentSpend)).toEqual([7, 15]);
    await expect(readSpend(front, theirs)).resolves.toMatchObject({ currentSpend: 15, requests: 2 });
    await Promise.all([...clients, other].map((client) => client.stop()));
  });

  test('comes by the other name of the hub too, and in the shape of the original system', async () => {
    const key = await front.createKey({ budget: { limit: 10 } });
    const clients = await Promise.all([
      front.officialAt('spend-notifications', key, ['SpendUpdate']),
      front.officialAt('spend', key, ['SpendUpdate'], { query: 'dialect=guide' }),
      front.officialAt('spend-notifications', key, ['SpendUpdate'], { query: 'dialect=conduit' }),
    ]);
    await spend(front, [spent(key, 1, { provider: 'p', model: 'm' })]);
    const events = await Promise.all(clients.map((client) => client.events.take(2)));
    const common = {
      virtualKeyId: key.id,
      previousSpend: 0,
      budget: 10,
      budgetRemaining: 9,
      budgetPercentage: 10,
      requests: 1,
      provider: 'p',
      model: 'm',
      ...META,
    };
    const own = [['SpendUpdate', { ...common, delta: 1, currentSpend: 1 }]];
    const metadata = { requestId: null, endpoint: null, inputTokens: null, outputTokens: null, durationMs: null };
    const conduit = [['SpendUpdate', { ...common, newSpend: 1, totalSpend: 1, budgetUtilization: 10, metadata }]];
    expect(events.map((told) => told.slice(1))).toEqual([own, own, conduit]);
    await Promise.all(clients.map((client) => client.stop()));
  });

  test('cannot be sent by a client', async () => {
    const client = await SpendClient.connect(front, await front.createKey());
    for (const method of ['SpendUpdate', 'SendSpendUpdate', 'BudgetAlert', 'SendBudgetAlert', 'SendSpendSummary']) {
      await expect(client.official.invoke(method, { amount: 1 })).rejects.toThrow(
        `Failed to invoke '${method}' due to an error on the server. HubException: Method does not exist.`,
      );
    }
    await client.stop();
  });
});

describe('a record', () => {
  test.each<[string, object, string]>([
    ['no amount', {}, 'data.amount'],
    ['an amount of null', { amount: null }, 'data.amount'],
    ['an amount below nothing', { amount: -0.0000000001 }, 'data.amount'],
    ['an amount below nothing, in a string', { amount: '-1' }, 'data.amount'],
    ['eleven decimals', { amount: '0.00000000001' }, 'data.amount'],
    ['an amount in words', { amount: 'much' }, 'data.amount'],
    ['an amount that is no number', { amount: 'NaN' }, 'data.amount'],
    ['an endless amount', { amount: 'Infinity' }, 'data.amount'],
    ['a blank amount', { amount: '' }, 'data.amount'],
    ['an amount in a list', { amount: [1] }, 'data.amount'],
    ['an amount beyond all measure', { amount: 1e13 }, 'data.amount'],
    ['half a token', { amount: 1, inputTokens: 0.5 }, 'data.inputTokens'],
    ['tokens below nothing', { amount: 1, outputTokens: -1 }, 'data.outputTokens'],
    ['a field that nobody knows', { amount: 1, currency: 'EUR' }, 'data.currency'],
  ])('with %s is rejected and not counted', async (_, data, field) => {
    const key = await front.createKey();
    const { results } = await front.publish([cloudEvent(key.id, 'SpendRecorded', data), spent(key, 3)]);
    expect(results.map((result) => result.status)).toEqual(['rejected', 'delivered']);
    expect(results[0]?.error).toMatchObject({ field });
    await expect(readSpend(front, key)).resolves.toMatchObject({ currentSpend: 3, requests: 1 });
  });

  test('counts once, however often it is sent', async () => {
    const key = await front.createKey();
    const client = await SpendClient.connect(front, key);
    const event = spent(key, 3);
    const { results } = await front.publish([event, event]);
    expect(results.map((result) => result.status)).toEqual(['delivered', 'duplicate']);
    const again = await Promise.all(Array.from({ length: 5 }, () => front.publish([event])));
    expect(again.flatMap((answer) => answer.results.map((result) => result.status))).toEqual(
      Array(5).fill('duplicate'),
    );
    await spend(front, [{ ...event, source: 'urn:another' }]);
    const updates = await client.toldOf(2);
    expect(updates.map((update) => update.delta)).toEqual([3, 3]);
    await expect(readSpend(front, key)).resolves.toMatchObject({ currentSpend: 6, requests: 2 });
    await client.stop();
  });
});

describe('deltas add up to the ledger', () => {
  /** Posts records by several producers at once, and gives the amounts. */
  async function produce(key: Key, producers: number, posts: number): Promise<string[]> {
    const amounts: string[] = [];
    const producing = Array.from({ length: producers }, async (_, producer) => {
      for (let post = 0; post < posts; post++) {
        const batch = [`0.0${producer}${post % 10}7`, '0.0000000001', `${producer}.1`];
        amounts.push(...batch);
        await spend(
          front,
          batch.map((amount) => spent(key, amount)),
        );
      }
    });
    await Promise.all(producing);
    return amounts;
  }

  test('when several producers record at once', async () => {
    const key = await front.createKey();
    const clients = await Promise.all(PROTOCOLS.map((protocol) => SpendClient.connect(front, key, { protocol })));
    const amounts = await produce(key, 8, 20);
    for (const client of clients) {
      const updates = await client.toldOf(amounts.length);
      expectChain(updates);
      expect(deltas(updates)).toBe(sum(amounts));
    }
    const view = await readSpend(front, key);
    expect([units(view.currentSpend), view.requests]).toEqual([sum(amounts), amounts.length]);
    await Promise.all(clients.map((client) => client.stop()));
  });

  test('for who comes late too, whenever that is', async () => {
    const key = await front.createKey();
    const witness = await SpendClient.connect(front, key);
    const late: SpendClient[] = [];
    const joining = (async () => {
      for (let joiner = 0; joiner < 12; joiner++) {
        late.push(await SpendClient.connect(front, key, { protocol: PROTOCOLS[joiner % 2] ?? 'json' }));
      }
    })();
    const amounts = await produce(key, 4, 25);
    await joining;
    late.push(await SpendClient.connect(front, key));
    await witness.toldOf(amounts.length);
    await Promise.all(late.map((client) => client.settled()));
    const ledger = await readSpend(front, key);
    expect(units(ledger.currentSpend)).toBe(sum(amounts));
    for (const client of late) {
      expectChain([client.snapshot, ...client.updates]);
      expect(units(client.snapshot.currentSpend) + deltas(client.updates)).toBe(sum(amounts));
    }
    expect(late.some((client) => client.snapshot.currentSpend > 0 && client.updates.length > 0)).toBe(true);
    await Promise.all([witness, ...late].map((client) => client.stop()));
  });
});

describe('GET /v1/spend', () => {
  test('says what was spent, with what and with whom', async () => {
    const key = await front.createKey();
    await spend(front, [
      spent(key, '0.1', { provider: 'openai', model: 'gpt-4o' }),
      spent(key, '0.2', { provider: 'openai', model: 'o3' }),
      spent(key, '0.6', { provider: 'anthropic', model: 'opus' }),
      spent(key, '0.1'),
    ]);
    const { createdAt } = (await (await front.admin('GET', `/v1/admin/keys/${key.id}`)).json()) as {
      createdAt: string;
    };
    await expect(readSpend(front, key)).resolves.toEqual({
      currentSpend: 1,
      periodStart: createdAt,
      requests: 4,
      topModels: [
        { name: 'opus', spend: 0.6, percentage: 60, requestCount: 1 },
        { name: 'o3', spend: 0.2, percentage: 20, requestCount: 1 },
        { name: 'gpt-4o', spend: 0.1, percentage: 10, requestCount: 1 },
        { name: 'unknown', spend: 0.1, percentage: 10, requestCount: 1 },
      ],
      topProviders: [
        { name: 'anthropic', spend: 0.6, percentage: 60, requestCount: 1 },
        { name: 'openai', spend: 0.3, percentage: 30, requestCount: 2 },
        { name: 'unknown', spend: 0.1, percentage: 10, requestCount: 1 },
      ],
    });
  });

  test('lists the ten dearest of many', async () => {
    const key = await front.createKey();
    const amounts = Array.from({ length: 15 }, (_, index) => index + 1);
    await spend(
      front,
      amounts.map((amount) => spent(key, amount, { provider: `p${amount}`, model: 'm' })),
    );
    const { topProviders, topModels } = await readSpend(front, key);
    const dearest = amounts.slice(5).reverse();
    expect(topProviders).toEqual(
      dearest.map((amount) => expect.objectContaining({ name: `p${amount}`, spend: amount })),
    );
    expect(topModels).toEqual([{ name: 'm', spend: 120, percentage: 100, requestCount: 15 }]);
  });

  test.each([
    ['daily', 1],
    ['weekly', 7],
    ['monthly', 28],
  ])('says when a %s period began and ends', async (period, days) => {
    const key = await front.createKey({ budget: { limit: 40, period } });
    await spend(front, [spent(key, 10)]);
    const view = await readSpend(front, key);
    expect(view).toMatchObject({ currentSpend: 10, budget: 40, budgetPercentage: 25, requests: 1 });
    const [start, end] = [Date.parse(view.periodStart), Date.parse(view.periodEnd ?? '')];
    const now = Date.now();
    expect([start % (24 * HOUR), end % (24 * HOUR)]).toEqual([0, 0]);
    expect(start).toBeLessThanOrEqual(now);
    expect(end).toBeGreaterThan(now - 5 * SECOND);
    const length = (end - start) / (24 * HOUR);
    expect(length).toBeGreaterThanOrEqual(days);
    expect(length).toBeLessThanOrEqual(days === 28 ? 31 : days);
    if (period === 'weekly') expect(new Date(start).getUTCDay()).toBe(1);
    if (period === 'monthly') expect([new Date(start).getUTCDate(), new Date(end).getUTCDate()]).toEqual([1, 1]);
  });

  test('is what the operator reads of the key', async () => {
    const key = await front.createKey({ budget: { limit: 40, period: 'daily' } });
    await spend(front, records(key, 3, '0.1'));
    const response = await front.admin('GET', `/v1/admin/keys/${key.id}`);
    await expect(response.json()).resolves.toMatchObject({
      budget: { limit: 40, period: 'daily' },
      currentSpend: 0.3,
    });
  });

  test('is for the key and its tokens that open the hub, and for nobody else', async () => {
    const key = await front.createKey();
    const status = async (secret?: string) => {
      const headers: Record<string, string> = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
      return (await fetch(`${front.url}/v1/spend`, { headers })).status;
    };
    const opens = await front.clientToken(key, { hubs: ['spend'] });
    const opensOthers = await front.clientToken(key, { hubs: ['tasks'] });
    const asked = [key.key, opens, opensOthers, MASTER_KEY, 'condt_nobody', undefined];
    expect(await Promise.all(asked.map(status))).toEqual([200, 200, 403, 403, 401, 401]);
  });
});

describe('when a period ends', () => {
  const later = new EdgeInTime();
  const midnight = midnightAfter(Date.now() + HOUR);

  beforeAll(() => later.startAt(midnight - 12 * SECOND));
  afterAll(() => later.stop());

  test('nothing is lost: what was told of the old one and of the new one is what was spent', async () => {
    const key = await later.createKey({ budget: { limit: 1_000_000, period: 'daily' } });
    const clients = await Promise.all(PROTOCOLS.map((protocol) => SpendClient.connect(later, key, { protocol })));
    const [first] = clients as [SpendClient];
    await spend(later, [spent(key, '0.5')]);
    expect((await readSpend(later, key)).periodEnd).toBe(text(midnight));
    const amounts = ['0.5'];
    const hasBegunAnew = () => first.updates.slice(1).some((update) => update.previousSpend === 0);
    while (!hasBegunAnew()) {
      amounts.push('0.1', '0.0000000001');
      await spend(later, [spent(key, '0.1'), spent(key, '0.0000000001')]);
    }
    for (const client of clients) {
      const updates = await client.toldOf(amounts.length);
      expect(deltas(updates)).toBe(sum(amounts));
      const anew = updates.findLastIndex((update) => update.previousSpend === 0);
      expectChain(updates.slice(0, anew));
      expectChain(updates.slice(anew));
      const view = await readSpend(later, key);
      expect(view.periodStart).toBe(text(midnight));
      expect(units(view.currentSpend)).toBe(deltas(updates.slice(anew)));
      expect(updates.at(-1)?.currentSpend).toBe(view.currentSpend);
    }
    await Promise.all(clients.map((client) => client.stop()));
  });

  test('a client that connects afterwards is told that nothing was spent in the new one', async () => {
    const key = await later.createKey({ budget: { limit: 100, period: 'daily' } });
    await spend(later, [spent(key, 7)]);
    await later.startAt(midnight + 30 * HOUR);
    await expect(readSpend(later, key)).resolves.toMatchObject({ currentSpend: 0, requests: 0 });
    const client = await SpendClient.connect(later, key);
    const nothing = { delta: 0, previousSpend: 0, currentSpend: 0, budgetRemaining: 100, budgetPercentage: 0 };
    expect(client.snapshot).toMatchObject(nothing);
    await spend(later, [spent(key, 5)]);
    await expect(client.nextUpdate()).resolves.toMatchObject({ delta: 5, previousSpend: 0, currentSpend: 5 });
    await client.stop();
  });
});
