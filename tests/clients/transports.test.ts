// ConduitSignalRService behind networks that let through only some of what it would like to use.

import { afterEach, describe, expect, test } from 'vitest';
import type { ServiceOptions } from '../../clients/js/src/index.ts';
import { briefly, clientServices, EAGER, eventsOf, untilTold } from '../harness/clientServices.ts';
import { ConnectionLife } from '../harness/connectionLife.ts';
import { eventually } from '../harness/deadline.ts';
import { edge, type Key } from '../harness/edge.ts';
import { type Fate, GatedProxy, type RequestKind } from '../harness/gatedProxy.ts';
import { WaitingProxy } from '../harness/waitingProxy.ts';

const front = edge();
const service = clientServices();
const proxies: GatedProxy[] = [];

afterEach(async () => {
  await Promise.all(proxies.splice(0).map((proxy) => proxy.stop()));
});

async function behind(fates: Partial<Record<RequestKind, Fate>> = {}): Promise<GatedProxy> {
  const proxy = await GatedProxy.start(front.url);
  Object.assign(proxy.fates, fates);
  proxies.push(proxy);
  return proxy;
}

const start = (key: Key, taskId: string, taskType = 'x') => front.tell(key, 'TaskStarted', { taskId, taskType });
const OFTEN: ServiceOptions = { connection: { ...EAGER, pollInterval: 20 } };
const NO_TRANSPORT = { WebSockets: 'refused', ServerSentEvents: 'refused', LongPolling: 'refused' } as const;

describe('the next transport is taken', () => {
  test.each([
    ['nothing is in the way', {}, 'WebSockets'],
    ['WebSockets are refused', { WebSockets: 'refused' }, 'ServerSentEvents'],
    ['WebSockets are taken and dropped', { WebSockets: 'cut' }, 'ServerSentEvents'],
    ['neither they nor Server-Sent Events pass', { WebSockets: 'cut', ServerSentEvents: 'refused' }, 'LongPolling'],
    ['streams are cut when they begin', { WebSockets: 'refused', ServerSentEvents: 'cut' }, 'LongPolling'],
  ] as const)('where %s', async (_, fates, transport) => {
    const key = await front.createKey();
    const client = service(await behind(fates), key);
    const events = eventsOf(client, 'tasks');
    await client.connectToHub('tasks');
    expect(client.getTransport('tasks')).toBe(transport);
    await client.invoke('tasks', 'SubscribeToTaskType', '*');
    await start(key, 't');
    await expect(events.next()).resolves.toContain('t');
  });

  test('when connections by the first one are cut again and again', async () => {
    const key = await front.createKey();
    const proxy = await behind();
    const client = service(proxy, key);
    const events = eventsOf(client, 'tasks');
    await client.connectToHub('tasks');
    await client.invoke('tasks', 'SubscribeToTaskType', '*');
    const life = new ConnectionLife(client, 'tasks');
    for (const transport of ['WebSockets', 'ServerSentEvents']) {
      proxy.cut();
      await life.enters('connected');
      expect(client.getTransport('tasks')).toBe(transport);
    }
    await start(key, 't');
    await expect(events.next()).resolves.toContain('t');
  });
});

test('a server that takes connections and says nothing is given so long, and no longer', async () => {
  const key = await front.createKey();
  const proxy = await WaitingProxy.start(Number(new URL(front.url).port));
  proxy.hold();
  const options = { connection: { ...EAGER, connectTimeout: 200, maxReconnectAttempts: 1, enablePolling: false } };
  const client = service(proxy, key, options);
  await expect(client.connectToHub('tasks')).rejects.toMatchObject({ code: 'attempts-exhausted' });
  // Asked for again with more patience, it is waited for: the answer comes later than before.
  const connecting = client.connectToHub('tasks', null, { connectTimeout: 10_000, invokeTimeout: 100 });
  await new Promise((resolve) => setTimeout(resolve, 400));
  proxy.release();
  await connecting;
  // Once it is connected, an invocation is waited for as long as the program says.
  proxy.stall();
  await expect(client.invoke('tasks', 'GetResumeToken')).rejects.toMatchObject({ code: 'timeout' });
  await client.disconnectAll();
  await proxy.stop();
});

