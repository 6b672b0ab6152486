// POST /v1/events: what is taken, what is rejected, and what the sender reads of each event.

import { describe, expect, test } from 'vitest';
import { type CloudEvent, cloudEvent } from '../harness/cloudEvents.ts';
import { edge, type Key, MASTER_KEY } from '../harness/edge.ts';

const front = edge();

const SINGLE = 'application/cloudevents+json';
const BATCH = 'application/cloudevents-batch+json';
const LINES = 'application/x-ndjson';

const started = (key: Key, taskId: string, others: object = {}): CloudEvent =>
  cloudEvent(key.id, 'TaskStarted', { taskId, taskType: 'test' }, others);

/** Posts a body and gives the answer as it is. */
async function post(body: string, contentType: string | undefined): Promise<Response> {
  const headers = {
    authorization: `Bearer ${MASTER_KEY}`,
    ...(contentType === undefined ? {} : { 'content-type': contentType }),
  };
  return fetch(`${front.url}/v1/events`, { method: 'POST', headers, body: new TextEncoder().encode(body) });
}

async function expectProblem(response: Response, status: number, type: string): Promise<void> {
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  await expect(response.json()).resolves.toMatchObject({ status, type: `urn:conduit:problem:${type}` });
}

describe('a body', () => {
  test.each([
    ['one event', SINGLE, (events: CloudEvent[]) => JSON.stringify(events[0]), 1],
    ['one event, with a charset', `${SINGLE}; charset=utf-8`, (events: CloudEvent[]) => JSON.stringify(events[0]), 1],
    ['a batch', BATCH, (events: CloudEvent[]) => JSON.stringify(events), 3],
    ['lines', LINES, (events: CloudEvent[]) => events.map((event) => JSON.stringify(event)).join('\n'), 3],
    [
      'lines with blank ones between',
      LINES,
      (events: CloudEvent[]) => events.map((event) => `${JSON.stringify(event)}\r\n\n`).join(''),
      3,
    ],
  ])('of %s is taken, and every event answered in its place', async (_, contentType, write, count) => {
    const key = await front.createKey();
    const client = await front.official(key);
    await client.invoke('SubscribeToTaskType', '*');
    const events = ['a', 'b', 'c'].map((taskId) => started(key, taskId));
    const { status, results } = await front.post(contentType, write(events));
    expect(status).toBe(200);
    const delivered = { status: 'delivered', recipients: 1 };
    expect(results).toEqual(events.slice(0, count).map(({ id }) => ({ id, ...delivered })));
    const heard = await client.events.take(count);
    expect(heard.map(([, taskId]) => taskId)).toEqual(['a', 'b', 'c'].slice(0, count));
    await client.stop();
  });

  test('of an empty batch is taken, and answered with no results', async () => {
    const { status, results } = await front.post(BATCH, '[]');
    expect([status, results]).toEqual([200, []]);
  });

  test.each([
    ['text/plain', '{}'],
    ['application/xml', '<a/>'],
    ['application/x-www-form-urlencoded', 'a=b'],
    ['', '{}'],
  ])('of the type "%s" is refused with 415', async (contentType, body) => {
    await expectProblem(await post(body, contentType), 415, 'unsupported-media-type');
  });

  test.each([
    ['nothing', SINGLE, ''],
    ['spaces', BATCH, '  \n'],
    ['half an event', SINGLE, '{"specversion":"1.0"'],
    ['half a batch', BATCH, '[{}'],
    ['a batch that is no list', BATCH, '{}'],
    ['something else than JSON', BATCH, 'nonsense'],
  ])('of %s is refused with 400', async (_, contentType, body) => {
    await expectProblem(await post(body, contentType), 400, 'malformed-body');
  });

  test('over 1 MiB is refused with 413, and one of exactly 1 MiB is read', async () => {
    const key = await front.createKey();
    const body = JSON.stringify([started(key, 't')]);
    const MEBIBYTE = 1_048_576;
    await expectProblem(await post(body.padEnd(MEBIBYTE + 1), BATCH), 413, 'content-too-large');
    const { status, results } = await front.post(BATCH, body.padEnd(MEBIBYTE));
    expect([status, results[0]?.status]).toEqual([200, 'delivered']);
  });

  test.each([
    ['a batch', BATCH, (events: object[]) => JSON.stringify(events)],
    ['lines', LINES, (events: object[]) => events.map((event) => JSON.stringify(event)).join('\n')],
  ])('of 1,001 events in %s is refused with 413, and none of them is taken', async (_, contentType, write) => {
    const key = await front.createKey();
    const events = Array.from({ length: 1_001 }, (_, index) => started(key, `${index}`));
    await expectProblem(await post(write(events), contentType), 413, 'content-too-large');
    const { results } = await front.publish(events.slice(0, 1));
    expect(results[0]?.status).toBe('delivered');
  });

  test('that is no POST is refused with 405', async () => {
    await expectProblem(await front.admin('GET', '/v1/events'), 405, 'method-not-allowed');
  });
});

