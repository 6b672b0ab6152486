// Alerts of a budget: at each threshold once a period, in order, to those whom it concerns.

import { afterAll, describe, expect, test } from 'vitest';
import { edge, type FrontDoor, type Key } from '../harness/edge.ts';
import { DAY, EdgeInTime, HOUR, midnightAfter, SECOND, text } from '../harness/movedClock.ts';
import type { OfficialClient } from '../harness/officialClient.ts';
import { PROTOCOLS } from '../harness/protocol.ts';
import { type BudgetAlert, META, readSpend, records, SpendClient, spend, spent } from '../harness/spend.ts';

/** Without a cooldown, a threshold that is armed again is alerted of at once. */
const front = edge({ vars: { ALERT_COOLDOWN_SECONDS: '0' } });

const ALERTS = [
  [50, 'budget_50_percent', 'info'],
  [75, 'budget_75_percent', 'warning'],
  [90, 'budget_90_percent', 'critical'],
  [100, 'budget_exceeded', 'critical'],
] as const;

const THRESHOLDS = ALERTS.map(([threshold]) => threshold);

const thresholds = (alerts: readonly BudgetAlert[]) => alerts.map((alert) => alert.threshold);

/** A key with a budget, and a client of it. */
async function keyWithBudget(
  limit: number | string,
  period = 'none',
  at: FrontDoor = front,
): Promise<[Key, SpendClient]> {
  const key = await at.createKey({ budget: { limit, period } });
  return [key, await SpendClient.connect(at, key)];
}

/** Records an amount, and gives what its clients were told up to the update that tells of it. */
async function afterSpending(key: Key, client: SpendClient, amount: number | string): Promise<string[]> {
  const before = client.told.length;
  await spend(front, [spent(key, amount)]);
  await client.toldOf(1);
  return client.told.slice(before).map(([name, event]) => {
    return name === 'BudgetAlert' ? `${(event as BudgetAlert).threshold}` : name;
  });
}

describe.each(PROTOCOLS)('in %s', (protocol) => {
  test.each(ALERTS)('at %d %% there is the alert %s, which is %s', async (threshold, alertType, severity) => {
    const key = await front.createKey({ budget: { limit: '200', period: 'none' } });
    const client = await SpendClient.connect(front, key, { protocol });
    await front.tell(key, 'SpendRecorded', { amount: 2 * threshold + 0.5 }, { correlationid: 'c-1' });
    await client.toldOf(1);
    expect(client.alerts.at(-1)).toEqual({
      virtualKeyId: key.id,
      alertType,
      threshold,
      percentageUsed: threshold + 0.25,
      currentSpend: 2 * threshold + 0.5,
      budgetLimit: 200,
      severity,
      message: expect.stringContaining(`${threshold}%`),
      recommendations: expect.arrayContaining([expect.stringMatching(/./)]),
      correlationId: 'c-1',
      ...META,
    });
    await client.stop();
  });

  test('a record that reaches all thresholds is alerted of in ascending order, before its update', async () => {
    const key = await front.createKey({ budget: { limit: 10, period: 'monthly' } });
    const client = await SpendClient.connect(front, key, { protocol });
    await spend(front, [spent(key, 25)]);
    const told = await client.official.events.take(5);
    expect(told.map(([name]) => name)).toEqual([...Array(4).fill('BudgetAlert'), 'SpendUpdate']);
    expect(thresholds(client.alerts)).toEqual(THRESHOLDS);
    for (const alert of client.alerts) {
      expect(alert).toMatchObject({ percentageUsed: 250, currentSpend: 25, budgetLimit: 10 });
    }
    const { periodEnd } = await readSpend(front, key);
    expect(client.alerts.map((alert) => alert.periodEnd)).toEqual(Array(4).fill(periodEnd));
    await client.stop();
  });
});

