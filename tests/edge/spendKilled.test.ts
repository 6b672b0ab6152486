// A power cut anywhere between a record and its alert: after the restart and the producer's next attempt every record
// counts once, and every threshold was alerted of once.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CloudEvent } from '../harness/cloudEvents.ts';
import { eventually } from '../harness/deadline.ts';
import type { Key } from '../harness/edge.ts';
import { EdgeProcess } from '../harness/edgeProcess.ts';
import { Inbox } from '../harness/inbox.ts';
import type { OfficialClient } from '../harness/officialClient.ts';
import {
  type BudgetAlert,
  readSpend,
  records,
  SpendClient,
  type SpendUpdate,
  spend,
  spent,
  sum,
  units,
} from '../harness/spend.ts';

let folder: string;
let front: EdgeProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conduit-edge-spend-killed-'));
  front = await EdgeProcess.start(folder);
});

afterAll(async () => {
  await front?.kill();
  await rm(folder, { recursive: true, force: true });
});

async function powerCut(): Promise<void> {
  const { port } = front;
  await front.kill();
  front = await EdgeProcess.start(folder, port);
}

/** What clients of a key were told, from the history. */
async function history(key: Key): Promise<{ alerts: BudgetAlert[]; updates: SpendUpdate[] }> {
  interface Page {
    items: { event: string; arguments: [unknown] }[];
    next?: string;
  }
  const items: Page['items'] = [];
  let after = '';
  do {
    const page: Page = await front.read(key, `/v1/history?hub=SpendNotificationHub&limit=1000&after=${after}`);
    items.push(...page.items);
    after = page.next ?? '';
  } while (after !== '');
  const named = (name: string) => items.filter((item) => item.event === name).map((item) => item.arguments[0]);
  return { alerts: named('BudgetAlert') as BudgetAlert[], updates: named('SpendUpdate') as SpendUpdate[] };
}

/** What a history tells of a key once all of these records are told. */
function complete(key: Key, count: number): ReturnType<typeof history> {
  const told = (updates: SpendUpdate[]) => updates.reduce((requests, update) => requests + update.requests, 0);
  return eventually(
    `updates of all ${count} records`,
    () => history(key),
    ({ updates }) => told(updates) >= count,
  );
}

const AMOUNTS = ['1.1', '2.2', '1.8', '0.0000000001', '2.4', '0.3', '1.3', '0.9', '0.5', '2'];

const BUDGET = { limit: 10, period: 'none' };

const THRESHOLDS = [50, 75, 90, 100];

/** A key, and what its producer sends: three batches whose records reach all thresholds. */
interface Account {
  key: Key;
  batches: CloudEvent[][];
}

async function account(): Promise<Account> {
  const key = await front.createKey({ budget: BUDGET });
  const events = AMOUNTS.map((amount) => spent(key, amount));
  return { key, batches: [events.slice(0, 3), events.slice(3, 7), events.slice(7)] };
}

/** Sends the batches, one after another, until the line is cut. */
async function produce({ batches }: Account, answers?: Inbox<CloudEvent[]>): Promise<void> {
  for (const batch of batches) {
    await spend(front, batch);
    answers?.push(batch);
  }
}

/** The first producer's client, and the batches of it that were answered. */
interface Producing {
  client: SpendClient;
  answers: Inbox<CloudEvent[]>;
}

function alerted(client: SpendClient, threshold: number): Promise<unknown> {
  const isIt = (event: unknown) => (event as BudgetAlert).threshold === threshold;
  return client.official.events.find(`the alert of ${threshold} %`, ([, event]) => isIt(event));
}

async function expectAllOnce({ key }: Account): Promise<void> {
  const { alerts, updates } = await complete(key, AMOUNTS.length);
  expect(alerts.map((alert) => alert.threshold)).toEqual(THRESHOLDS);
  expect(sum(updates.map((update) => update.delta))).toBe(sum(AMOUNTS));
  expect(updates.reduce((requests, update) => requests + update.requests, 0)).toBe(AMOUNTS.length);
  const view = await readSpend(front, key);
  expect([units(view.currentSpend), view.requests]).toEqual([sum(AMOUNTS), AMOUNTS.length]);
}

