// When an object of a key fails: what was accepted waits in the queue, nobody else is held up, and what cannot be delivered
// becomes a dead letter that the operator sees and replays.

import { expect, test } from 'vitest';
import { cloudEvent } from '../harness/cloudEvents.ts';
import { type Key, MASTER_KEY } from '../harness/edge.ts';
import { flaky } from '../harness/flakyObjects.ts';

const front = flaky({ QUEUE_MAX_ATTEMPTS: '3', ORDER_WAIT_SECONDS: '3' });

const started = (key: Key, taskId: string) => cloudEvent(key.id, 'TaskStarted', { taskId, taskType: 'test' });
const completed = (key: Key, taskId: string) => cloudEvent(key.id, 'TaskCompleted', { taskId });

async function listener(key: Key) {
  const client = await front.official(key);
  await client.invoke('SubscribeToTaskType', 'test');
  return client;
}

interface Letter {
  id: string;
  kind: string;
  virtualKeyId?: string;
  cause: string;
  attempts: number;
  body: unknown;
}

async function letters(query = ''): Promise<Letter[]> {
  const answer = await front.admin('GET', `/v1/admin/dead-letters${query}`);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { items: Letter[] }).items;
}

/** Waits until operators are told of a dead letter, and gives those of a key. */
async function lettersOf(key: Key, count: number): Promise<Letter[]> {
  const admin = await front.officialMaster('admin-notifications', ['SystemAlert']);
  for (;;) {
    const found = await letters(`?virtualKeyId=${key.id}`);
    if (found.length >= count) {
      await admin.stop();
      return found;
    }
    await admin.events.find('an alert', ([, alert]) => (alert as { title: string }).title === 'Dead letters');
  }
}

test('an event whose object throws is accepted, and delivered once the object is well', async () => {
  const key = await front.createKey();
  const client = await listener(key);
  await front.break(key, 'throws');
  const answer = await front.publish([started(key, 'a')]);
  expect(answer).toMatchObject({ status: 202, results: [{ status: 'queued' }] });
  expect(client.events.all).toEqual([]);
  await front.break(key, null);
  await client.events.find('it', ([name]) => name === 'TaskStarted');
  await client.stop();
});

test('what comes after the failure waits for what came before it', async () => {
  const key = await front.createKey();
  const client = await listener(key);
  await front.break(key, 'throws', '/publish');
  await front.break(key, 'throws', '/line/arrive');
  expect((await front.publish([started(key, 'a')])).results).toMatchObject([{ status: 'queued' }]);
  await front.break(key, null, '/publish');
  expect((await front.publish([completed(key, 'a')])).results).toMatchObject([{ status: 'queued' }]);
  expect(client.events.all).toEqual([]);
  await front.break(key, null, '/line/arrive');
  await client.events.find('the end', ([name]) => name === 'TaskCompleted');
  expect(client.events.all.map(([name]) => name)).toEqual(['TaskStarted', 'TaskCompleted']);
  await client.stop();
});

test('an object that does not answer in time has its events sent through the queue', async () => {
  const key = await front.createKey();
  const client = await listener(key);
  await front.break(key, 'hangs', '/publish');
  expect((await front.publish([started(key, 'a')])).status).toBe(202);
  await client.events.find('it', ([name]) => name === 'TaskStarted');
  await client.stop();
});

test('an object that fails holds up nobody else, and its events become a dead letter that can be replayed', async () => {
  const [broken, well] = [await front.createKey(), await front.createKey()];
  const [brokenClient, wellClient] = [await listener(broken), await listener(well)];
  await front.break(broken, 'throws');
  const events = [started(broken, 'a'), started(well, 'b'), completed(broken, 'a')];
  const answer = await front.post('application/cloudevents-batch+json', JSON.stringify(events), {}, '?delivery=queue');
  expect(answer.status).toBe(202);
  await wellClient.events.find('it', ([, id]) => id === 'b');

  const [letter, ...others] = await lettersOf(broken, 1);
  expect(others).toEqual([]);
  expect(letter).toMatchObject({ kind: 'event', virtualKeyId: broken.id, attempts: 3 });
  expect(letter?.cause).toContain('out of order');
  expect(letter?.body).toEqual([events[0], events[2]]);
  const single = await front.admin('GET', `/v1/admin/dead-letters/${letter?.id}`);
  await expect(single.json()).resolves.toEqual(letter);

  await front.break(broken, null);
  expect(brokenClient.events.all).toEqual([]);
  const replayed = await front.admin('POST', `/v1/admin/dead-letters/${letter?.id}/replay`);
  expect(replayed.status).toBe(202);
  await expect(replayed.json()).resolves.toEqual({ replayed: 1 });
  await brokenClient.events.find('the end', ([name]) => name === 'TaskCompleted');
  expect(brokenClient.events.all.map(([name]) => name)).toEqual(['TaskStarted', 'TaskCompleted']);
  await expect(letters(`?virtualKeyId=${broken.id}`)).resolves.toEqual([]);
  const audit = await front.admin('GET', '/v1/admin/audit');
  const { items } = (await audit.json()) as { items: { action: string; subject: string }[] };
  expect(items).toContainEqual(expect.objectContaining({ action: 'dead-letter.replayed', subject: letter?.id }));
  await Promise.all([brokenClient.stop(), wellClient.stop()]);
});

