// What subscribers read of a task: the arguments, their types, and what is left out.

import { describe, expect, test } from 'vitest';
import { cloudEvent } from '../harness/cloudEvents.ts';
import { edge, type Key } from '../harness/edge.ts';
import type { OfficialClient } from '../harness/officialClient.ts';
import { PROTOCOLS } from '../harness/protocol.ts';

const front = edge();

const ULID = /^[0-9A-HJKMNP-TV-Z]{26}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** A client of a new key that hears of all its tasks. */
async function listener(
  options: { protocol?: 'json' | 'messagepack'; query?: string } = {},
): Promise<[Key, OfficialClient]> {
  const key = await front.createKey();
  const client = await front.official(key, options);
  await client.invoke('SubscribeToTaskType', '*');
  return [key, client];
}

const STARTED = { taskId: 't', taskType: 'video' };

describe.each(PROTOCOLS)('in %s', (protocol) => {
  test.each([
    [
      'TaskStarted',
      { taskType: 'video', metadata: { a: [1, null, { b: 'ü🦀' }] } },
      ['video', { a: [1, null, { b: 'ü🦀' }] }],
    ],
    ['TaskStarted', { taskType: 'video' }, ['video', {}]],
    ['TaskStarted', { taskType: 'video', metadata: null }, ['video', {}]],
    ['TaskStarted', { taskType: 'video', metadata: 'text' }, ['video', 'text']],
    ['TaskProgress', { percentComplete: 42, message: 'halfway' }, [42, 'halfway']],
    ['TaskProgress', { percentComplete: 0 }, [0, null]],
    ['TaskProgress', { percentComplete: 33.25 }, [33.25, null]],
    ['TaskProgress', { percentComplete: 100.0, message: '' }, [100, '']],
    ['TaskCompleted', { result: { urls: ['a'] } }, [{ urls: ['a'] }]],
    ['TaskCompleted', { result: [1, 2.5, true] }, [[1, 2.5, true]]],
    ['TaskCompleted', {}, [null]],
    ['TaskFailed', { error: 'no luck', details: { code: 7 }, isRetryable: true }, ['no luck', { code: 7 }]],
    ['TaskFailed', { error: 'no luck' }, ['no luck', null]],
    ['TaskCancelled', { reason: 'bored' }, ['bored']],
    ['TaskCancelled', {}, [null]],
    ['TaskTimedOut', {}, []],
  ])('%s %j is told with its arguments and no others', async (type, data, args) => {
    const [key, client] = await listener({ protocol });
    await front.tell(key, type, { taskId: 't', ...data });
    await expect(client.events.next()).resolves.toEqual([type, 't', ...args]);
    await client.stop();
  });

  test('whole numbers stay whole, and large and small ones are what they were', async () => {
    const key = await front.createKey();
    const raw = await front.raw(key, protocol);
    await raw.invoke('SubscribeToTaskType', '*');
    const metadata = { zero: 0, minus: -1, int53: 2 ** 53 - 1, half: 0.5, tiny: 1e-7 };
    await front.tell(key, 'TaskStarted', { ...STARTED, metadata });
    await front.tell(key, 'TaskProgress', { taskId: 't', percentComplete: 42.0 });
    await expect(raw.event('TaskStarted')).resolves.toEqual(['t', 'video', metadata]);
    await raw.event('TaskProgress');
    const frame = raw.frames.all.at(-1)?.data ?? Buffer.alloc(0);
    // 42 is 0x2a in MessagePack; a float would be 0xcb and eight bytes.
    if (protocol === 'json') expect(frame.toString()).toContain('"arguments":["t",42,null]');
    else expect(frame.toString('hex')).toContain('93a1742ac0');
    await raw.close(1000);
  });

  test.each([
    ['{"a":[{"b":{"c":[[],{}]}}],"":"","ü 漢":"🦀"}'],
    ['{"text":"\\u0000\\u001e\\u2028</script>\\\\"}'],
    ['{"large":123456789012345678901234567890,"unsigned":18446744073709551615,"signed":-9223372036854775808}'],
    ['{"scientific":1E2,"tiny":1e-300,"huge":1e308,"minusZero":-0.0}'],
    ['{"twice":1,"twice":2}'],
    [`{"deep":${'['.repeat(58)}${']'.repeat(58)}}`],
  ])('JSON of any shape arrives as a JavaScript client reads it: %s', async (metadata) => {
    const [key, client] = await listener({ protocol });
    const event = JSON.stringify(cloudEvent(key.id, 'TaskStarted', { ...STARTED, metadata: 'here' }));
    await front.post('application/cloudevents+json', event.replace('"here"', metadata));
    const [, , , heard] = await client.events.next();
    expect(JSON.stringify(heard)).toBe(JSON.stringify(JSON.parse(metadata)));
    await client.stop();
  });

  test('who asks for it reads the time, the id and the correlation id of each event', async () => {
    const [key, client] = await listener({ protocol, query: 'meta=1' });
    await front.tell(key, 'TaskStarted', STARTED, { correlationid: 'c-1' });
    await front.tell(key, 'TaskProgress', { taskId: 't', percentComplete: 1, correlationId: 'c-2' });
    await front.tell(key, 'TaskTimedOut', { taskId: 't' });
    const events = await client.events.take(3);
    const meta = { timestamp: expect.stringMatching(TIME), eventId: expect.stringMatching(ULID) };
    expect(events).toEqual([
      ['TaskStarted', 't', 'video', {}, { ...meta, correlationId: 'c-1' }],
      ['TaskProgress', 't', 1, null, { ...meta, correlationId: 'c-2' }],
      ['TaskTimedOut', 't', meta],
    ]);
    const ids = events.map((event) => (event.at(-1) as { eventId: string }).eventId);
    expect(ids).toEqual([...new Set(ids)].sort());
    await client.stop();
  });
});

