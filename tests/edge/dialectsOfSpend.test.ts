// What a key spends, in the contract's own dialect, the original system's and the implementation guide's.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectIn, DIALECTS, meta } from '../harness/dialectScenes.ts';
import { edge, type Key } from '../harness/edge.ts';
import { heard } from '../harness/keyHubs.ts';
import { EdgeInTime, MINUTE, midnightAfter, text } from '../harness/movedClock.ts';
import { PROTOCOLS } from '../harness/protocol.ts';

const front = edge();

describe.each(PROTOCOLS)('in %s', (protocol) => {
  test('what a key spends is told in each dialect, with a budget and without', async () => {
    const [key, unlimited] = await Promise.all([
      front.createKey({ budget: { limit: 50, period: 'none' } }),
      front.createKey(),
    ]);
    const clients = await Promise.all(DIALECTS.map((dialect) => connectIn(dialect, protocol, front, 'spend', key)));
    const spent = { amount: '25.5', provider: 'openai', model: 'gpt-4o', requestId: 'r', inputTokens: 1 };
    await front.tell(key, 'SpendRecorded', spent);
    const [contract, conduit, guide] = (await Promise.all(clients.map(heard))) as [
      unknown[][],
      unknown[][],
      unknown[][],
    ];
    for (const told of [contract, conduit, guide]) {
      expect(told.map(([name]) => name)).toEqual(['SpendUpdate', 'BudgetAlert', 'SpendUpdate']);
    }
    expect(guide.slice(1)).toStrictEqual(contract.slice(1));

    const [, alert, update] = contract as [unknown[], [string, Record<string, unknown>], unknown[]];
    const [, originalAlert, originalUpdate] = conduit as unknown[][];
    expect(alert[1]).toMatchObject({ threshold: 50, percentageUsed: 51, currentSpend: 25.5, budgetLimit: 50 });
    expect(originalAlert?.[1]).toStrictEqual({
      virtualKeyId: key.id,
      alertType: 'budget_50_percent',
      threshold: 50,
      message: alert[1].message,
      currentSpend: 25.5,
      budgetLimit: 50,
      percentageUsed: 51,
      severity: 'info',
      recommendations: alert[1].recommendations,
      budgetPeriodEnd: null,
      timestamp: alert[1].timestamp,
      eventId: alert[1].eventId,
    });
    const of = { virtualKeyId: key.id, provider: 'openai', model: 'gpt-4o', requests: 1, previousSpend: 0 };
    expect(update[1]).toStrictEqual({
      ...of,
      delta: 25.5,
      currentSpend: 25.5,
      budget: 50,
      budgetRemaining: 24.5,
      budgetPercentage: 51,
      ...meta,
    });
    const metadata = { requestId: null, endpoint: null, inputTokens: null, outputTokens: null, durationMs: null };
    expect(originalUpdate?.[1]).toStrictEqual({
      ...of,
      newSpend: 25.5,
      totalSpend: 25.5,
      budget: 50,
      budgetPercentage: 51,
      budgetRemaining: 24.5,
      budgetUtilization: 51,
      metadata,
      ...meta,
    });

    const without = await connectIn('conduit', protocol, front, 'spend', unlimited);
    const [greeting] = await heard(without);
    expect(greeting).toStrictEqual([
      'SpendUpdate',
      {
        virtualKeyId: unlimited.id,
        newSpend: 0,
        previousSpend: 0,
        totalSpend: 0,
        budget: null,
        budgetPercentage: null,
        requests: 0,
        provider: null,
        model: null,
        budgetRemaining: 0,
        budgetUtilization: 0,
        metadata,
        ...meta,
      },
    ]);
    await Promise.all([without, ...clients].map((client) => client.stop()));
  });

  test('unusual spending goes by the guide’s name in the guide’s dialect only', async () => {
    const key = await front.createKey();
    const clients = await Promise.all(DIALECTS.map((dialect) => connectIn(dialect, protocol, front, 'spend', key)));
    for (let count = 0; count < 21; count++) await front.tell(key, 'SpendRecorded', { amount: 11 });
    const names = ['UnusualSpendingDetected', 'UnusualSpendingDetected', 'UnusualSpending'];
    const told: Record<string, unknown>[] = [];
    for (const [index, client] of clients.entries()) {
      const [name, event] = await client.events.find('the anomaly', ([known]) => String(known).startsWith('Unusual'));
      expect(name).toBe(names[index]);
      told.push(event as Record<string, unknown>);
      const others = (await heard(client)).filter(([known]) => String(known).startsWith('Unusual'));
      expect(others).toHaveLength(1);
    }
    const [contract, conduit, guide] = told;
    expect(contract).toStrictEqual({
      activityType: 'sustained_high_spending',
      description: expect.any(String),
      currentRate: 231,
      normalRate: 0,
      deviationPercentage: 0,
      recommendations: expect.any(Array),
      ...meta,
    });
    expect(guide).toStrictEqual(contract);
    expect(conduit).toStrictEqual({ ...contract, providerType: null, model: null });
    await Promise.all(clients.map((client) => client.stop()));
  });
});