test('all dead letters of a key are replayed at once, and others stay', async () => {
  const [one, other] = [await front.createKey(), await front.createKey()];
  const client = await listener(one);
  for (const key of [one, other]) {
    await front.break(key, 'throws');
    await front.publish([started(key, 'a')]);
    await front.publish([started(key, 'b')]);
  }
  await Promise.all([lettersOf(one, 2), lettersOf(other, 2)]);
  await front.break(one, null);
  const replayed = await front.admin('POST', `/v1/admin/dead-letters/replay?virtualKeyId=${one.id}`);
  await expect(replayed.json()).resolves.toEqual({ replayed: 2, failed: 0, hasMore: false });
  const seen = await client.events.take(2);
  expect(seen.map(([, id]) => id).sort()).toEqual(['a', 'b']);
  const stay = await letters(`?virtualKeyId=${other.id}`);
  expect(stay).toHaveLength(2);

  const page = await front.admin('GET', `/v1/admin/dead-letters?virtualKeyId=${other.id}&limit=1`);
  const { items, next } = (await page.json()) as { items: Letter[]; next: string };
  expect(items).toEqual(stay.slice(0, 1));
  await expect(letters(`?virtualKeyId=${other.id}&after=${next}`)).resolves.toEqual(stay.slice(1));
  for (const { id } of stay) {
    expect((await front.admin('DELETE', `/v1/admin/dead-letters/${id}`)).status).toBe(204);
    expect((await front.admin('DELETE', `/v1/admin/dead-letters/${id}`)).status).toBe(404);
    expect((await front.admin('POST', `/v1/admin/dead-letters/${id}/replay`)).status).toBe(404);
  }
  await client.stop();
});

test('a message that nobody can read becomes a dead letter, and those beside it are delivered', async () => {
  const key = await front.createKey();
  const client = await listener(key);
  const producer = await front.running.getQueueProducer('EVENTS', 'conduit-edge');
  await producer.send('no message of ours', { contentType: 'text' });
  await front.post('application/cloudevents+json', JSON.stringify(started(key, 'a')), {}, '?delivery=queue');
  await client.events.find('it', ([, id]) => id === 'a');
  const admin = await front.officialMaster('admin-notifications', ['SystemAlert']);
  let found = await letters('?kind=unreadable');
  while (found.length === 0) {
    await admin.events.next();
    found = await letters('?kind=unreadable');
  }
  expect(found).toMatchObject([{ kind: 'unreadable', body: 'no message of ours' }]);
  const replayed = await front.admin('POST', `/v1/admin/dead-letters/${found[0]?.id}/replay`);
  expect(replayed.status).toBe(409);
  const all = await front.admin('POST', '/v1/admin/dead-letters/replay?kind=unreadable');
  await expect(all.json()).resolves.toEqual({ replayed: 0, failed: 1, hasMore: false });
  for (const query of ['kind=other', 'after=x', 'limit=0']) {
    expect((await front.admin('GET', `/v1/admin/dead-letters?${query}`)).status, query).toBe(400);
  }
  await Promise.all([admin.stop(), client.stop()]);
});

test('a page of letters is no larger than can be carried, and the next one goes on', async () => {
  const producer = await front.running.getQueueProducer('DEAD_LETTERS', 'conduit-edge');
  const admin = await front.officialMaster('admin-notifications', ['SystemAlert']);
  const large = Array.from({ length: 50 }, (_, number) => `${number}-${'x'.repeat(120_000)}`);
  for (const text of large) await producer.send(text, { contentType: 'text' });
  const count = async () => {
    const answer = await front.admin('GET', '/v1/admin/queues');
    return ((await answer.json()) as { deadLetters: number }).deadLetters;
  };
  const { length } = await letters('?limit=1000&kind=event');
  while ((await count()) < length + large.length) await admin.events.next();
  const seen: unknown[] = [];
  let pages = 0;
  for (let next: string | undefined = '0'; next !== undefined; pages += 1) {
    const answer = await front.admin('GET', `/v1/admin/dead-letters?kind=unreadable&limit=1000&after=${next}`);
    const page = (await answer.json()) as { items: Letter[]; next?: string };
    seen.push(...page.items.map(({ body }) => body));
    next = page.next;
  }
  expect(pages).toBe(2);
  expect(large.every((text) => seen.includes(text))).toBe(true);
  expect(new Set(seen).size).toBe(seen.length);
  await admin.stop();
});