describe('a threshold', () => {
  test('is reached exactly there, and not a ten billionth before', async () => {
    const [key, client] = await keyWithBudget('0.1');
    await expect(afterSpending(key, client, '0.0499999999')).resolves.toEqual(['SpendUpdate']);
    await expect(afterSpending(key, client, '0.0000000001')).resolves.toEqual(['50', 'SpendUpdate']);
    expect(client.alerts[0]).toMatchObject({ percentageUsed: 50, currentSpend: 0.05 });
    await client.stop();
  });

  test('is alerted of once, however much is spent after it', async () => {
    const [key, client] = await keyWithBudget(100);
    await expect(afterSpending(key, client, 60)).resolves.toEqual(['50', 'SpendUpdate']);
    for (let amount = 1; amount < 5; amount++) {
      await expect(afterSpending(key, client, amount)).resolves.toEqual(['SpendUpdate']);
    }
    await expect(afterSpending(key, client, 20)).resolves.toEqual(['75', '90', 'SpendUpdate']);
    await expect(afterSpending(key, client, 500)).resolves.toEqual(['100', 'SpendUpdate']);
    await expect(afterSpending(key, client, 500)).resolves.toEqual(['SpendUpdate']);
    await client.stop();
  });

  test('that is reached within a second of another record is told at once, with what waited', async () => {
    const [key, client] = await keyWithBudget(100);
    await spend(front, [spent(key, 1), spent(key, 2), spent(key, 60), spent(key, 4), spent(key, 30), spent(key, 8)]);
    await client.toldOf(6);
    const told = client.told.map(([name, event]) => {
      const { threshold, delta } = event as { threshold?: number; delta?: number };
      return `${name} ${threshold ?? delta}`;
    });
    expect(told).toEqual([
      'SpendUpdate 1',
      'BudgetAlert 50',
      'SpendUpdate 62',
      'BudgetAlert 75',
      'BudgetAlert 90',
      'SpendUpdate 34',
      'BudgetAlert 100',
      'SpendUpdate 8',
    ]);
    await client.stop();
  });

  test('that many records reach at once is alerted of once', async () => {
    const [key, client] = await keyWithBudget(40);
    const others = await Promise.all(PROTOCOLS.map((protocol) => SpendClient.connect(front, key, { protocol })));
    await Promise.all(Array.from({ length: 60 }, () => spend(front, [spent(key, 1)])));
    for (const each of [client, ...others]) {
      await each.toldOf(60);
      await each.settled();
      expect(thresholds(each.alerts)).toEqual(THRESHOLDS);
      expect(each.alerts.map((alert) => alert.currentSpend)).toEqual([20, 30, 36, 40]);
    }
    await Promise.all([client, ...others].map((each) => each.stop()));
  });

  test('that a record reaches which is sent twice is alerted of once, and counts once', async () => {
    const [key, client] = await keyWithBudget(100);
    const event = spent(key, 45);
    const copies = await Promise.all(Array.from({ length: 10 }, () => front.publish([event, event])));
    const statuses = copies.flatMap((copy) => copy.results.map((result) => result.status));
    expect(statuses.sort()).toEqual(['delivered', ...Array(19).fill('duplicate')].sort());
    await expect(afterSpending(key, client, 5)).resolves.toContain('50');
    expect(thresholds(client.alerts)).toEqual([50]);
    await client.stop();
  });

  test('is not alerted of again because the object slept', async () => {
    const [key, client] = await keyWithBudget(100);
    await expect(afterSpending(key, client, 60)).resolves.toEqual(['50', 'SpendUpdate']);
    await front.sleep(key);
    await expect(afterSpending(key, client, 20)).resolves.toEqual(['75', 'SpendUpdate']);
    await client.stop();
  });

  test('is alerted of to every client of the key, and to no client of another', async () => {
    const [mine, client] = await keyWithBudget(100);
    const [theirs, other] = await keyWithBudget(100);
    const second = await SpendClient.connect(front, mine, { protocol: 'messagepack' });
    await spend(front, [spent(mine, 60), spent(theirs, 1)]);
    for (const each of [client, second]) {
      await each.toldOf(1);
      expect(each.alerts).toEqual([expect.objectContaining({ virtualKeyId: mine.id, threshold: 50 })]);
    }
    await other.toldOf(1);
    await other.settled();
    expect(other.alerts).toEqual([]);
    await Promise.all([client, second, other].map((each) => each.stop()));
  });

  test('is in the history with its update, once', async () => {
    const [key, client] = await keyWithBudget(100);
    await afterSpending(key, client, 80);
    const { items } = await front.read<{ items: { event: string; arguments: BudgetAlert[] }[] }>(key, '/v1/history');
    expect(items.map(({ event }) => event)).toEqual(['BudgetAlert', 'BudgetAlert', 'SpendUpdate']);
    expect(items.flatMap((item) => item.arguments)).toEqual(client.told.map(([, event]) => event));
    await client.stop();
  });
});

