// Events that go through the queue: accepted at once, applied each once, in the order in which they were accepted.

import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { type CloudEvent, cloudEvent } from '../harness/cloudEvents.ts';
import { edge, type Key, MASTER_KEY } from '../harness/edge.ts';

const front = edge();

const BATCH = 'application/cloudevents-batch+json';

/** Posts events that are to go through the queue. */
function queue(events: CloudEvent[]) {
  return front.post(BATCH, JSON.stringify(events), {}, '?delivery=queue');
}

function statuses(published: { results: { status: string }[] }): string[] {
  return published.results.map((result) => result.status);
}

const started = (key: Key, taskId: string) => cloudEvent(key.id, 'TaskStarted', { taskId, taskType: 'test' });
const progressed = (key: Key, taskId: string, percentComplete: number) =>
  cloudEvent(key.id, 'TaskProgress', { taskId, percentComplete });
const completed = (key: Key, taskId: string) => cloudEvent(key.id, 'TaskCompleted', { taskId });

async function listener(key: Key) {
  const client = await front.official(key);
  await client.invoke('SubscribeToTaskType', 'test');
  return client;
}

test('they are answered with 202 and reach the client, each once however often they are sent', async () => {
  const key = await front.createKey();
  const client = await listener(key);
  const events = [started(key, 'a'), completed(key, 'a')];
  const answer = await queue(events);
  expect(answer.status).toBe(202);
  expect(statuses(answer)).toEqual(['queued', 'queued']);
  expect(statuses(await queue(events))).toEqual(['queued', 'queued']);
  await queue([started(key, 'b')]);
  await client.events.find('the last', ([, id]) => id === 'b');
  expect(client.events.all.map(([name, id]) => `${name} ${id}`)).toEqual([
    'TaskStarted a',
    'TaskCompleted a',
    'TaskStarted b',
  ]);
  await client.stop();
});

test('what is sent straight waits for what went into the queue before it', async () => {
  const key = await front.createKey();
  const client = await listener(key);
  for (let round = 0; round < 5; round += 1) {
    const id = `t${round}`;
    await queue([started(key, id)]);
    const straight = await front.publish([progressed(key, id, 10)]);
    // The queue may have been quicker.
    expect(['queued', 'delivered']).toContain(straight.results[0]?.status);
    await queue([progressed(key, id, 20)]);
    await front.publish([completed(key, id)]);
    await client.events.find('the end', ([name, task]) => name === 'TaskCompleted' && task === id);
    const seen = client.events.all.filter(([, task]) => task === id).map(([name, , percent]) => [name, percent]);
    expect(seen[0]?.[0]).toBe('TaskStarted');
    expect(seen.at(-1)?.[0]).toBe('TaskCompleted');
    const percents = seen.filter(([name]) => name === 'TaskProgress').map(([, percent]) => percent);
    // Of progress that is applied at once only the latest is told.
    expect(percents.at(-1)).toBe(20);
    expect(percents).toEqual([...percents].sort());
  }
  await client.stop();
});

test('a thousand events of many keys keep the order of each key', async () => {
  const keys = await Promise.all(Array.from({ length: 5 }, () => front.createKey()));
  const clients = await Promise.all(keys.map(listener));
  const events = Array.from({ length: 1000 }, (_, index) => {
    const key = keys[index % keys.length] as Key;
    // A body of one message's size has a few hundred of these.
    return cloudEvent(key.id, 'TaskStarted', {
      taskId: String(index),
      taskType: 'test',
      metadata: { pad: 'x'.repeat(700) },
    });
  });
  const answer = await queue(events);
  expect(answer.status).toBe(202);
  for (const [place, client] of clients.entries()) {
    await client.events.find('the last', ([, id]) => id === String(995 + place));
    expect(client.events.all.map(([, id]) => id)).toEqual(
      events.filter((_, index) => index % 5 === place).map((event) => (event.data as { taskId: string }).taskId),
    );
    await client.stop();
  }
});