describe('a summary', () => {
  const later = new EdgeInTime();
  const midnight = midnightAfter(Date.now() + 5 * MINUTE);
  const readers = PROTOCOLS.flatMap((protocol) => DIALECTS.map((dialect) => [dialect, protocol] as const));
  let key: Key;
  const tokens: string[] = [];

  beforeAll(async () => {
    await later.startAt(midnight - 2 * MINUTE);
    key = await later.createKey();
    for (const _ of readers) {
      const client = await later.officialAt('spend', key, []);
      tokens.push((await client.invoke<{ resumeToken: string }>('GetResumeToken')).resumeToken);
      await client.stop();
    }
    await later.tell(key, 'SpendRecorded', { amount: 3, provider: 'openai', model: 'gpt-4o' });
    await later.tell(key, 'SpendRecorded', { amount: 1, provider: 'openai', model: 'gpt-4o-mini' });
    await later.startAt(midnight + MINUTE);
  });

  afterAll(() => later.stop());

  test('of a day is told in each dialect', async () => {
    // Whatever is changed about a budget, what is due is settled.
    await later.patchKey(key, { budget: { limit: 100, period: 'none' } });
    const told: unknown[] = [];
    for (const [index, [dialect, protocol]] of readers.entries()) {
      const client = await connectIn(dialect, protocol, later, 'spend', key);
      await client.invoke('Resume', tokens[index]);
      const isDaily = ([name, event]: unknown[]) =>
        name === 'SpendSummary' && (event as { period: string }).period === 'daily';
      told.push((await client.events.find('the summary', isDaily))[1]);
      await client.stop();
    }
    const same = {
      period: 'daily',
      from: text(midnight - 24 * 60 * MINUTE),
      to: text(midnight),
      totalSpend: 4,
      requestCount: 2,
      averageRequestCost: 2,
      ...meta,
    };
    const contract = {
      ...same,
      topProviders: [{ name: 'openai', spend: 4, percentage: 100, requestCount: 2 }],
      topModels: [
        { name: 'gpt-4o', spend: 3, percentage: 75, requestCount: 1 },
        { name: 'gpt-4o-mini', spend: 1, percentage: 25, requestCount: 1 },
      ],
    };
    const conduit = {
      ...same,
      periodType: 'daily',
      comparison: null,
      topProviders: [{ providerType: 'openai', spend: 4, percentage: 100, requestCount: 2 }],
      topModels: [
        { model: 'gpt-4o', providerType: null, spend: 3, percentage: 75, requestCount: 1 },
        { model: 'gpt-4o-mini', providerType: null, spend: 1, percentage: 25, requestCount: 1 },
      ],
    };
    expect(told).toStrictEqual([contract, conduit, contract, contract, conduit, contract]);
  });
});
