// Who subscribes to a task reads at once how it stands, before the subscription completes.

import { describe, expect, test } from 'vitest';
import { edge, type Key } from '../harness/edge.ts';
import { invocation, PROTOCOLS } from '../harness/protocol.ts';

const front = edge();

/** What a subscriber reads, from its call to the completion: events as name and arguments, then the completion. */
async function snapshot(key: Key, protocol: 'json' | 'messagepack', query = ''): Promise<unknown[]> {
  const client = await front.raw(key, protocol, query);
  client.sendRecords(invocation('SubscribeToTask', ['t'], 'subscription'));
  const completion = await client.completion('subscription');
  expect(completion.error).toBeUndefined();
  const records = client.records.all.map((record) =>
    'target' in record ? [record.target, ...record.arguments] : 'completion',
  );
  await client.close(1000);
  return records;
}

const STARTED = { taskId: 't', taskType: 'video', metadata: { model: 'm', frames: 3 } };

describe.each(PROTOCOLS)('in %s, the snapshot of a task', (protocol) => {
  test('that was only registered is empty', async () => {
    const key = await front.createKey();
    await front.tell(key, 'TaskRegistered', { taskId: 't', taskType: 'video' });
    await expect(snapshot(key, protocol)).resolves.toEqual(['completion']);
  });

  test('that started is its start', async () => {
    const key = await front.createKey();
    await front.tell(key, 'TaskStarted', STARTED);
    await expect(snapshot(key, protocol)).resolves.toEqual([
      ['TaskStarted', 't', 'video', { model: 'm', frames: 3 }],
      'completion',
    ]);
  });

  test('that runs is its start and its latest progress', async () => {
    const key = await front.createKey();
    await front.tell(key, 'TaskStarted', STARTED);
    for (const percentComplete of [10, 20.5]) {
      await front.tell(key, 'TaskProgress', { taskId: 't', percentComplete, message: `at ${percentComplete}` });
    }
    await expect(snapshot(key, protocol)).resolves.toEqual([
      ['TaskStarted', 't', 'video', { model: 'm', frames: 3 }],
      ['TaskProgress', 't', 20.5, 'at 20.5'],
      'completion',
    ]);
  });

  test.each([
    ['TaskCompleted', { result: { url: 'https://cdn.example/1' } }, [{ url: 'https://cdn.example/1' }]],
    ['TaskCompleted', {}, [null]],
    ['TaskFailed', { error: 'no luck', details: { code: 7 } }, ['no luck', { code: 7 }]],
    ['TaskFailed', { error: 'no luck' }, ['no luck', null]],
    ['TaskCancelled', { reason: 'changed my mind' }, ['changed my mind']],
    ['TaskCancelled', {}, [null]],
    ['TaskTimedOut', {}, []],
  ])('that ended by %s %j is its start and that end, without progress', async (type, data, args) => {
    const key = await front.createKey();
    await front.tell(key, 'TaskStarted', STARTED);
    await front.tell(key, 'TaskProgress', { taskId: 't', percentComplete: 50 });
    await front.tell(key, type, { taskId: 't', ...data });
    await expect(snapshot(key, protocol)).resolves.toEqual([
      ['TaskStarted', 't', 'video', { model: 'm', frames: 3 }],
      [type, 't', ...args],
      'completion',
    ]);
  });

  test('that nobody announced begins with whatever came first', async () => {
    const key = await front.createKey();
    await front.tell(key, 'TaskProgress', { taskId: 't', percentComplete: 50 });
    await expect(snapshot(key, protocol)).resolves.toEqual([['TaskProgress', 't', 50, null], 'completion']);
  });

  test('has the metadata as last known', async () => {
    const key = await front.createKey();
    await front.tell(key, 'TaskStarted', STARTED);
    await front.tell(key, 'TaskStarted', { ...STARTED, metadata: { model: 'n' } });
    const [started] = await snapshot(key, protocol);
    expect(started).toEqual(['TaskStarted', 't', 'video', { model: 'n' }]);
  });

  test('has metadata of its own for who asks for it', async () => {
    const key = await front.createKey();
    await front.tell(key, 'TaskStarted', STARTED, { correlationid: 'c-1' });
    const meta = { timestamp: expect.any(String), eventId: expect.any(String), correlationId: 'c-1' };
    await expect(snapshot(key, protocol, 'meta=1')).resolves.toEqual([
      ['TaskStarted', 't', 'video', { model: 'm', frames: 3 }, meta],
      'completion',
    ]);
  });

  test('outlives the sleep of its object', async () => {
    const key = await front.createKey();
    await front.tell(key, 'TaskStarted', STARTED);
    await front.tell(key, 'TaskProgress', { taskId: 't', percentComplete: 50 });
    await front.sleep(key);
    await expect(snapshot(key, protocol)).resolves.toHaveLength(3);
  });
});

test('a snapshot goes to who asked for it only', async () => {
  const key = await front.createKey();
  await front.tell(key, 'TaskStarted', STARTED);
  const [early, late] = await Promise.all([front.official(key), front.official(key)]);
  await early.invoke('SubscribeToTask', 't');
  await late.invoke('SubscribeToTask', 't');
  await early.invoke('UnsubscribeFromTask', 't');
  expect([early.events.all.length, late.events.all.length]).toEqual([1, 1]);
  await Promise.all([early.stop(), late.stop()]);
});

test('nothing is lost or repeated between a snapshot and what follows, however it falls', async () => {
  const key = await front.createKey();
  const steps = Array.from({ length: 60 }, (_, index) => index + 1);
  await front.tell(key, 'TaskStarted', STARTED);
  const client = await front.official(key);
  const publishing = (async () => {
    for (const percentComplete of steps) await front.tell(key, 'TaskProgress', { taskId: 't', percentComplete });
  })();
  await client.invoke('SubscribeToTask', 't');
  await publishing;
  await client.events.find('the last step', ([name, , percent]) => name === 'TaskProgress' && percent === steps.length);
  const [started, ...progress] = client.events.all;
  expect(started?.[0]).toBe('TaskStarted');
  const seen = progress.map(([, , percent]) => percent as number);
  const [first = 0] = seen;
  expect(seen).toEqual(steps.slice(first - 1));
  await client.stop();
});