test('events for everybody take the queue too', async () => {
  const key = await front.createKey();
  const client = await front.officialAt('notifications', key, ['ServiceDegraded']);
  const answer = await queue([cloudEvent(undefined, 'ServiceDegraded', { service: 's', reason: 'r' })]);
  expect(statuses(answer)).toEqual(['queued']);
  await client.events.find('it', ([name, service]) => name === 'ServiceDegraded' && service === 's');
  await client.stop();
});

test('what nobody can take is rejected before it is queued', async () => {
  const key = await front.createKey();
  const answer = await queue([started({ ...key, id: 'nobody' }, 'a'), progressed(key, 'a', 101), started(key, 'a')]);
  expect(answer.status).toBe(202);
  expect(statuses(answer)).toEqual(['rejected', 'rejected', 'queued']);
  expect(answer.results[0]?.error).toEqual({ field: 'virtualkeyid', message: 'there is no such virtual key' });
  const none = await queue([started({ ...key, id: 'nobody' }, 'a')]);
  expect(none.status).toBe(400);
  const other = await front.post(BATCH, '[]', {}, '?delivery=pigeon');
  expect(other).toMatchObject({ status: 400, type: 'urn:conduit:problem:invalid-parameter' });
});

test('of the progress of a task that comes in one batch the latest is told, and every state change', async () => {
  const key = await front.createKey();
  const client = await listener(key);
  const events = [started(key, 'a'), ...[10, 20, 30].map((percent) => progressed(key, 'a', percent))];
  const answer = await front.publish([...events, started(key, 'b'), progressed(key, 'b', 5), completed(key, 'a')]);
  expect(statuses(answer)).toEqual(Array.from({ length: 7 }, () => 'delivered'));
  expect(answer.results.map((result) => result.recipients)).toEqual([1, 1, 1, 1, 1, 1, 1]);
  await client.events.find('the last', ([name]) => name === 'TaskCompleted');
  expect(client.events.all.map(([name, id, percent]) => [name, id, name === 'TaskProgress' ? percent : ''])).toEqual([
    ['TaskStarted', 'a', ''],
    ['TaskProgress', 'a', 30],
    ['TaskStarted', 'b', ''],
    ['TaskProgress', 'b', 5],
    ['TaskCompleted', 'a', ''],
  ]);
  await client.stop();
});

async function postBytes(body: Uint8Array<ArrayBuffer>, encoding: string) {
  const headers = { 'x-master-key': MASTER_KEY, 'content-type': BATCH, 'content-encoding': encoding };
  const answer = await fetch(`${front.url}/v1/events`, { method: 'POST', headers, body });
  return { answer, json: (await answer.json()) as { type?: string; results?: { status: string }[] } };
}

test('a body may be compressed with gzip', async () => {
  const key = await front.createKey();
  const events = Array.from({ length: 500 }, (_, index) => started(key, `t${index}`));
  const { answer, json } = await postBytes(new Uint8Array(gzipSync(JSON.stringify(events))), 'gzip');
  expect(answer.status).toBe(200);
  expect(json.results?.every((result) => result.status === 'delivered')).toBe(true);
});

test('a compressed body has the limits of any other, and is refused where it is none', async () => {
  const bomb = await postBytes(new Uint8Array(gzipSync(Buffer.alloc(200_000_000))), 'gzip');
  expect(bomb.answer.status).toBe(413);
  expect(bomb.json.type).toBe('urn:conduit:problem:content-too-large');
  for (const body of [Buffer.from('[]'), gzipSync('[]').subarray(0, 12), Buffer.from([])]) {
    const { answer, json } = await postBytes(new Uint8Array(body), 'gzip');
    expect(answer.status).toBe(400);
    expect(json.type).toBe('urn:conduit:problem:malformed-body');
  }
  const unknown = await postBytes(new Uint8Array(Buffer.from('[]')), 'zstd');
  expect(unknown.answer.status).toBe(415);
  expect(unknown.answer.headers.get('accept-encoding')).toBe('gzip');
});
