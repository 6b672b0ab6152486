// One key with a thousand clients.

import { expect, test } from 'vitest';
import { edge } from '../harness/edge.ts';
import type { RawClient } from '../harness/rawClient.ts';

const front = edge();

const CROWD = 1_000;

/** So many connect at a time: a machine has only so many half-open connections. */
const AT_ONCE = 50;

test('a thousand connections of one key all receive one event, awake and asleep', async () => {
  const key = await front.createKey({ limits: { connections: CROWD } });
  const clients: RawClient[] = [];
  const connect = async () => {
    while (clients.length + connecting < CROWD) {
      connecting++;
      const client = await front.raw(key, clients.length % 10 === 0 ? 'messagepack' : 'json');
      await client.invoke('SubscribeToTaskType', 'test');
      connecting--;
      clients.push(client);
    }
  };
  let connecting = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, connect));
  expect(clients).toHaveLength(CROWD);

  const started = await front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'test' });
  expect(started).toMatchObject({ status: 'delivered', recipients: CROWD });
  for (const client of clients) await expect(client.event('TaskStarted')).resolves.toEqual(['t', 'test', {}]);

  await front.sleep(key);
  const completed = await front.tell(key, 'TaskCompleted', { taskId: 't' });
  expect(completed).toMatchObject({ status: 'delivered', recipients: CROWD });
  for (const client of clients) await expect(client.event('TaskCompleted')).resolves.toEqual(['t', null]);
  expect(clients.every((client) => client.records.all.length === 3)).toBe(true);
  for (const client of clients) client.socket.terminate();
});
