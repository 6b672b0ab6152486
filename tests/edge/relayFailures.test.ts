// Requests between a key's object and a relay fail, or their answers are lost: what they carry takes effect once.

import { describe, expect, test } from 'vitest';
import { eventually } from '../harness/deadline.ts';
import type { Key } from '../harness/edge.ts';
import { type Fault, flaky } from '../harness/flakyObjects.ts';
import { RawClient } from '../harness/rawClient.ts';

const front = flaky({ RELAY_AFTER_CONNECTIONS: '1' });

const UP = '/signalr/relayed';
const DOWN = '/signalr/relay';
const FAULTS: Fault[] = ['throws', 'loses the answer'];
const NUMBERS = Array.from({ length: 20 }, (_, number) => number);

/** Two clients of a key: the first is its object's, the second a relay's. */
async function pair(key: Key, route: string): Promise<[own: RawClient, relayed: RawClient]> {
  const headers = { authorization: `Bearer ${key.key}` };
  const connect = () => RawClient.connect(`${front.url}/hubs/${route}`, 'json', headers);
  return [await connect(), await connect()];
}

const told = (client: RawClient, target: string) =>
  client.records.all.flatMap((record) => ('target' in record && record.target === target ? [record.arguments[0]] : []));

const has = (client: RawClient, target: string, count: number) =>
  eventually(
    `${count} ${target}`,
    async () => told(client, target).length,
    (length) => length >= count,
  );

describe.each(FAULTS)('where a request %s', (fault) => {
  test('what a client of a relay invoked is done once, in order', async () => {
    const key = await front.createKey();
    const [own, relayed] = await pair(key, 'navigation-state');
    await relayed.invoke('UpdateNavigation', { page: 'first' });
    await front.break(key, fault, UP);
    const invoked = NUMBERS.map((page) => relayed.invoke('UpdateNavigation', { page }));
    await new Promise((resolve) => setTimeout(resolve, 500));
    await front.break(key, null, UP);
    await Promise.all(invoked);
    await has(own, 'NavigationUpdated', 1 + NUMBERS.length);
    expect(told(own, 'NavigationUpdated')).toEqual([{ page: 'first' }, ...NUMBERS.map((page) => ({ page }))]);
    own.socket.terminate();
    relayed.socket.terminate();
  });

  test('what a client of a relay is told comes once, in order', async () => {
    const key = await front.createKey();
    const [own, relayed] = await pair(key, 'tasks');
    await relayed.invoke('SubscribeToTaskType', '*');
    const relay = `vkey-${key.id}/relay-1`;
    await front.breakObject(relay, fault, DOWN);
    const tasks = NUMBERS.map((number) => `t${number}`);
    for (const taskId of tasks) await front.tell(key, 'TaskStarted', { taskId, taskType: 'x' });
    await front.breakObject(relay, null, DOWN);
    await has(relayed, 'TaskStarted', tasks.length);
    await front.tell(key, 'TaskStarted', { taskId: 'last', taskType: 'x' });
    await has(relayed, 'TaskStarted', tasks.length + 1);
    expect(told(relayed, 'TaskStarted')).toEqual([...tasks, 'last']);
    own.socket.terminate();
    relayed.socket.terminate();
  });
});

test('a connection ends of which nobody knows whether a restarted object has done what it invoked', async () => {
  const key = await front.createKey();
  const [own, relayed] = await pair(key, 'navigation-state');
  await relayed.invoke('UpdateNavigation', { page: 'first' });
  await front.break(key, 'loses the answer', UP);
  const invoked = relayed.invoke('UpdateNavigation', { page: 'second' }).catch(() => {});
  await has(own, 'NavigationUpdated', 2);
  await front.crash();
  await front.break(key, null, UP);
  await expect(relayed.end()).resolves.toMatchObject({ code: 1012 });
  await invoked;
  expect(told(own, 'NavigationUpdated')).toHaveLength(2);
});

test('what waits for a relay outlives the object that wrote it', async () => {
  const key = await front.createKey();
  const [own, relayed] = await pair(key, 'tasks');
  await relayed.invoke('SubscribeToTaskType', '*');
  const relay = `vkey-${key.id}/relay-1`;
  await front.breakObject(relay, 'throws', DOWN);
  const tasks = NUMBERS.map((number) => `t${number}`);
  for (const taskId of tasks) await front.tell(key, 'TaskStarted', { taskId, taskType: 'x' });
  await front.crash();
  await front.breakObject(relay, null, DOWN);
  await front.tell(key, 'TaskStarted', { taskId: 'last', taskType: 'x' });
  await has(relayed, 'TaskStarted', tasks.length + 1);
  expect(told(relayed, 'TaskStarted')).toEqual([...tasks, 'last']);
  own.socket.terminate();
  relayed.socket.terminate();
});

test('crashes in the middle of a burst cost the clients of a relay nothing', async () => {
  const key = await front.createKey();
  const [own, relayed] = await pair(key, 'tasks');
  await relayed.invoke('SubscribeToTaskType', '*');
  const tasks = Array.from({ length: 120 }, (_, number) => `t${number}`);
  const accepted: Promise<unknown>[] = [];
  for (const [number, taskId] of tasks.entries()) {
    // What is not accepted by an object that crashes goes through the queue.
    accepted.push(front.tell(key, 'TaskStarted', { taskId, taskType: 'x' }));
    if (number % 30 === 15) await Promise.race(accepted.slice(-10));
    if (number % 30 === 29) await front.crash();
  }
  await Promise.all(accepted);
  await has(relayed, 'TaskStarted', tasks.length);
  await front.tell(key, 'TaskStarted', { taskId: 'last', taskType: 'x' });
  await has(relayed, 'TaskStarted', tasks.length + 1);
  const history = await front.read<{ items: { arguments: unknown[] }[] }>(key, '/v1/history?hub=TaskHub&limit=1000');
  expect(told(relayed, 'TaskStarted')).toEqual(history.items.map(({ arguments: [taskId] }) => taskId));
  expect(new Set(told(relayed, 'TaskStarted'))).toEqual(new Set([...tasks, 'last']));
  relayed.socket.terminate();
  own.socket.terminate();
});
