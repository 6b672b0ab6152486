// Following a task, and the typed clients of hubs.

import { describe, expect, test } from 'vitest';
import { type HubClient, hubClient, hubs } from '../../clients/js/src/index.ts';
import { clientServices, untilTold } from '../harness/clientServices.ts';
import { within } from '../harness/deadline.ts';
import { edge, type Key, MASTER_KEY } from '../harness/edge.ts';
import { Inbox } from '../harness/inbox.ts';

const front = edge();
const service = clientServices();

const started = (key: Key, taskId: string) =>
  front.tell(key, 'TaskStarted', { taskId, taskType: 'x', metadata: { a: 1 } });

/** Callbacks that note what they get. */
function noting() {
  const noted = new Inbox<unknown[]>('the callbacks');
  const note =
    (name: string) =>
    (...args: unknown[]) =>
      noted.push([name, ...args]);
  const callbacks = {
    onStarted: note('started'),
    onProgress: note('progress'),
    onCompleted: note('completed'),
    onFailed: note('failed'),
    onCancelled: note('cancelled'),
    onTimedOut: note('timed out'),
  };
  return { noted, callbacks };
}

describe('subscribeToTask', () => {
  test.each([
    ['TaskCompleted', { result: { n: 1 } }, ['completed', { n: 1 }]],
    ['TaskFailed', { error: 'e', details: { d: 1 } }, ['failed', 'e', { d: 1 }]],
    ['TaskCancelled', { reason: 'r' }, ['cancelled', 'r']],
    ['TaskTimedOut', {}, ['timed out']],
  ])('connects, tells where the task stands, and follows it to its end: %s', async (type, data, last) => {
    const key = await front.createKey();
    await Promise.all([started(key, 't'), started(key, 'another')]);
    const client = service(front, key);
    const { noted, callbacks } = noting();
    await client.subscribeToTask('t', callbacks);
    expect(noted.all).toEqual([['started', 'x', { a: 1 }]]);
    await front.tell(key, 'TaskProgress', { taskId: 't', percentComplete: 50, message: 'm' });
    await front.tell(key, 'TaskProgress', { taskId: 'another', percentComplete: 60 });
    await front.tell(key, type, { taskId: 't', ...data });
    await expect(noted.take(3)).resolves.toEqual([['started', 'x', { a: 1 }], ['progress', 50, 'm'], last]);
    // It has unsubscribed by itself.
    await untilTold(client, 'tasks');
    expect(Object.keys(client.getMetrics('tasks'))).toContain('invoke.UnsubscribeFromTask');
  });

  test('is for as many as like: each has its own snapshot, and the last one that leaves unsubscribes', async () => {
    const key = await front.createKey();
    await started(key, 't');
    const client = service(front, key);
    const [one, other] = [noting(), noting()];
    const first = await client.subscribeToTask('t', one.callbacks);
    const second = await client.subscribeToTask('t', other.callbacks);
    for (const { noted } of [one, other]) await expect(noted.next()).resolves.toEqual(['started', 'x', { a: 1 }]);
    await first.unsubscribe();
    await front.tell(key, 'TaskProgress', { taskId: 't', percentComplete: 10 });
    await expect(other.noted.next()).resolves.toEqual(['progress', 10, null]);
    await second.unsubscribe();
    await second.unsubscribe();
    await front.tell(key, 'TaskProgress', { taskId: 't', percentComplete: 20 });
    await untilTold(client, 'tasks');
    expect([one.noted.unread, other.noted.unread]).toEqual([[], []]);
  });

  test('refuses what is no task, and leaves nothing behind', async () => {
    const key = await front.createKey();
    const client = service(front, key);
    const { noted, callbacks } = noting();
    await expect(client.subscribeToTask(' ', callbacks)).rejects.toThrow('Task ID cannot be null or empty');
    await expect(client.subscribeToTask('t', callbacks)).rejects.toThrow('Task not found');
    await client.invoke('tasks', 'SubscribeToTaskType', '*');
    await started(key, 't');
    await untilTold(client, 'tasks');
    expect(noted.all).toEqual([]);
  });
});

describe('the client of a hub', () => {
  test('has its methods and events, with their types', async () => {
    const key = await front.createKey();
    const tasks: HubClient<'TaskHub'> = hubClient(service(front, key), 'task-notifications');
    await tasks.connect();
    const heard = new Inbox<[id: string, percent: number, message: string | null]>('the handler');
    const stop = tasks.on('TaskProgress', (taskId, percent, message) => heard.push([taskId, percent, message]));
    // @ts-expect-error: no such event
    tasks.on('TaskProgressed', () => {})();
    // @ts-expect-error: the id is a text
    tasks.on('TaskProgress', (taskId: boolean) => taskId)();
    // @ts-expect-error: something must be subscribed to
    await expect(tasks.SubscribeToTask()).rejects.toThrow();
    await tasks.SubscribeToTaskType('*');
    await started(key, 't');
    await front.tell(key, 'TaskProgress', { taskId: 't', percentComplete: 10 });
    await expect(heard.next()).resolves.toEqual(['t', 10, null]);
    stop();
    await front.tell(key, 'TaskProgress', { taskId: 't', percentComplete: 20 });
    await tasks.UnsubscribeFromTask('t');
    expect(heard.unread).toEqual([]);
    await tasks.disconnect();
  });

  test('answers as the contract says', async () => {
    const key = await front.createKey();
    const client = service(front, key);
    const webhooks = hubClient(client, 'WebhookDeliveryHub');
    await webhooks.connect();
    const { totalDeliveries } = await webhooks.RequestStatistics('https://example.com/');
    expect(totalDeliveries).toBe(0);
    // The service knows the types as well.
    const { pendingDeliveries } = await client.invoke('webhooks', 'RequestStatistics', 'https://example.com/');
    expect(pendingDeliveries satisfies number).toBe(0);
  });

  test('streams, until the loop is left', async () => {
    const client = service(front, undefined, { masterKey: MASTER_KEY });
    const metrics = hubClient(client, 'metrics');
    await metrics.connect();
    const reading = (async () => {
      for await (const { connections } of metrics.StreamMetrics(1)) return connections;
      return undefined;
    })();
    await expect(within(reading, 'figures')).resolves.toContainEqual({ hub: 'MetricsHub', active: 1 });
  });

  test.each(Object.values(hubs))('is there for $name', ({ name, methods, streams }) => {
    const client = hubClient(service(front), name) as unknown as Record<string, unknown>;
    for (const method of [...methods, ...streams]) expect(client[method]).toBeTypeOf('function');
  });
});
