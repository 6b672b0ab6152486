// A key whose clients are idle sleeps. Nobody can tell.

import { describe, expect, test } from 'vitest';
import { edge } from '../harness/edge.ts';
import { JSON_PING, MESSAGEPACK_PING, PROTOCOLS } from '../harness/protocol.ts';

const front = edge();

describe.each(PROTOCOLS)('in %s', (protocol) => {
  test('a client of a sleeping key has its pings answered, and an event wakes the key and arrives', async () => {
    const key = await front.createKey();
    await front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'test' });
    const [raw, official] = await Promise.all([front.raw(key, protocol), front.official(key, { protocol })]);
    await raw.invoke('SubscribeToTask', 't');
    await official.invoke('SubscribeToTaskType', 'test');
    await front.sleep(key);
    for (let count = 0; count < 3; count++) {
      raw.send(protocol === 'json' ? JSON_PING : MESSAGEPACK_PING);
      await expect(raw.records.next()).resolves.toMatchObject({ type: 6 });
    }
    if (protocol === 'json') await expect(front.sleeps(key)).resolves.toBe(true);
    const result = await front.tell(key, 'TaskProgress', { taskId: 't', percentComplete: 7 });
    expect(result).toMatchObject({ status: 'delivered', recipients: 2 });
    await expect(raw.event('TaskProgress')).resolves.toEqual(['t', 7, null]);
    await expect(official.events.next()).resolves.toEqual(['TaskProgress', 't', 7, null]);
    await Promise.all([raw.close(1000), official.stop()]);
  });

  test('a call wakes the key, and is served', async () => {
    const key = await front.createKey();
    await front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'test' });
    const client = await front.official(key, { protocol });
    await front.sleep(key);
    await client.invoke('SubscribeToTask', 't');
    expect(client.events.all).toEqual([['TaskStarted', 't', 'test', {}]]);
    await client.stop();
  });

  test('what a connection asked for when it came holds after a sleep', async () => {
    const key = await front.createKey();
    const client = await front.official(key, { protocol, query: 'meta=1' });
    await client.invoke('SubscribeToTaskType', '*');
    await front.sleep(key);
    await front.tell(key, 'TaskTimedOut', { taskId: 't' });
    await expect(client.events.next()).resolves.toEqual([
      'TaskTimedOut',
      't',
      expect.objectContaining({ eventId: expect.any(String) }),
    ]);
    await client.stop();
  });
});

test('events keep their order over many sleeps', async () => {
  const key = await front.createKey();
  const client = await front.official(key, { query: 'meta=1' });
  await client.invoke('SubscribeToTaskType', '*');
  for (let percentComplete = 1; percentComplete <= 5; percentComplete++) {
    await front.sleep(key);
    await front.tell(key, 'TaskProgress', { taskId: 't', percentComplete });
  }
  const events = await client.events.take(5);
  expect(events.map(([, , percent]) => percent)).toEqual([1, 2, 3, 4, 5]);
  const ids = events.map((event) => (event.at(-1) as { eventId: string }).eventId);
  expect(ids).toEqual([...new Set(ids)].sort());
  await client.stop();
});

test('a connection that ends while its key sleeps is counted no more', async () => {
  const key = await front.createKey({ limits: { connections: 1 } });
  for (let count = 0; count < 2; count++) {
    const client = await front.raw(key);
    await front.sleep(key);
    await client.close(1000);
  }
});