describe('where none holds', () => {
  test('events are read from the history, until one does', async () => {
    const key = await front.createKey();
    const proxy = await behind(NO_TRANSPORT);
    await start(key, 'followed');
    await start(key, 'long ago');
    const client = service(proxy, key, OFTEN);
    const events = eventsOf(client, 'tasks');
    const connecting = client.connectToHub('tasks');
    const subscribing = [
      client.invoke('tasks', 'SubscribeToTask', 'followed'),
      client.invoke('tasks', 'SubscribeToTaskType', 'kind'),
    ];
    // As a subscription would: where the task stands, and of the type only what comes.
    await expect(events.next()).resolves.toContain('followed');
    await eventually(
      'polling',
      async () => client.getTransport('tasks'),
      (transport) => transport === 'History',
    );
    expect(client.getConnectionState('tasks')).toBe('connecting');
    await start(key, 'one', 'kind');
    await start(key, 'of another kind');
    await front.tell(key, 'TaskProgress', { taskId: 'followed', percentComplete: 40, message: 'on its way' });
    await front.tell(key, 'TaskProgress', { taskId: 'of another kind', percentComplete: 40 });
    await expect(events.take(2).then(briefly)).resolves.toEqual([
      ['TaskStarted', 'one', 'kind', {}],
      ['TaskProgress', 'followed', 40, 'on its way'],
    ]);
    await front.tell(key, 'TaskProgress', { taskId: 'one', percentComplete: 60 });
    await expect(events.next()).resolves.toEqual(['TaskProgress', 'one', 60, null]);
    await front.tell(key, 'TaskCompleted', { taskId: 'one', result: 1 });
    await expect(events.take(1).then(briefly)).resolves.toEqual([['TaskCompleted', 'one', 1]]);
    // What is subscribed to only now has its past as well.
    subscribing.push(client.invoke('tasks', 'SubscribeToTask', 'long ago'));
    await expect(events.next()).resolves.toContain('long ago');

    for (const kind of Object.keys(NO_TRANSPORT) as RequestKind[]) delete proxy.fates[kind];
    await connecting;
    await Promise.all(subscribing);
    expect(client.getTransport('tasks')).not.toBe('History');
    await front.tell(key, 'TaskCompleted', { taskId: 'followed' });
    await events.find('the end', ([name, id]) => name === 'TaskCompleted' && id === 'followed');
    expect(events.all.filter(([name, id]) => name === 'TaskCompleted' && id === 'one')).toHaveLength(1);
  });

  test('a connection that was lost goes on in the history, without holes and without repetition', async () => {
    const key = await front.createKey();
    const proxy = await behind();
    const client = service(proxy, key, OFTEN);
    const events = eventsOf(client, 'tasks');
    await client.connectToHub('tasks');
    await client.invoke('tasks', 'SubscribeToTaskType', '*');
    const life = new ConnectionLife(client, 'tasks');
    await start(key, '1');
    await front.tell(key, 'TaskProgress', { taskId: '1', percentComplete: 10 });
    await events.take(2);
    Object.assign(proxy.fates, NO_TRANSPORT);
    proxy.cut();
    await life.enters('reconnecting');
    await start(key, '2');
    await events.find('2', ([, id]) => id === '2');
    await front.tell(key, 'TaskProgress', { taskId: '1', percentComplete: 20 });
    await events.find('20', ([name, , percent]) => name === 'TaskProgress' && percent === 20);
    for (const kind of Object.keys(NO_TRANSPORT) as RequestKind[]) delete proxy.fates[kind];
    await life.tells('reconnected');
    await start(key, '3');
    await events.find('3', ([, id]) => id === '3');
    await untilTold(client, 'tasks');
    expect(events.all.map(([name, id, percent]) => (name === 'TaskProgress' ? percent : id))).toEqual([
      '1',
      10,
      '2',
      20,
      '3',
    ]);
  });

  test('attempts go on for as long as the history answers', async () => {
    const key = await front.createKey();
    const proxy = await behind(NO_TRANSPORT);
    const client = service(proxy, key, { connection: { ...EAGER, pollInterval: 20, maxReconnectAttempts: 4 } });
    const life = new ConnectionLife(client, 'spend');
    const connecting = client.connectToHub('spend');
    const isLate = ([name, detail]: (typeof life.told.all)[number]) => name === 'reconnecting' && detail.attempt > 20;
    await life.told.find('many attempts', isLate);
    for (const kind of Object.keys(NO_TRANSPORT) as RequestKind[]) delete proxy.fates[kind];
    await connecting;
  });

  test('a program may want none of that', async () => {
    const key = await front.createKey();
    const proxy = await behind(NO_TRANSPORT);
    const client = service(proxy, key, { connection: { ...EAGER, enablePolling: false, maxReconnectAttempts: 4 } });
    await expect(client.connectToHub('spend')).rejects.toMatchObject({ code: 'attempts-exhausted' });
    expect(proxy.seen.map(({ path }) => path)).not.toContain('/v1/history');
  });
});

test('hubs that somebody waits for reconnect first', async () => {
  const key = await front.createKey();
  const proxy = await behind();
  const client = service(proxy, key, { hubs: { 'spend-notifications': { priority: 'low' } } });
  const hubs = ['spend', 'notifications', 'tasks'];
  for (const hub of hubs) await client.connectToHub(hub, null, hub === 'tasks' ? { transports: ['WebSockets'] } : {});
  const lives = hubs.map((hub) => new ConnectionLife(client, hub));
  for (let round = 0; round < 4; round++) {
    // At every other time the server is away for some attempts.
    if (round % 2 === 1) proxy.fates.negotiate = 'refused';
    proxy.cut();
    if (round % 2 === 1)
      await lives[2]?.told.find('attempts', ([name, detail]) => name === 'reconnecting' && detail.attempt > 3);
    const before = proxy.seen.length;
    delete proxy.fates.negotiate;
    await Promise.all(lives.map((life) => life.tells('reconnected')));
    const asked = proxy.seen.slice(before).filter(({ kind }) => kind === 'negotiate');
    const order = [...new Set(asked.map(({ path }) => path.split('/')[2]))];
    expect(order).toEqual(['tasks', 'notifications', 'spend']);
  }
});