describe('a power cut', () => {
  /** What is waited for while producers send, before the line is cut: for the others it is cut wherever they are. */
  const MOMENTS: [string, (first: Producing) => Promise<unknown>][] = [
    ['as soon as the first record is sent', async () => {}],
    ['when the first batch is answered', ({ answers }) => answers.take(1)],
    ['when the second batch is answered', ({ answers }) => answers.take(2)],
    ['when all batches are answered', ({ answers }) => answers.take(3)],
    ['when a client hears of the first record', ({ client }) => client.toldOf(1)],
    ['when a client hears of 50 %', ({ client }) => alerted(client, 50)],
    ['when a client hears of 75 %', ({ client }) => alerted(client, 75)],
    ['when a client hears of 90 %', ({ client }) => alerted(client, 90)],
    ['when a client hears of 100 %', ({ client }) => alerted(client, 100)],
  ];

  test.each(MOMENTS)('%s loses and repeats nothing', async (_, moment) => {
    const operator = await front.officialMaster('admin-notifications', ['HighSpendAlert']);
    const { resumeToken } = await operator.invoke<{ resumeToken: string }>('GetResumeToken');
    const accounts = await Promise.all(Array.from({ length: 5 }, account));
    const [first, ...others] = accounts as [Account];
    const client = await SpendClient.connect(front, first.key);
    const answers = new Inbox<CloudEvent[]>('the first producer');
    const producing = Promise.allSettled([produce(first, answers), ...others.map((each) => produce(each))]);
    await moment({ client, answers });
    await powerCut();
    await producing;
    // The producers send everything again: they know of no answer.
    for (const { batches } of accounts) {
      for (const batch of batches) {
        const { results } = await front.publish(batch);
        for (const { status } of results) expect(['delivered', 'duplicate']).toContain(status);
      }
    }
    for (const each of accounts) await expectAllOnce(each);

    const back = await front.officialMaster('admin-notifications', ['HighSpendAlert']);
    await back.invoke('Resume', resumeToken);
    const expected = accounts.flatMap(({ key }) => [`${key.id} 90`, `${key.id} 100`]);
    await eventually(
      'what operators are told of',
      async () => highSpending([operator, back], accounts),
      (told) => told.length >= expected.length,
    );
    await back.invoke('GetResumeToken');
    expect(highSpending([operator, back], accounts).sort()).toEqual(expected.sort());
    await Promise.all([operator.stop(), back.stop(), client.stop()]);
  });

  /** What these clients were told of high spending with these keys: each event once, whoever was told. */
  function highSpending(clients: OfficialClient[], accounts: Account[]): string[] {
    const ids = accounts.map(({ key }) => key.id);
    const alerts = clients.flatMap((client) => client.events.all.map(([, event]) => event as BudgetAlert));
    const byId = new Map(alerts.map((alert) => [alert.eventId, alert]));
    return [...byId.values()]
      .filter((alert) => ids.includes(alert.virtualKeyId))
      .map((alert) => `${alert.virtualKeyId} ${alert.threshold}`);
  }

  test('after the answer, before what waited was told, has it told afterwards', async () => {
    const key = await front.createKey({ budget: BUDGET });
    await spend(front, records(key, 4, '0.1'));
    await powerCut();
    // Nobody sends anything again: a client that connects is all that happens.
    const client = await SpendClient.connect(front, key);
    const told = client.snapshot.currentSpend;
    if (told !== 0.4)
      await expect(client.nextUpdate()).resolves.toMatchObject({ previousSpend: told, currentSpend: 0.4 });
    const { updates } = await complete(key, 4);
    expect(updates.map((update) => update.delta)).toEqual([0.1, 0.3]);
    await client.stop();
  });

  test('in the middle of a stream leaves deltas that add up for who comes back', async () => {
    const key = await front.createKey({ budget: BUDGET });
    const reconnect = Array.from({ length: 100 }, () => 100);
    const client = await SpendClient.connect(front, key, { reconnect });
    const events = Array.from({ length: 40 }, (_, index) => spent(key, `0.${String(index + 1).padStart(3, '0')}`));
    for (const event of events.slice(0, 20)) await spend(front, [event]);
    const sending = Promise.allSettled(events.slice(20, 30).map((event) => front.publish([event])));
    await powerCut();
    await sending;
    await client.official.life.find('the reconnection', (event) => event === 'reconnected');
    const [, first] = await client.official.events.find(
      'where it stands',
      ([, event]) => (event as SpendUpdate).delta === 0,
    );
    for (const event of events.slice(20)) await front.publish([event]);
    const total = sum(events.map((event) => (event.data as { amount: string }).amount));
    let current = first as SpendUpdate;
    while (units(current.currentSpend) !== total) {
      const update = await client.nextUpdate();
      expect(update.previousSpend).toBe(current.currentSpend);
      current = update;
    }
    const { updates } = await complete(key, events.length);
    expect(sum(updates.map((update) => update.delta))).toBe(total);
    expect(units((await readSpend(front, key)).currentSpend)).toBe(total);
    await client.stop();
  });
});
