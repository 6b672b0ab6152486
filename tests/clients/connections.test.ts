// ConduitSignalRService: one connection for each hub, its names, its keys and its states.

import { describe, expect, test } from 'vitest';
import { ConduitSignalRService } from '../../clients/js/src/index.ts';
import { briefly, clientServices, eventsOf, untilTold } from '../harness/clientServices.ts';
import { ConnectionLife } from '../harness/connectionLife.ts';
import { eventually } from '../harness/deadline.ts';
import { edge, type Key, MASTER_KEY } from '../harness/edge.ts';

const front = edge();
const service = clientServices();

const connectionsOf = async (key: Key) =>
  ((await (await front.admin('GET', `/v1/admin/keys/${key.id}`)).json()) as { connections: number }).connections;

describe('a hub', () => {
  test('has one connection, however many ask for it at once, before and after', async () => {
    const key = await front.createKey();
    const client = service(front, key);
    const asked = await Promise.all([1, 2, 3, 4].map(() => client.connectToHub('tasks')));
    expect(new Set([...asked, await client.connectToHub('tasks'), client.getConnection('tasks')]).size).toBe(1);
    await expect(connectionsOf(key)).resolves.toBe(1);
  });

  test.each([
    ['spend', ['spend-notifications', 'SpendNotificationHub', '/hubs/spend', '/hubs/spend-notifications']],
    ['tasks', ['task-notifications', 'TaskHub', 'hubs/tasks']],
    ['notifications', ['system-notifications', 'SystemNotificationHub']],
  ])('is the same by each of its names: %s', async (route, others) => {
    const key = await front.createKey();
    const client = service(front, key);
    const connection = await client.connectToHub(route);
    for (const name of others) {
      await expect(client.connectToHub(name)).resolves.toBe(connection);
      expect(client.getConnectionState(name)).toBe('connected');
    }
    expect(client.getActiveConnections()).toEqual([route]);
  });

  test('tells of its connection under the names of the seeds and of its route', async () => {
    const key = await front.createKey();
    const client = service(front, key);
    const lives = ['spend', 'spend-notifications', 'SpendNotificationHub'].map(
      (name) => new ConnectionLife(client, name),
    );
    await client.connectToHub('spend-notifications');
    for (const life of lives) expect(life.brief).toEqual(['connecting', 'connected']);
    const [, detail] = lives[1]?.told.all[1] ?? [];
    expect(detail).toEqual({
      hubName: 'spend-notifications',
      previousState: 'connecting',
      currentState: 'connected',
      timestamp: expect.any(Number),
    });
  });

  test('that nobody has heard of is disconnected, and a name that is none is refused', async () => {
    const client = service(front);
    expect(client.getConnectionState('tasks')).toBe('disconnected');
    expect(client.getConnection('tasks')).toBe(null);
    expect(client.getMetrics('tasks')).toEqual({});
    expect(client.getTransport('tasks')).toBe(null);
    await expect(client.invoke('tasks', 'SubscribeToTask', 't')).rejects.toThrow('No connection found for hub: tasks');
    await expect(client.ping('tasks')).rejects.toThrow('Hub tasks is not connected');
    await expect(client.connectToHub('../v1/keys')).rejects.toThrow('is no name of a hub');
    await client.disconnectFromHub('tasks');
  });

  test('that the server does not have fails, and says why', async () => {
    const key = await front.createKey();
    const client = service(front, key);
    const life = new ConnectionLife(client, 'no-such-hub');
    await expect(client.connectToHub('no-such-hub')).rejects.toThrow('No such hub');
    expect(life.brief).toEqual(['connecting', 'failed', 'connectionFailed']);
  });

  test('leaves nothing behind when it is disconnected', async () => {
    const key = await front.createKey();
    const client = service(front, key);
    const events = eventsOf(client, 'tasks');
    await client.connectToHub('tasks');
    await client.invoke('tasks', 'SubscribeToTaskType', '*');
    const life = new ConnectionLife(client, 'tasks');
    await client.disconnectFromHub('tasks');
    expect(life.brief).toEqual(['disconnected', 'connectionClosed']);
    expect([client.getConnection('tasks'), client.getMetrics('tasks'), client.getActiveConnections()]).toEqual([
      null,
      {},
      [],
    ]);
    await eventually(
      'no connection',
      () => connectionsOf(key),
      (count) => count === 0,
    );
    // Neither handlers nor subscriptions are there on the next connection.
    await client.connectToHub('tasks');
    await front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'x' });
    await untilTold(client, 'tasks');
    expect(events.all).toEqual([]);
    expect(life.brief).toEqual(['disconnected', 'connectionClosed', 'connecting', 'connected']);
  });
});

