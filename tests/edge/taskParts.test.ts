// A task of many parts is as far as its parts are, unless somebody reports how far it is.

import { expect, test } from 'vitest';
import { edge, type Key } from '../harness/edge.ts';
import type { OfficialClient } from '../harness/officialClient.ts';

const front = edge();

/** A key with a parent and parts that started, and a client that hears of the parent alone. */
async function parentOf(...parts: string[]): Promise<[Key, OfficialClient]> {
  const key = await front.createKey();
  await front.tell(key, 'TaskStarted', { taskId: 'parent', taskType: 'batch' });
  for (const taskId of parts) {
    await front.tell(key, 'TaskStarted', { taskId, taskType: 'part', parentTaskId: 'parent' });
  }
  const client = await front.official(key);
  await client.invoke('SubscribeToTask', 'parent');
  await client.events.next();
  return [key, client];
}

const progress = (key: Key, taskId: string, percentComplete: number) =>
  front.tell(key, 'TaskProgress', { taskId, percentComplete });

/** What the client heard of the parent's progress once all that was sent has arrived. */
async function heard(client: OfficialClient): Promise<unknown[]> {
  await client.invoke('UnsubscribeFromTask', 'x');
  return client.events.all.filter(([name]) => name === 'TaskProgress').map(([, id, percent]) => [id, percent]);
}

test('the progress of a parent is the mean of its parts’, and an end counts as done', async () => {
  const [key, client] = await parentOf('a', 'b');
  await progress(key, 'a', 50);
  await progress(key, 'b', 50);
  await front.tell(key, 'TaskCompleted', { taskId: 'a' });
  await front.tell(key, 'TaskCompleted', { taskId: 'b' });
  await expect(heard(client)).resolves.toEqual([
    ['parent', 25],
    ['parent', 50],
    ['parent', 75],
    ['parent', 100],
  ]);
  await client.stop();
});

test('a parent does not go back when a part is added', async () => {
  const [key, client] = await parentOf('a');
  await progress(key, 'a', 60);
  await front.tell(key, 'TaskStarted', { taskId: 'b', taskType: 'part', parentTaskId: 'parent' });
  await progress(key, 'a', 70);
  await progress(key, 'b', 90);
  await expect(heard(client)).resolves.toEqual([
    ['parent', 60],
    ['parent', 80],
  ]);
  await client.stop();
});

test('what is reported of a parent counts, and its parts do not any more', async () => {
  const [key, client] = await parentOf('a', 'b');
  await progress(key, 'a', 20);
  await progress(key, 'parent', 30);
  await progress(key, 'b', 100);
  await expect(heard(client)).resolves.toEqual([
    ['parent', 10],
    ['parent', 30],
  ]);
  await client.stop();
});

test('a parent that ended is not moved by its parts', async () => {
  const [key, client] = await parentOf('a');
  await front.tell(key, 'TaskCancelled', { taskId: 'parent' });
  await expect(progress(key, 'a', 50)).resolves.toMatchObject({ status: 'delivered', recipients: 0 });
  await expect(heard(client)).resolves.toEqual([]);
  await client.stop();
});

test('the mean is in the parent’s snapshot', async () => {
  const [key, client] = await parentOf('a', 'b');
  await progress(key, 'a', 80);
  const late = await front.official(key);
  await late.invoke('SubscribeToTask', 'parent');
  expect(late.events.all.at(-1)).toEqual(['TaskProgress', 'parent', 40, null]);
  await Promise.all([client.stop(), late.stop()]);
});

test('a parent that nobody knows does no harm, and a task is not its own parent', async () => {
  const key = await front.createKey();
  const orphan = { taskId: 'a', taskType: 'part', parentTaskId: 'nobody' };
  await expect(front.tell(key, 'TaskStarted', orphan)).resolves.toMatchObject({ status: 'delivered' });
  await expect(front.tell(key, 'TaskStarted', { ...orphan, taskId: 'nobody' })).rejects.toThrow('data.parentTaskId');
});