describe('a budget', () => {
  test('that is raised so that little of it is spent arms the thresholds again', async () => {
    const [key, client] = await keyWithBudget(100);
    await expect(afterSpending(key, client, 80)).resolves.toEqual(['50', '75', 'SpendUpdate']);
    await front.patchKey(key, { budget: { limit: 1_000, period: 'none' } });
    await expect(afterSpending(key, client, 10)).resolves.toEqual(['SpendUpdate']);
    await expect(afterSpending(key, client, 700)).resolves.toEqual(['50', '75', 'SpendUpdate']);
    await client.stop();
  });

  test('that is raised so that half of it is spent arms nothing', async () => {
    const [key, client] = await keyWithBudget(100);
    await expect(afterSpending(key, client, 80)).resolves.toEqual(['50', '75', 'SpendUpdate']);
    await front.patchKey(key, { budget: { limit: 150, period: 'none' } });
    await expect(afterSpending(key, client, 40)).resolves.toEqual(['SpendUpdate']);
    await expect(afterSpending(key, client, 15)).resolves.toEqual(['90', 'SpendUpdate']);
    await client.stop();
  });

  test('that is lowered below what is spent alerts at once', async () => {
    const [key, client] = await keyWithBudget(1_000);
    await expect(afterSpending(key, client, 80)).resolves.toEqual(['SpendUpdate']);
    await front.patchKey(key, { budget: { limit: 100, period: 'none' } });
    await expect(client.next('BudgetAlert')).resolves.toMatchObject({ threshold: 50, budgetLimit: 100 });
    await expect(client.next('BudgetAlert')).resolves.toMatchObject({ threshold: 75, percentageUsed: 80 });
    await expect(afterSpending(key, client, 1)).resolves.toEqual(['SpendUpdate']);
    await client.stop();
  });

  test.each([
    ['no budget', undefined],
    ['a budget of nothing', { limit: 0, period: 'none' }],
  ])('%s alerts of nothing and has no percentages, until there is one', async (_, budget) => {
    const key = await front.createKey(budget === undefined ? {} : { budget });
    const client = await SpendClient.connect(front, key);
    await expect(afterSpending(key, client, 1_000_000)).resolves.toEqual(['SpendUpdate']);
    const figures = ['budget', 'budgetRemaining', 'budgetPercentage'];
    for (const event of [client.snapshot, ...client.updates, await readSpend(front, key)]) {
      expect(Object.keys(event).filter((name) => figures.includes(name))).toEqual([]);
    }
    await front.patchKey(key, { budget: { limit: 2_000_000, period: 'none' } });
    await expect(client.next('BudgetAlert')).resolves.toMatchObject({ threshold: 50, budgetLimit: 2_000_000 });
    await front.patchKey(key, { budget: null });
    await expect(afterSpending(key, client, 1_000_000)).resolves.toEqual(['SpendUpdate']);
    expect(client.updates.at(-1)).not.toHaveProperty('budget');
    await client.stop();
  });

  test.each<[string, unknown, string]>([
    ['a limit below nothing', { limit: -1 }, 'budget.limit'],
    ['a limit in words', { limit: 'much' }, 'budget.limit'],
    ['a limit of eleven decimals', { limit: '0.00000000001' }, 'budget.limit'],
    ['no limit', { period: 'daily' }, 'budget.limit'],
    ['an unknown period', { limit: 1, period: 'yearly' }, 'budget.period'],
    ['a field that nobody knows', { limit: 1, currency: 'EUR' }, 'budget.currency'],
    ['a text', '10', 'budget'],
  ])('with %s is refused', async (_, budget, field) => {
    const key = await front.createKey();
    const answers = [
      await front.admin('POST', '/v1/admin/keys', { name: 'x', budget }),
      await front.admin('PATCH', `/v1/admin/keys/${key.id}`, { budget }),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(400);
      await expect(answer.json()).resolves.toMatchObject({ status: 400, field });
    }
  });

  test('is read as it was given, its money as numbers', async () => {
    const key = await front.createKey({ budget: { limit: '12.50', period: 'weekly' } });
    const read = async () => (await front.admin('GET', `/v1/admin/keys/${key.id}`)).json();
    await expect(read()).resolves.toMatchObject({ budget: { limit: 12.5, period: 'weekly' } });
    await front.patchKey(key, { budget: { limit: 1 } });
    await expect(read()).resolves.toMatchObject({ budget: { limit: 1, period: 'none' } });
    await front.patchKey(key, { budget: null });
    await expect(read()).resolves.not.toHaveProperty('budget');
  });
});