test('events are waited for no longer than ORDER_WAIT_SECONDS, and count when they come late', async () => {
  const key = await front.createKey();
  const client = await listener(key);
  // As a process does that dies between the two.
  await expect(front.ask(key, '/line/take', { count: 1 })).resolves.toEqual({ Taken: [1] });
  expect((await front.publish([started(key, 'a')])).results).toMatchObject([{ status: 'queued' }]);
  await client.events.find('it', ([, id]) => id === 'a');
  expect((await front.publish([started(key, 'b')])).results).toMatchObject([{ status: 'delivered' }]);
  const late = { number: 1, accepted_at_millis: Date.now(), events: [started(key, 'late')] };
  await expect(front.ask(key, '/line/arrive', { batches: [late] })).resolves.toBe(true);
  await expect(front.ask(key, '/line/arrive', { batches: [late] })).resolves.toBe(true);
  await front.tell(key, 'TaskStarted', { taskId: 'c', taskType: 'test' });
  await client.events.find('the last', ([, id]) => id === 'c');
  expect(client.events.all.map(([, id]) => id)).toEqual(['a', 'b', 'late', 'c']);
  await client.stop();
});

test('batches are applied by their numbers, in whatever order they come', async () => {
  const key = await front.createKey();
  const client = await listener(key);
  const batch = (number: number) => ({ number, accepted_at_millis: Date.now(), events: [started(key, `t${number}`)] });
  await expect(front.ask(key, '/line/take', { count: 3 })).resolves.toEqual({ Taken: [1, 2, 3] });
  await front.ask(key, '/line/arrive', { batches: [batch(3)] });
  await front.ask(key, '/line/arrive', { batches: [batch(2)] });
  expect(client.events.all).toEqual([]);
  await front.ask(key, '/line/arrive', { batches: [batch(1)] });
  await client.events.take(3);
  expect(client.events.all.map(([, id]) => id)).toEqual(['t1', 't2', 't3']);
  await client.stop();
});

test('events that are given up are waited for no longer', async () => {
  const key = await front.createKey();
  const client = await listener(key);
  await front.ask(key, '/line/take', { count: 2 });
  await front.publish([started(key, 'a')]);
  await front.ask(key, '/line/give-up', { numbers: [1, 2] });
  await client.events.find('it', ([, id]) => id === 'a');
  await client.stop();
});

test('a key that is deleted meanwhile leaves a dead letter, which cannot be replayed', async () => {
  const key = await front.createKey();
  await front.break(key, 'throws', '/line/arrive');
  await front.post('application/cloudevents+json', JSON.stringify(started(key, 'a')), {}, '?delivery=queue');
  await front.admin('DELETE', `/v1/admin/keys/${key.id}`);
  await front.break(key, null, '/line/arrive');
  const [letter] = await lettersOf(key, 1);
  expect(letter?.cause).toBe('there is no such virtual key');
  const replayed = await front.admin('POST', `/v1/admin/dead-letters/${letter?.id}/replay`);
  expect(replayed.status).toBe(409);
});

test('the operator sees what waits in each queue, and how many dead letters there are', async () => {
  const key = await front.createKey();
  await front.break(key, 'throws');
  const answer = await front.admin('GET', '/v1/admin/queues');
  expect(answer.status).toBe(200);
  const { items, deadLetters } = (await answer.json()) as { items: object[]; deadLetters: number };
  expect(items).toEqual(
    ['conduit-events', 'conduit-webhooks', 'conduit-dead-letters'].map((name) =>
      expect.objectContaining({ name, depth: expect.any(Number) as number, bytes: expect.any(Number) as number }),
    ),
  );
  const metrics = await (await front.admin('GET', '/metrics')).text();
  expect(metrics).toMatch(new RegExp(`^conduit_queue_dead_letters ${deadLetters}$`, 'm'));
  expect(metrics).toMatch(/^conduit_queue_depth \d+$/m);
  await front.break(key, null);
});

test('only the operator may look at the bus', async () => {
  const key = await front.createKey();
  const routes = [
    ['GET', '/v1/admin/dead-letters'],
    ['GET', '/v1/admin/dead-letters/x'],
    ['DELETE', '/v1/admin/dead-letters/x'],
    ['POST', '/v1/admin/dead-letters/x/replay'],
    ['POST', '/v1/admin/dead-letters/replay'],
    ['GET', '/v1/admin/queues'],
  ] as const;
  for (const [method, path] of routes) {
    const nobody = await fetch(front.url + path, { method });
    expect(nobody.status, path).toBe(401);
    const owner = await fetch(front.url + path, { method, headers: { authorization: `Bearer ${key.key}` } });
    expect(owner.status, path).toBe(403);
    const wrong = await fetch(front.url + path, { method: 'PUT', headers: { 'x-master-key': MASTER_KEY } });
    expect(wrong.status, path).toBe(405);
  }
});