describe('an event', () => {
  test.each<[string, object, string]>([
    ['no id', { id: undefined }, 'id'],
    ['a blank id', { id: ' ' }, 'id'],
    ['an id that is a number', { id: 7 }, 'id'],
    ['no source', { source: undefined }, 'source'],
    ['another version of CloudEvents', { specversion: '2.0' }, 'specversion'],
    ['no type', { type: undefined }, 'type'],
    ['an unknown type', { type: 'TaskExploded' }, 'type'],
    ['a type in another case', { type: 'taskstarted' }, 'type'],
    ['no key', { virtualkeyid: undefined }, 'virtualkeyid'],
    ['a key that is an object', { virtualkeyid: {} }, 'virtualkeyid'],
    ['an unknown key', { virtualkeyid: 'nobody' }, 'virtualkeyid'],
    ['an unknown key of odd letters', { virtualkeyid: '../vkey-1?a=%00#漢🦀' }, 'virtualkeyid'],
    ['no data', { data: undefined }, 'data'],
    ['data that is a text', { data: 'text' }, 'data'],
    ['data without a task', { data: { taskType: 'test' } }, 'data.taskId'],
    ['a blank task', { data: { taskId: '', taskType: 'test' } }, 'data.taskId'],
    ['a task that is true', { data: { taskId: true, taskType: 'test' } }, 'data.taskId'],
    ['a task of 201 bytes', { data: { taskId: 'x'.repeat(201), taskType: 'test' } }, 'data.taskId'],
    ['no task type', { data: { taskId: 't' } }, 'data.taskType'],
    ['a field that nobody knows', { data: { taskId: 't', taskType: 'test', colour: 'red' } }, 'data.colour'],
    ['a deadline of nothing', { data: { taskId: 't', taskType: 'test', deadlineSeconds: 0 } }, 'data.deadlineSeconds'],
    [
      'a deadline in words',
      { data: { taskId: 't', taskType: 'test', deadlineSeconds: 'soon' } },
      'data.deadlineSeconds',
    ],
    [
      'progress over 100',
      { type: 'TaskProgress', data: { taskId: 't', percentComplete: 100.1 } },
      'data.percentComplete',
    ],
    ['progress below 0', { type: 'TaskProgress', data: { taskId: 't', percentComplete: -1 } }, 'data.percentComplete'],
    [
      'progress in words',
      { type: 'TaskProgress', data: { taskId: 't', percentComplete: 'half' } },
      'data.percentComplete',
    ],
    ['a failure without an error', { type: 'TaskFailed', data: { taskId: 't' } }, 'data.error'],
    ['a time that is none', { time: 'yesterday' }, 'time'],
    [
      'a time that is none in its data',
      { data: { taskId: 't', taskType: 'test', timestamp: 'now' } },
      'data.timestamp',
    ],
    ['binary data', { data_base64: 'AAAA' }, 'data_base64'],
    ['data that is no JSON', { datacontenttype: 'text/xml' }, 'datacontenttype'],
  ])('with %s is rejected by the name of the field, and the others of its batch are taken', async (_, wrong, field) => {
    const key = await front.createKey();
    const [before, bad, after] = [started(key, 'before'), { ...started(key, 'bad'), ...wrong }, started(key, 'after')];
    const { status, results } = await front.publish([before, bad, after]);
    expect(status).toBe(200);
    expect(results.map((result) => result.status)).toEqual(['delivered', 'rejected', 'delivered']);
    expect(results[1]?.error).toEqual({ field, message: expect.stringMatching(/./) });
    const { id } = bad as { id?: unknown };
    expect(results[1]?.id).toBe(typeof id === 'string' ? id : undefined);
  });

  test('of more than 100,000 bytes is rejected, and one below is taken', async () => {
    const key = await front.createKey();
    const sized = (taskId: string, bytes: number) =>
      cloudEvent(key.id, 'TaskStarted', { taskId, taskType: 'test', metadata: 'x'.repeat(bytes) });
    const { results } = await front.publish([sized('large', 100_000), sized('small', 99_000)]);
    expect(results.map((result) => result.status)).toEqual(['rejected', 'delivered']);
    expect(results[0]?.error?.message).toContain('100000');
  });

  test('that no line of NDJSON could be is rejected alone', async () => {
    const key = await front.createKey();
    const lines = [JSON.stringify(started(key, 'a')), '{"specversion":', JSON.stringify(started(key, 'b'))];
    const { status, results } = await front.post(LINES, lines.join('\n'));
    expect(status).toBe(200);
    expect(results.map((result) => result.status)).toEqual(['delivered', 'rejected', 'delivered']);
  });

  test('may have attributes that nobody knows', async () => {
    const key = await front.createKey();
    const event = started(key, 't', { dataschema: 'urn:x', traceparent: '00-1', customattribute: 7, subject: 's' });
    await expect(front.publish([event])).resolves.toMatchObject({ status: 200, results: [{ status: 'delivered' }] });
  });

  test('may name its key by a number where the key has one for an id', async () => {
    const { results } = await front.publish([
      { ...cloudEvent('', 'TaskTimedOut', { taskId: 't' }), virtualkeyid: 456 },
    ]);
    expect(results[0]).toMatchObject({ status: 'rejected', error: { field: 'virtualkeyid' } });
  });
});