describe('handlers', () => {
  test('may be there before the connection, come later, and go', async () => {
    const key = await front.createKey();
    const client = service(front, key);
    const early = eventsOf(client, 'task-notifications');
    await client.connectToHub('tasks');
    const late = eventsOf(client, 'tasks');
    const gone: unknown[] = [];
    const handler = (...args: unknown[]) => gone.push(args);
    client.on('tasks', 'TaskStarted', handler);
    client.off('TaskHub', 'TaskStarted', handler);
    await client.invoke('tasks', 'SubscribeToTaskType', '*');
    await front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'x', metadata: { a: 1 } });
    await untilTold(client, 'tasks');
    for (const inbox of [early, late]) expect(briefly(inbox.all)).toEqual([['TaskStarted', 't', 'x', { a: 1 }]]);
    expect(early.all[0]?.at(-1)).toEqual({ eventId: expect.any(String), timestamp: expect.any(String) });
    expect(gone).toEqual([]);
  });

  test('do not keep each other from being called', async () => {
    const key = await front.createKey();
    const errors: string[] = [];
    const logger = { ...console, error: (line: string) => errors.push(line) };
    const client = service(front, key, { logger });
    client.on('tasks', 'TaskStarted', () => {
      throw new Error('of a handler');
    });
    const events = eventsOf(client, 'tasks');
    await client.connectToHub('tasks');
    await client.invoke('tasks', 'SubscribeToTaskType', '*');
    await front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'x' });
    await expect(events.next()).resolves.toContain('t');
    expect(errors).toEqual(['[ConduitSignalR] a handler of TaskStarted failed: of a handler']);
  });

  test('get a snapshot again when the program asks for it again', async () => {
    const key = await front.createKey();
    await front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'x' });
    const client = service(front, key);
    const events = eventsOf(client, 'tasks');
    await client.connectToHub('tasks');
    await client.invoke('tasks', 'SubscribeToTask', 't');
    await client.invoke('tasks', 'SubscribeToTask', 't');
    expect(briefly(events.all)).toEqual([
      ['TaskStarted', 't', 'x', {}],
      ['TaskStarted', 't', 'x', {}],
    ]);
  });
});