test('who asked for metadata and who did not, in both protocols, read the same event', async () => {
  const key = await front.createKey();
  const options = PROTOCOLS.flatMap((protocol) => ['', 'meta=1', 'meta=0'].map((query) => ({ protocol, query })));
  const clients = await Promise.all(options.map((option) => front.official(key, option)));
  await Promise.all(clients.map((client) => client.invoke('SubscribeToTaskType', 'video')));
  await expect(front.tell(key, 'TaskStarted', STARTED)).resolves.toMatchObject({ recipients: 6 });
  const heard = await Promise.all(clients.map((client) => client.events.next()));
  expect(heard.map((event) => event.length)).toEqual(options.map(({ query }) => (query === 'meta=1' ? 5 : 4)));
  expect(new Set(heard.map((event) => JSON.stringify(event.slice(0, 4)))).size).toBe(1);
  const metas = heard.flatMap((event) => (event.length === 5 ? [JSON.stringify(event[4])] : []));
  expect(new Set(metas).size).toBe(1);
  await Promise.all(clients.map((client) => client.stop()));
});

test('ids sort in the order in which events arrive, though many producers race', async () => {
  const [key, client] = await listener({ query: 'meta=1' });
  const producers = Array.from({ length: 20 }, async (_, producer) => {
    for (let step = 1; step <= 5; step++) {
      await front.tell(key, 'TaskProgress', { taskId: `t${producer}`, percentComplete: step });
    }
  });
  const events = await client.events.take(100);
  await Promise.all(producers);
  const ids = events.map((event) => (event.at(-1) as { eventId: string }).eventId);
  expect(ids).toEqual([...new Set(ids)].sort());
  for (let producer = 0; producer < 20; producer++) {
    const steps = events.filter(([, taskId]) => taskId === `t${producer}`).map(([, , percent]) => percent);
    expect(steps).toEqual([1, 2, 3, 4, 5]);
  }
  await client.stop();
});

describe('after its end', () => {
  test.each([
    ['TaskCompleted', {}],
    ['TaskFailed', { error: 'no luck' }],
    ['TaskCancelled', {}],
    ['TaskTimedOut', {}],
  ])('by %s a task is silent, whatever is reported of it', async (type, data) => {
    const [key, client] = await listener();
    await front.tell(key, 'TaskStarted', STARTED);
    await expect(front.tell(key, type, { taskId: 't', ...data })).resolves.toMatchObject({ status: 'delivered' });
    for (const [late, more] of [
      ['TaskRegistered', { taskType: 'video' }],
      ['TaskStarted', { taskType: 'video' }],
      ['TaskProgress', { percentComplete: 99 }],
      ['TaskCompleted', { result: 'another' }],
      ['TaskFailed', { error: 'another' }],
      ['TaskCancelled', {}],
      ['TaskTimedOut', {}],
    ] as const) {
      const result = await front.tell(key, late, { taskId: 't', ...more });
      expect(result).toMatchObject({ status: 'ignored', reason: 'task ended' });
    }
    await client.invoke('UnsubscribeFromTask', 'x');
    expect(client.events.all.map(([name]) => name)).toEqual(['TaskStarted', type]);
    await client.stop();
  });
});

describe('progress', () => {
  const progress = (key: Key, percentComplete: number, others: object = {}) =>
    front.tell(key, 'TaskProgress', { taskId: 't', percentComplete }, others);

  test('that is lower than what was told is ignored as stale', async () => {
    const [key, client] = await listener();
    await expect(progress(key, 50)).resolves.toMatchObject({ status: 'delivered' });
    await expect(progress(key, 49.9)).resolves.toMatchObject({ status: 'ignored', reason: 'stale' });
    await expect(progress(key, 50.1)).resolves.toMatchObject({ status: 'delivered' });
    await client.invoke('UnsubscribeFromTask', 'x');
    expect(client.events.all.map(([, , percent]) => percent)).toEqual([50, 50.1]);
    await client.stop();
  });

  test('that is older than what was told is ignored as stale, even if it is higher', async () => {
    const [key, client] = await listener();
    await expect(progress(key, 50, { time: '2026-01-31T12:00:01Z' })).resolves.toMatchObject({ status: 'delivered' });
    const older = await progress(key, 60, { time: '2026-01-31T12:00:00Z' });
    expect(older).toMatchObject({ status: 'ignored', reason: 'stale' });
    await expect(progress(key, 60, { time: '2026-01-31T12:00:02Z' })).resolves.toMatchObject({ status: 'delivered' });
    await client.stop();
  });

  test('of one task says nothing of another', async () => {
    const [key, client] = await listener();
    await progress(key, 90);
    const other = await front.tell(key, 'TaskProgress', { taskId: 'other', percentComplete: 1 });
    expect(other).toMatchObject({ status: 'delivered' });
    await client.stop();
  });
});

describe('what must never leave', () => {
  test('stays behind: webhook headers in metadata, stack traces in errors', async () => {
    const [key, client] = await listener();
    const metadata = { model: 'm', webhookHeaders: { authorization: 'Bearer secret' }, WebhookHeaders: 'secret' };
    await front.tell(key, 'TaskStarted', { ...STARTED, metadata });
    const trace = 'No luck\n   at Conduit.Tasks.Run(Int32 id) in /src/secret.cs:line 7';
    await front.tell(key, 'TaskFailed', { taskId: 't', error: trace, details: trace });
    const [started, failed] = await client.events.take(2);
    expect(started).toEqual(['TaskStarted', 't', 'video', { model: 'm' }]);
    expect(failed).toEqual(['TaskFailed', 't', 'No luck', 'No luck']);
    await client.stop();
  });
});
