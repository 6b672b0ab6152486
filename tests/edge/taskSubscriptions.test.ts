// Who is told of a task: those who subscribed to it, to its type or to all of them, and each of them once.

import { describe, expect, test } from 'vitest';
import { edge, type Key } from '../harness/edge.ts';
import type { OfficialClient } from '../harness/officialClient.ts';
import { PROTOCOLS } from '../harness/protocol.ts';

const front = edge();

/** Waits until all that was sent to a client so far has arrived, and gives the names and ids of its events. */
async function heard(client: OfficialClient): Promise<string[]> {
  await client.invoke('UnsubscribeFromTask', 'nothing that anybody subscribed to');
  return client.events.all.map(([name, id]) => `${name} ${id}`);
}

/** A key with a task of type `test`. */
async function keyWithTask(taskId: string): Promise<Key> {
  const key = await front.createKey();
  await front.tell(key, 'TaskRegistered', { taskId, taskType: 'test' });
  return key;
}

const refusal = (method: string, message: string) =>
  new Error(`An unexpected error occurred invoking '${method}' on the server. HubException: ${message}`);

describe.each(PROTOCOLS)('in %s', (protocol) => {
  test.each([
    ['blank', ' \t', 'Invalid task ID'],
    ['empty', '', 'Invalid task ID'],
    ['null', null, 'Invalid task ID'],
    ['longer than an id may be', 'x'.repeat(201), 'Invalid task ID'],
    ['unknown', 'unknown', 'Task not found'],
    ['a number that is unknown', 404, 'Task not found'],
    ['of another case', 'KNOWN', 'Task not found'],
    ['with a space behind it', 'known ', 'Task not found'],
    ['the name of a group', 'task:known', 'Task not found'],
    ['an asterisk', '*', 'Task not found'],
  ])('a task id that is %s is refused', async (_, id, message) => {
    const client = await front.official(await keyWithTask('known'), { protocol });
    await expect(client.invoke('SubscribeToTask', id)).rejects.toThrow(refusal('SubscribeToTask', message));
    await client.stop();
  });

  test.each([
    ['blank', ' '],
    ['empty', ''],
    ['null', null],
    ['longer than a type may be', 'x'.repeat(201)],
  ])('a task type that is %s is refused', async (_, type) => {
    const client = await front.official(await front.createKey(), { protocol });
    const refused = refusal('SubscribeToTaskType', 'Invalid task type');
    await expect(client.invoke('SubscribeToTaskType', type)).rejects.toThrow(refused);
    await client.stop();
  });

  test('an argument of another type is refused as one that does not bind', async () => {
    const client = await front.official(await front.createKey(), { protocol });
    for (const argument of [true, 1.5, {}, ['a']]) {
      await expect(client.invoke('SubscribeToTask', argument)).rejects.toThrow(
        new Error("Failed to invoke 'SubscribeToTask' due to an error on the server."),
      );
    }
    await client.stop();
  });

  test('another key’s task is not found, as if there were none', async () => {
    await keyWithTask('theirs');
    const client = await front.official(await keyWithTask('mine'), { protocol });
    await expect(client.invoke('SubscribeToTask', 'theirs')).rejects.toThrow(
      refusal('SubscribeToTask', 'Task not found'),
    );
    await client.stop();
  });

  test('an id may come as a string or as a number', async () => {
    const key = await front.createKey();
    await front.tell(key, 'TaskRegistered', { taskId: 7, taskType: 'test' });
    const [text, number] = await Promise.all([front.official(key, { protocol }), front.official(key, { protocol })]);
    await text.invoke('SubscribeToTask', '7');
    await number.invoke('SubscribeToTask', 7);
    await front.tell(key, 'TaskStarted', { taskId: '7', taskType: 'test' });
    for (const client of [text, number]) {
      await expect(client.events.next()).resolves.toEqual(['TaskStarted', '7', 'test', {}]);
    }
    await Promise.all([text.stop(), number.stop()]);
  });

  test('what clients are told, none of them may tell others', async () => {
    const client = await front.official(await front.createKey(), { protocol });
    for (const method of [
      'TaskStarted',
      'TaskProgress',
      'TaskCompleted',
      'SendTaskProgress',
      'OnConnectedAsync',
      'Echo',
    ]) {
      await expect(client.invoke(method, 't', 50, null)).rejects.toThrow(
        `Failed to invoke '${method}' due to an error on the server. HubException: Method does not exist.`,
      );
    }
    await client.stop();
  });
});