describe('keys', () => {
  test('of both kinds stand side by side', async () => {
    const key = await front.createKey();
    const client = service(front);
    client.setVirtualKey(key.key);
    client.setMasterKey(MASTER_KEY);
    await Promise.all([client.connectToHub('spend'), client.connectToHub('admin-notifications')]);
    expect(client.getActiveConnections().sort()).toEqual(['admin-notifications', 'spend']);
    client.setMasterKey(null);
    await client.connectToHub('tasks');
    expect(client.getActiveConnections().sort()).toEqual(['spend', 'tasks']);
  });

  test('of a hub’s own go before the service’s, and are not exchanged unnoticed', async () => {
    const [one, other] = [await front.createKey(), await front.createKey()];
    const client = service(front, one);
    await client.connectToHub('tasks', other.key);
    await expect(connectionsOf(other)).resolves.toBe(1);
    await expect(client.connectToHub('tasks', one.key)).rejects.toMatchObject({ code: 'another-key' });
    await expect(client.connectToHub('tasks')).resolves.toBe(client.getConnection('tasks'));
    await expect(connectionsOf(one)).resolves.toBe(0);
  });

  test('that change have their hubs connect anew, as somebody else who has missed nothing', async () => {
    const [one, other] = [await front.createKey(), await front.createKey()];
    const client = service(front, one);
    const events = eventsOf(client, 'tasks');
    await client.connectToHub('tasks');
    await client.invoke('tasks', 'SubscribeToTaskType', '*');
    await front.tell(one, 'TaskStarted', { taskId: 'of one', taskType: 'x' });
    await front.tell(other, 'TaskStarted', { taskId: 'before', taskType: 'x' });
    await events.next();
    const life = new ConnectionLife(client, 'tasks');
    client.setVirtualKey(other.key);
    await life.enters('connected');
    await front.tell(other, 'TaskStarted', { taskId: 'of another', taskType: 'x' });
    await expect(events.next()).resolves.toContain('of another');
    expect(life.brief).toEqual(['disconnected', 'connectionClosed', 'connecting', 'connected']);
    await eventually(
      'nobody of the first key',
      () => connectionsOf(one),
      (count) => count === 0,
    );
    // Of changes that follow each other at once, the last one counts.
    client.setVirtualKey(null);
    client.setVirtualKey('condt_of-nobody-at-all');
    client.setVirtualKey(one.key);
    await life.enters('connected');
    await expect(connectionsOf(one)).resolves.toBe(1);
    client.setVirtualKey(other.key);
    client.setVirtualKey(null);
    await life.enters('disconnected');
    await eventually(
      'nobody',
      () => connectionsOf(one),
      (count) => count === 0,
    );
    expect(client.getConnectionState('tasks')).toBe('disconnected');
  });

  test.each([
    ['an unknown key', 'tasks', 'condt_unknown-key-of-a-test', undefined],
    ['a virtual key at a hub of the master key', 'admin-notifications', undefined, 'virtual'],
    ['the master key at a hub of virtual keys', 'spend', MASTER_KEY, undefined],
    ['no key', 'tasks', '', undefined],
  ])('are refused at once, and not tried again: %s', async (_, hubName, wrong, kind) => {
    const key = kind === 'virtual' ? (await front.createKey()).key : (wrong ?? '');
    const client = service(front);
    const life = new ConnectionLife(client, hubName);
    const failure = await client.connectToHub(hubName, key).catch((error: Error) => error);
    expect(failure).toMatchObject({ name: 'ConduitSignalRError', code: 'unauthorized' });
    expect(life.brief).toEqual(['connecting', 'failed', 'connectionFailed']);
    expect(client.getConnectionState(hubName)).toBe('failed');
    // With a better one it goes on.
    const better = hubName === 'admin-notifications' ? MASTER_KEY : (await front.createKey()).key;
    await client.connectToHub(hubName, better);
    expect(client.isConnected(hubName)).toBe(true);
  });

  test('are in no log line and no error, even in debug mode', async () => {
    const key = await front.createKey();
    const lines: string[] = [];
    const push = (line: string) => lines.push(line);
    const logger = { debug: push, info: push, warn: push, error: push };
    const client = service(front, undefined, { logger });
    client.setDebugMode(true);
    const wrong = 'condt_secret/that+nobody knows';
    const told: unknown[] = [];
    client.addEventListener('conduit:tasks:connectionFailed', (event) => told.push((event as CustomEvent).detail));
    const failure = await client.connectToHub('tasks', wrong).catch((error: Error) => error);
    await client.connectToHub('tasks', key.key, { transports: ['ServerSentEvents'] });
    await client.connectToHub('spend', `${key.key}`);
    await client.disconnectFromHub('tasks');
    expect(lines.join('\n')).toContain('connecting → connected');
    const all = [
      ...lines,
      String(failure),
      (failure as Error).stack,
      JSON.stringify(told),
      String((failure as Error).cause),
    ];
    for (const secret of [key.key, wrong, encodeURIComponent(wrong)]) expect(all.join('\n')).not.toContain(secret);
  });
});

