// A task with a deadline times out by itself, whether anybody is awake or not.

import { describe, expect, test } from 'vitest';
import { cloudEvent } from '../harness/cloudEvents.ts';
import { edge, type Key } from '../harness/edge.ts';
import type { OfficialClient } from '../harness/officialClient.ts';

const front = edge();

const started = (taskId: string, deadlineSeconds: number) => ({ taskId, taskType: 'test', deadlineSeconds });

/** A client that hears of all tasks of a new key. */
async function listener(): Promise<[Key, OfficialClient]> {
  const key = await front.createKey();
  const client = await front.official(key);
  await client.invoke('SubscribeToTaskType', '*');
  return [key, client];
}

const isTimeout = ([name]: readonly unknown[]) => name === 'TaskTimedOut';

describe('a deadline', () => {
  test('ends a task that started with it', async () => {
    const [key, client] = await listener();
    await front.tell(key, 'TaskStarted', started('t', 1));
    await expect(client.events.find('the end', isTimeout)).resolves.toEqual(['TaskTimedOut', 't']);
    const late = await front.tell(key, 'TaskCompleted', { taskId: 't' });
    expect(late).toMatchObject({ status: 'ignored', reason: 'task ended' });
    await client.stop();
  });

  test('ends a task that was registered with it and never started', async () => {
    const [key, client] = await listener();
    await front.tell(key, 'TaskRegistered', started('t', 1));
    await expect(client.events.find('the end', isTimeout)).resolves.toEqual(['TaskTimedOut', 't']);
    await client.stop();
  });

  test('wakes an object that sleeps, and reaches those who subscribed before', async () => {
    const [key, client] = await listener();
    await front.tell(key, 'TaskStarted', started('t', 1));
    await front.sleep(key);
    await expect(front.sleeps(key)).resolves.toBe(true);
    await expect(client.events.find('the end', isTimeout)).resolves.toEqual(['TaskTimedOut', 't']);
    await client.stop();
  });

  test('is kept though nobody is connected, and is in the snapshot afterwards', async () => {
    const [key, watched] = await Promise.all([front.createKey(), front.createKey()]);
    await front.tell(key, 'TaskStarted', started('t', 1));
    await front.sleep(key);
    // Another key's deadline that is later tells when this one must be over.
    const clock = await front.official(watched);
    await clock.invoke('SubscribeToTaskType', '*');
    await front.tell(watched, 'TaskStarted', started('clock', 2));
    await clock.events.find('the end', isTimeout);
    const client = await front.official(key);
    await client.invoke('SubscribeToTask', 't');
    await expect(client.events.take(2)).resolves.toEqual([
      ['TaskStarted', 't', 'test', {}],
      ['TaskTimedOut', 't'],
    ]);
    await Promise.all([client.stop(), clock.stop()]);
  });

  test('of many tasks is each one’s own, in the order of their time', async () => {
    const [key, client] = await listener();
    for (const [taskId, seconds] of [
      ['last', 1.5],
      ['first', 0.5],
      ['middle', 1],
    ] as const) {
      await front.tell(key, 'TaskStarted', started(taskId, seconds));
    }
    const ended: unknown[] = [];
    for (let count = 0; count < 3; count++) ended.push((await client.events.find('an end', isTimeout))[1]);
    expect(ended).toEqual(['first', 'middle', 'last']);
    await client.stop();
  });

  test('of more tasks than one alarm takes is kept for all of them', async () => {
    const [key, client] = await listener();
    const ids = Array.from({ length: 700 }, (_, index) => `${index}`);
    const events = ids.map((taskId) => cloudEvent(key.id, 'TaskRegistered', { ...started(taskId, 1) }));
    expect((await front.publish(events)).results.every((result) => result.status === 'delivered')).toBe(true);
    const ended = await client.events.take(ids.length);
    expect(ended.every(isTimeout)).toBe(true);
    expect(new Set(ended.map(([, taskId]) => taskId)).size).toBe(ids.length);
    await client.stop();
  });

  test('is over when the task ends before it', async () => {
    const [key, client] = await listener();
    await front.tell(key, 'TaskStarted', started('done', 0.5));
    await front.tell(key, 'TaskCompleted', { taskId: 'done' });
    await front.tell(key, 'TaskStarted', started('clock', 1));
    await expect(client.events.find('the later end', isTimeout)).resolves.toEqual(['TaskTimedOut', 'clock']);
    expect(client.events.all.filter(isTimeout)).toHaveLength(1);
    await client.stop();
  });

  test('that a start gives anew counts instead of the one before', async () => {
    const [key, client] = await listener();
    await front.tell(key, 'TaskRegistered', started('moved', 0.5));
    await front.tell(key, 'TaskStarted', started('moved', 3_600));
    await front.tell(key, 'TaskStarted', started('clock', 1));
    await expect(client.events.find('the later end', isTimeout)).resolves.toEqual(['TaskTimedOut', 'clock']);
    expect(client.events.all.filter(isTimeout)).toHaveLength(1);
    await client.stop();
  });
});