describe('a client that subscribed', () => {
  test('to a task hears of that task only', async () => {
    const key = await keyWithTask('mine');
    const client = await front.official(key);
    await client.invoke('SubscribeToTask', 'mine');
    for (const taskId of ['other', 'mine']) await front.tell(key, 'TaskStarted', { taskId, taskType: 'test' });
    await expect(heard(client)).resolves.toEqual(['TaskStarted mine']);
    await client.stop();
  });

  test('to a type hears of the tasks of that type only', async () => {
    const key = await front.createKey();
    const client = await front.official(key);
    await client.invoke('SubscribeToTaskType', 'video');
    for (const taskType of ['image', 'video', 'Video', 'video ', 'videos']) {
      await front.tell(key, 'TaskStarted', { taskId: `a task of type "${taskType}"`, taskType });
    }
    await expect(heard(client)).resolves.toEqual(['TaskStarted a task of type "video"']);
    await client.stop();
  });

  test('to * hears of all tasks of its key', async () => {
    const key = await front.createKey();
    const client = await front.official(key);
    await client.invoke('SubscribeToTaskType', '*');
    await front.tell(key, 'TaskStarted', { taskId: '1', taskType: 'image' });
    await front.tell(key, 'TaskStarted', { taskId: '2', taskType: 'video' });
    await front.tell(key, 'TaskCompleted', { taskId: '1' });
    await expect(heard(client)).resolves.toEqual(['TaskStarted 1', 'TaskStarted 2', 'TaskCompleted 1']);
    await client.stop();
  });

  test('in every way, and twice, hears of each event once', async () => {
    const key = await keyWithTask('t');
    const clients = await Promise.all(PROTOCOLS.map((protocol) => front.official(key, { protocol })));
    for (const client of clients) {
      for (let times = 0; times < 2; times++) {
        await client.invoke('SubscribeToTask', 't');
        await client.invoke('SubscribeToTaskType', 'test');
        await client.invoke('SubscribeToTaskType', '*');
      }
    }
    await expect(front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'test' })).resolves.toMatchObject({
      recipients: 2,
    });
    await front.tell(key, 'TaskProgress', { taskId: 't', percentComplete: 1 });
    for (const client of clients) {
      await expect(heard(client)).resolves.toEqual(['TaskStarted t', 'TaskProgress t']);
    }
    await Promise.all(clients.map((client) => client.stop()));
  });

  test('hears nothing any more once it unsubscribed from all that it subscribed to', async () => {
    const key = await keyWithTask('t');
    const client = await front.official(key);
    await client.invoke('SubscribeToTask', 't');
    await client.invoke('SubscribeToTaskType', 'test');
    await client.invoke('SubscribeToTaskType', '*');
    const progress = (percentComplete: number) => front.tell(key, 'TaskProgress', { taskId: 't', percentComplete });
    await expect(progress(1)).resolves.toMatchObject({ recipients: 1 });
    await client.invoke('UnsubscribeFromTask', 't');
    await expect(progress(2)).resolves.toMatchObject({ recipients: 1 });
    await client.invoke('UnsubscribeFromTaskType', 'test');
    await expect(progress(3)).resolves.toMatchObject({ recipients: 1 });
    await client.invoke('UnsubscribeFromTaskType', '*');
    await expect(progress(4)).resolves.toMatchObject({ recipients: 0 });
    await expect(heard(client)).resolves.toHaveLength(3);
    await client.stop();
  });

  test('may unsubscribe from what it never subscribed to', async () => {
    const client = await front.official(await front.createKey());
    await client.invoke('UnsubscribeFromTask', 'never');
    await client.invoke('UnsubscribeFromTaskType', 'never');
    await client.stop();
  });
});

test('a client that subscribed to nothing hears nothing', async () => {
  const key = await keyWithTask('t');
  const clients = await Promise.all(PROTOCOLS.map((protocol) => front.official(key, { protocol })));
  await expect(front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'test' })).resolves.toMatchObject({
    recipients: 0,
  });
  await front.tell(key, 'TaskCompleted', { taskId: 't' });
  for (const client of clients) await expect(heard(client)).resolves.toEqual([]);
  await Promise.all(clients.map((client) => client.stop()));
});

test('a subscription is the connection’s own, and gone with it', async () => {
  const key = await front.createKey();
  const [first, second] = await Promise.all([front.official(key), front.official(key)]);
  await first.invoke('SubscribeToTaskType', '*');
  await first.stop();
  await expect(front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'test' })).resolves.toMatchObject({
    recipients: 0,
  });
  await expect(heard(second)).resolves.toEqual([]);
  await second.stop();
});

test('a connection subscribes to as many tasks as it may, and reads why not to more', async () => {
  const key = await front.createKey();
  const client = await front.raw(key);
  const types = Array.from({ length: 1_000 }, (_, index) => `type-${index}`);
  for (const type of types) client.sendRecords({ type: 1, target: 'SubscribeToTaskType', arguments: [type] } as never);
  await expect(client.invoke('SubscribeToTaskType', 'one more')).rejects.toThrow(
    'HubException: Too many subscriptions',
  );
  await client.close(1000);
});