test('the hubs of the master key may be on a host of their own', async () => {
  const nowhere = { url: 'http://127.0.0.1:9' };
  const client = service(nowhere, undefined, { adminApiBaseUrl: `${front.url}/`, masterKey: MASTER_KEY });
  await client.connectToHub('admin-notifications');
  expect(client.getConnection('admin-notifications')?.baseUrl).toBe(`${front.url}/hubs/admin-notifications?meta=1`);
});

test('two services have nothing in common; those without options are one', async () => {
  const [one, other] = [await front.createKey(), await front.createKey()];
  const [left, right] = [service(front, one), service(front, other)];
  const [heardLeft, heardRight] = [eventsOf(left, 'tasks'), eventsOf(right, 'tasks')];
  for (const client of [left, right]) {
    await client.connectToHub('tasks');
    await client.invoke('tasks', 'SubscribeToTaskType', '*');
  }
  const life = new ConnectionLife(right, 'tasks');
  await front.tell(one, 'TaskStarted', { taskId: 'left', taskType: 'x' });
  await front.tell(other, 'TaskStarted', { taskId: 'right', taskType: 'x' });
  await Promise.all([left, right].map((client) => untilTold(client, 'tasks')));
  expect([heardLeft, heardRight].map(({ all }) => all.map(([, id]) => id))).toEqual([['left'], ['right']]);
  await left.disconnectAll();
  expect([right.isConnected('tasks'), life.brief]).toEqual([true, []]);

  expect(new ConduitSignalRService()).toBe(ConduitSignalRService.getInstance());
  expect(ConduitSignalRService.ConnectionState.Failed).toBe('failed');
  expect(left).not.toBe(ConduitSignalRService.getInstance());
});

test('figures are there: how long things took, how many messages there were', async () => {
  const key = await front.createKey();
  const client = service(front, key);
  const events = eventsOf(client, 'tasks');
  await client.connectToHub('tasks');
  await client.invoke('tasks', 'SubscribeToTaskType', '*');
  await client.send('tasks', 'UnsubscribeFromTask', 't');
  const latencies = [await client.ping('tasks'), await client.ping('tasks')];
  await front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'x' });
  await events.next();
  const figures = client.getMetrics('tasks');
  const once = { count: 1, total: expect.any(Number), min: expect.any(Number), max: expect.any(Number) };
  expect(figures).toEqual({
    connectionTime: { ...once, last: figures.connectionTime?.total, average: figures.connectionTime?.total },
    'invoke.SubscribeToTaskType': expect.objectContaining({ count: 1 }),
    latency: {
      count: 2,
      total: (latencies[0] ?? 0) + (latencies[1] ?? 0),
      min: Math.min(...latencies),
      max: Math.max(...latencies),
      last: latencies[1],
      average: ((latencies[0] ?? 0) + (latencies[1] ?? 0)) / 2,
    },
    messages: { received: 1, sent: 2, duplicates: 0, queued: 0 },
    reconnects: 0,
    connectedAt: expect.any(Number),
  });
  expect(client.getTransport('tasks')).toBe('WebSockets');
});

test('what the owner of a key may read is read with the key of its kind', async () => {
  const key = await front.createKey();
  await front.tell(key, 'SpendRecorded', { amount: 1.5 });
  const client = service(front, key, { masterKey: MASTER_KEY });
  await expect(client.read('/v1/spend')).resolves.toMatchObject({ currentSpend: 1.5 });
  await expect(client.read(`/v1/admin/keys/${key.id}`)).resolves.toMatchObject({ id: key.id });
  await expect(client.read('/v1/tasks/none')).rejects.toMatchObject({ code: 'refused' });
  const tokens = ['expired', await front.clientToken(key)];
  client.setVirtualKey(() => tokens.shift() ?? '');
  await expect(client.read('/v1/spend')).resolves.toMatchObject({ currentSpend: 1.5 });
  client.setVirtualKey('condt_wrong');
  await expect(client.read('/v1/spend')).rejects.toMatchObject({ code: 'unauthorized' });
});