describe('operators', () => {
  const EVENTS = ['BudgetAlert', 'HighSpendAlert', 'SystemAlert'];

  const subscriber = async (key: Key, protocol: 'json' | 'messagepack'): Promise<OfficialClient> => {
    const client = await front.officialMaster('admin-notifications', [...EVENTS, 'SubscribedToVirtualKey'], {
      protocol,
    });
    await client.invoke('SubscribeToVirtualKey', key.id);
    await client.events.find('the subscription', ([name]) => name === 'SubscribedToVirtualKey');
    return client;
  };

  /** What a client was told of these keys, up to an alert that is for every operator and comes last. */
  async function heard(client: OfficialClient, keys: Key[], last: string): Promise<string[]> {
    const isLast = (event: unknown) => (event as { title?: string }).title === last;
    await client.events.find('the last alert', ([name, event]) => name === 'SystemAlert' && isLast(event));
    const ids = keys.map((key) => key.id);
    return client.events.all
      .map(([name, event]) => [name, event as BudgetAlert] as const)
      .filter(([name, event]) => name !== 'SystemAlert' && ids.includes(event.virtualKeyId))
      .map(([name, event]) => `${ids.indexOf(event.virtualKeyId)} ${name} ${event.threshold}`);
  }

  test('hear of high spending from 90 % on, and of every alert of a key that they follow, each once', async () => {
    const keys = await Promise.all([1, 2].map(() => front.createKey({ budget: { limit: 10, period: 'none' } })));
    const [followed, other] = keys as [Key, Key];
    const followers = await Promise.all(PROTOCOLS.map((protocol) => subscriber(followed, protocol)));
    const everybody = await front.officialMaster('admin-notifications', EVENTS);
    await spend(front, [spent(followed, 8), spent(followed, 1.5), spent(other, '9.25')]);
    await spend(front, records(followed, 5, 1));
    await Promise.all(keys.map((key) => front.sleep(key)));
    await spend(front, [spent(followed, 1), spent(other, '0.25')]);
    await front.announce('SystemAlert', { severity: 'Low', title: 'the last', message: 'm', source: 's' });

    const high = ['0 HighSpendAlert 90', '0 HighSpendAlert 100', '1 HighSpendAlert 90'];
    const told = await heard(everybody, keys, 'the last');
    expect(told.sort()).toEqual([...high].sort());
    for (const follower of followers) {
      const alerts = THRESHOLDS.map((threshold) => `0 BudgetAlert ${threshold}`);
      const all = await heard(follower, keys, 'the last');
      expect([...all].sort()).toEqual([...alerts, ...high].sort());
      expect(all.filter((alert) => alert.startsWith('0 BudgetAlert'))).toEqual(alerts);
    }
    await Promise.all([everybody, ...followers].map((client) => client.stop()));
  });

  test('read the same as the clients of the key', async () => {
    const [key, client] = await keyWithBudget(50, 'daily');
    const follower = await subscriber(key, 'json');
    const conduit = await front.officialMaster('admin-notifications', EVENTS, { query: 'dialect=conduit' });
    await spend(front, [spent(key, '45.54')]);
    await client.toldOf(1);
    const isOfKey = (event: unknown) => (event as BudgetAlert).virtualKeyId === key.id;
    const [, high] = await follower.events.find(
      'high spending',
      ([name, of]) => name === 'HighSpendAlert' && isOfKey(of),
    );
    const [alert] = client.alerts.slice(-1);
    expect(high).toEqual({ ...alert, ...META });
    const told = follower.events.all.filter(([name]) => name === 'BudgetAlert').map(([, event]) => event);
    expect(told).toEqual(client.alerts.map((each) => ({ ...each, ...META })));
    const [, original] = await conduit.events.find(
      'high spending',
      ([name, of]) => name === 'HighSpendAlert' && isOfKey(of),
    );
    expect(original).toMatchObject({
      alertType: 'HighSpend',
      message: `The budget of virtual key ${key.id} is spent to 91.1%`,
      currentSpend: 45.54,
      budgetLimit: 50,
      percentageUsed: 91.08,
      severity: 'warning',
      budgetPeriodEnd: alert?.periodEnd,
    });
    await Promise.all([client.stop(), follower.stop(), conduit.stop()]);
  });
});