test('a body of which every event is rejected is answered with 400, and with each reason', async () => {
  const key = await front.createKey();
  const bad = { ...started(key, 't'), type: 'Nothing' };
  for (const events of [[bad], [bad, { ...bad, id: 'other' }]]) {
    const { status, results } = await front.publish(events);
    expect(status).toBe(400);
    expect(results.map((result) => result.status)).toEqual(events.map(() => 'rejected'));
  }
});

test('the events of a batch for several keys are answered in the order of the batch', async () => {
  const keys = await Promise.all([front.createKey(), front.createKey(), front.createKey()]);
  const events = Array.from({ length: 30 }, (_, index) => started(keys[index % 3] as Key, `${index}`));
  events.splice(7, 0, { ...(events[0] as CloudEvent), id: 'bad', virtualkeyid: 'nobody' });
  const { results } = await front.publish(events);
  expect(results.map((result) => result.id)).toEqual(events.map((event) => event.id));
  expect(results.filter((result) => result.status !== 'delivered').map((result) => result.id)).toEqual(['bad']);
});

test('a thousand events of one batch arrive at a subscriber in their order', async () => {
  const key = await front.createKey();
  const clients = await Promise.all([front.raw(key, 'json'), front.raw(key, 'messagepack')]);
  await Promise.all(clients.map((client) => client.invoke('SubscribeToTaskType', '*')));
  const ids = Array.from({ length: 1_000 }, (_, index) => `task-${index}`);
  const { status, results } = await front.publish(ids.map((id) => started(key, id)));
  expect(status).toBe(200);
  expect(results.every((result) => result.status === 'delivered' && result.recipients === 2)).toBe(true);
  for (const client of clients) {
    const events = await client.records.take(ids.length);
    expect(events.map((event) => 'arguments' in event && event.arguments[0])).toEqual(ids);
    await client.close(1000);
  }
});

test('events of one key posted one after another arrive in that order', async () => {
  const key = await front.createKey();
  const client = await front.official(key);
  await client.invoke('SubscribeToTaskType', '*');
  for (let percentComplete = 1; percentComplete <= 50; percentComplete++) {
    await front.tell(key, 'TaskProgress', { taskId: 't', percentComplete });
  }
  const events = await client.events.take(50);
  expect(events.map(([, , percent]) => percent)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  await client.stop();
});