describe('thresholds of one’s own', () => {
  const own = edge({ vars: { BUDGET_THRESHOLDS: '10, 89,100,200' } });

  test('are alerted of instead', async () => {
    const [key, client] = await keyWithBudget(100, 'none', own);
    const operator = await own.officialMaster('admin-notifications', ['HighSpendAlert']);
    await spend(own, [spent(key, 50)]);
    await client.toldOf(1);
    expect(client.alerts).toMatchObject([{ threshold: 10, alertType: 'budget_10_percent', severity: 'info' }]);
    await spend(own, [spent(key, 200)]);
    await client.toldOf(1);
    expect(client.alerts.slice(1)).toMatchObject([
      { threshold: 89, alertType: 'budget_89_percent', severity: 'warning' },
      { threshold: 100, alertType: 'budget_exceeded', severity: 'critical' },
      { threshold: 200, alertType: 'budget_exceeded', severity: 'critical' },
    ]);
    const high = await operator.events.take(2);
    expect(high.map(([, event]) => (event as BudgetAlert).threshold)).toEqual([100, 200]);
    await Promise.all([client.stop(), operator.stop()]);
  });
});

describe('within the cooldown of its last alert', () => {
  const COOLDOWN = 5 * SECOND;
  const slow = edge({ vars: { ALERT_COOLDOWN_SECONDS: `${COOLDOWN / SECOND}` } });

  /** A key whose first threshold was reached twice: the budget was raised in between. */
  async function reachedTwice(): Promise<[Key, SpendClient]> {
    const [key, client] = await keyWithBudget(100, 'none', slow);
    await spend(slow, [spent(key, 60)]);
    await client.toldOf(1);
    await slow.patchKey(key, { budget: { limit: 1_000, period: 'none' } });
    await spend(slow, [spent(key, 500)]);
    return [key, client];
  }

  test('a threshold is held back, and alerted of at the end', async () => {
    const [, client] = await reachedTwice();
    await client.next('BudgetAlert');
    const [first, second] = client.alerts as [BudgetAlert, BudgetAlert];
    expect([first.threshold, second.threshold]).toEqual([50, 50]);
    expect(second).toMatchObject({ currentSpend: 560, budgetLimit: 1_000, percentageUsed: 56 });
    const pause = Date.parse(second.timestamp) - Date.parse(first.timestamp);
    expect(pause).toBeGreaterThanOrEqual(COOLDOWN);
    await client.stop();
  });

  test('another threshold is not held back', async () => {
    const [key, client] = await reachedTwice();
    await spend(slow, [spent(key, 200)]);
    while (client.alerts.length < 3) await client.next('BudgetAlert');
    expect(thresholds(client.alerts)).toEqual([50, 75, 50]);
    await client.stop();
  });

  test('a threshold is held back though the object sleeps', async () => {
    const [key, client] = await reachedTwice();
    await slow.sleep(key);
    await client.next('BudgetAlert');
    expect(thresholds(client.alerts)).toEqual([50, 50]);
    await client.stop();
  });

  test('a threshold that is not reached any more at the end is not alerted of', async () => {
    const [key, client] = await reachedTwice();
    await slow.patchKey(key, { budget: { limit: 10_000, period: 'none' } });
    // A key that comes later, and for which all is as it was, tells when this one's cooldown must be over.
    const [, clock] = await reachedTwice();
    await clock.next('BudgetAlert');
    expect(thresholds(clock.alerts)).toEqual([50, 50]);
    await client.settled();
    expect(thresholds(client.alerts)).toEqual([50]);
    await Promise.all([client.stop(), clock.stop()]);
  });
});

describe('when a period ends', () => {
  const later = new EdgeInTime();
  const midnight = midnightAfter(Date.now() + HOUR);

  afterAll(() => later.stop());

  test('thresholds are alerted of anew', async () => {
    await later.startAt(midnight - 8 * SECOND, { ALERT_COOLDOWN_SECONDS: '0' });
    const [daily, client] = await keyWithBudget(100, 'daily', later);
    const [endless, other] = await keyWithBudget(100, 'none', later);
    await spend(later, [spent(daily, 80), spent(endless, 80)]);
    await client.next('SpendSummary');
    await other.next('SpendSummary');
    await spend(later, [spent(daily, 60), spent(endless, 5), spent(daily, 1), spent(endless, 6)]);
    await client.toldOf(2);
    await other.toldOf(2);
    expect(thresholds(client.alerts)).toEqual([50, 75, 50]);
    expect(client.alerts.map((alert) => alert.periodEnd)).toEqual([
      text(midnight),
      text(midnight),
      text(midnight + DAY),
    ]);
    expect(client.alerts.at(-1)).toMatchObject({ currentSpend: 60, percentageUsed: 60 });
    expect(thresholds(other.alerts)).toEqual([50, 75, 90]);
    await Promise.all([client.stop(), other.stop()]);
  });
});
