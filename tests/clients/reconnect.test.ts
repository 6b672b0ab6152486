// ConduitSignalRService through cuts of the network and kills of the server: nothing is lost, nothing comes twice.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { briefly, clientServices, EAGER, eventsOf, untilTold } from '../harness/clientServices.ts';
import { ConnectionLife } from '../harness/connectionLife.ts';
import { within } from '../harness/deadline.ts';
import { type Key, MASTER_KEY } from '../harness/edge.ts';
import { EdgeProcess } from '../harness/edgeProcess.ts';
import { WaitingProxy } from '../harness/waitingProxy.ts';

let folder: string;
let front: EdgeProcess;
let proxy: WaitingProxy;
const service = clientServices();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conduit-edge-client-'));
  front = await EdgeProcess.start(folder);
  proxy = await WaitingProxy.start(front.port);
});

afterAll(async () => {
  await proxy?.stop();
  await front?.kill();
  await rm(folder, { recursive: true, force: true });
});

async function restart(): Promise<void> {
  const { port } = front;
  await front.kill();
  front = await EdgeProcess.start(folder, port);
}

/** Cuts all lines; who comes back waits until the work is done. */
async function whileAway(work: () => Promise<unknown>): Promise<void> {
  proxy.hold();
  proxy.cut();
  await work();
  proxy.release();
}

const start = (key: Key, taskId: string) => front.tell(key, 'TaskStarted', { taskId, taskType: 'x' });
const ids = (events: unknown[][]) => events.map(([, id]) => id);

describe('a connection that is cut', () => {
  test('comes back with its handlers and subscriptions, and with what was missed, once and in order', async () => {
    const key = await front.createKey();
    const client = service(proxy, key);
    const events = eventsOf(client, 'tasks');
    const connection = await client.connectToHub('tasks');
    const life = new ConnectionLife(client, 'tasks');
    await client.invoke('tasks', 'SubscribeToTaskType', '*');
    await start(key, '1');
    await events.next();
    for (const round of [1, 2, 3]) {
      await whileAway(async () => {
        await start(key, `${round}a`);
        await start(key, `${round}b`);
      });
      await life.enters('connected');
      await start(key, `${round}c`);
      await events.find(`${round}c`, ([, id]) => id === `${round}c`);
    }
    expect(ids(events.all)).toEqual(['1', '1a', '1b', '1c', '2a', '2b', '2c', '3a', '3b', '3c']);
    expect(client.getConnection('tasks')).toBe(connection);
    expect(client.getMetrics('tasks').reconnects).toBe(3);
  });

  test('tells of it in the order of the original, with the details of the seeds', async () => {
    const key = await front.createKey();
    const client = service(proxy, key);
    await client.connectToHub('spend-notifications');
    const life = new ConnectionLife(client, 'spend-notifications');
    proxy.cut();
    await life.tells('reconnected');
    const hubName = 'spend-notifications';
    const [lost, trying] = life.told.all;
    expect(lost).toEqual([
      'stateChanged',
      {
        hubName,
        previousState: 'connected',
        currentState: 'reconnecting',
        timestamp: expect.any(Number),
        reconnectAttempt: 1,
        nextRetryTime: expect.any(Number),
      },
    ]);
    expect(trying).toEqual([
      'reconnecting',
      { hubName, error: expect.any(Error), attempt: 1, nextRetryDelay: expect.any(Number) },
    ]);
    expect(life.told.all.slice(-2)).toEqual([
      [
        'stateChanged',
        { hubName, previousState: 'reconnecting', currentState: 'connected', timestamp: expect.any(Number) },
      ],
      ['reconnected', { hubName, connectionId: expect.any(String), recovered: true }],
    ]);
  });

  test('calls the callbacks of the official connection too', async () => {
    const key = await front.createKey();
    const client = service(proxy, key);
    const connection = await client.connectToHub('tasks');
    const called: string[] = [];
    connection.onreconnecting(() => called.push('reconnecting'));
    const back = new Promise<void>((resolve) => {
      connection.onreconnected(() => {
        called.push('reconnected');
        resolve();
      });
    });
    proxy.cut();
    await within(back, 'the callback');
    expect(called).toEqual(['reconnecting', 'reconnected']);
  });

  test('repeats what is said meanwhile, in order and with its results', async () => {
    const key = await front.createKey();
    const client = service(proxy, key);
    await client.connectToHub('notifications');
    const life = new ConnectionLife(client, 'notifications');
    proxy.hold();
    proxy.cut();
    await life.enters('reconnecting');
    const levels = ['Low', 'Medium', 'High', 'Critical'] as const;
    const answers = levels.map((minimumPriority) =>
      client.invoke('notifications', 'UpdatePreferences', { enabledTypes: ['rate_limit'], minimumPriority }),
    );
    const refused = client.invoke('notifications', 'NoSuchMethod').catch((error: Error) => error.message);
    const last = client.invoke('notifications', 'GetPreferences');
    expect(client.getMetrics('notifications').messages?.queued).toBe(6);
    proxy.release();
    expect((await Promise.all(answers)).map(({ minimumPriority }) => minimumPriority)).toEqual(levels);
    await expect(refused).resolves.toContain('Method does not exist');
    await expect(last).resolves.toEqual({ enabledTypes: ['rate_limit'], minimumPriority: 'Critical' });
    expect(client.getMetrics('notifications').messages?.queued).toBe(0);
  });

  test('keeps no more than so much, says what was dropped, and drops the rest when it is given up', async () => {
    const key = await front.createKey();
    const client = service(proxy, key);
    await client.connectToHub('tasks', null, { maxQueueLength: 2 });
    await client.connectToHub('spend', null, { enableMessageQueuing: false });
    const lives = ['tasks', 'spend'].map((hub) => new ConnectionLife(client, hub));
    proxy.hold();
    proxy.cut();
    await Promise.all(lives.map((life) => life.enters('reconnecting')));
    const settled = Promise.allSettled([1, 2, 3].map((id) => client.invoke('tasks', 'SubscribeToTask', id)));
    await expect(client.invoke('spend', 'GetResumeToken')).rejects.toThrow('Hub spend is not connected');
    await client.disconnectAll();
    const reasons = (await settled).map((result) => (result as PromiseRejectedResult).reason.code);
    expect(reasons).toEqual(['disconnected', 'disconnected', 'queue-full']);
    proxy.release();
  });

  test('goes on with the key that was given for the hub', async () => {
    const [own, another] = [await front.createKey(), await front.createKey()];
    const client = service(proxy, another);
    const events = eventsOf(client, 'tasks');
    await client.connectToHub('tasks', own.key);
    await client.invoke('tasks', 'SubscribeToTaskType', '*');
    const life = new ConnectionLife(client, 'tasks');
    proxy.cut();
    await life.enters('connected');
    await start(another, 'of another');
    await start(own, 'own');
    await expect(events.next()).resolves.toContain('own');
  });

  test('does not come back where reconnecting is turned off', async () => {
    const key = await front.createKey();
    const client = service(proxy, key);
    const connection = await client.connectToHub('tasks', null, { enableAutoReconnect: false });
    const life = new ConnectionLife(client, 'tasks');
    proxy.cut();
    await life.tells('connectionClosed');
    expect(life.brief).toEqual(['disconnected', 'connectionClosed']);
    expect(connection.state).toBe('Disconnected');
    // It may be asked for.
    await expect(client.connectToHub('tasks')).resolves.toBe(connection);
    expect(client.isConnected('tasks')).toBe(true);
  });

  test('asks for a token once for each attempt', async () => {
    const key = await front.createKey();
    const client = service(proxy);
    const given: string[] = [];
    client.setVirtualKey(async () => {
      // One that is refused is no reason to give up, since the next one may be good.
      const token = given.length === 0 ? 'not a token' : await front.clientToken(key, { ttlSeconds: 60 });
      given.push(token);
      return token;
    });
    const events = eventsOf(client, 'tasks');
    await client.connectToHub('tasks');
    expect(given).toHaveLength(2);
    await client.invoke('tasks', 'SubscribeToTaskType', '*');
    const life = new ConnectionLife(client, 'tasks');
    proxy.cut();
    await life.enters('connected');
    expect(given).toHaveLength(3);
    await start(key, 't');
    await expect(events.next()).resolves.toContain('t');
  });

  test('is not even noticed with stateful reconnect', async () => {
    const key = await front.createKey();
    const client = service(proxy, key);
    const events = eventsOf(client, 'tasks');
    await client.connectToHub('tasks', null, { statefulReconnect: true });
    await client.invoke('tasks', 'SubscribeToTaskType', '*');
    const life = new ConnectionLife(client, 'tasks');
    await whileAway(() => start(key, 'missed'));
    await expect(events.next()).resolves.toContain('missed');
    expect(life.brief).toEqual([]);
  });

  test.each(['tasks', 'video-generation', 'image-generation', 'webhooks'])(
    'of hub %s has its subscriptions again even where the token was used up',
    async (hub) => {
      const key = await front.createKey();
      const client = service(proxy, key);
      await client.connectToHub(hub);
      const subscriptions = {
        tasks: ['SubscribeToTask', 'TaskStarted', 't'],
        'video-generation': ['SubscribeToVideoGeneration', 'VideoStarted', 't'],
        'image-generation': ['SubscribeToTask', 'ImageStarted', 't'],
        webhooks: ['SubscribeToWebhooks', 'DeliveryAttempted', ['https://a.example/x', 'https://b.example/x']],
      } as const;
      const [method, event, argument] = subscriptions[hub as keyof typeof subscriptions];
      await tellOf(key, hub, 0);
      await client.invoke(hub, method, argument);
      const events = eventsOf(client, hub, [event]);
      const life = new ConnectionLife(client, hub);
      await tellOf(key, hub, 1);
      await events.next();
      // Somebody else uses it, so that `Resume` is refused.
      const connection = client.getConnection(hub);
      const invoke = connection?.invoke.bind(connection);
      if (connection === null || invoke === undefined) throw new Error('it is connected');
      connection.invoke = (name: string, ...args: any[]) =>
        invoke(name, ...(name === 'Resume' ? ['used.up', args[1]] : args));
      await whileAway(() => tellOf(key, hub, 2));
      await expect(life.tells('reconnected')).resolves.toMatchObject({ recovered: false });
      await tellOf(key, hub, 3);
      await untilTold(client, hub);
      expect(events.all.map((args) => stepOf(args))).toEqual([1, 2, 3]);
    },
  );
});

test('what both Resume and the history bring is told once', async () => {
  const key = await front.createKey();
  const client = service(proxy, key);
  const events = eventsOf(client, 'webhooks', ['DeliveryAttempted']);
  const connection = await client.connectToHub('webhooks');
  await client.invoke('webhooks', 'SubscribeToWebhooks', ['*']);
  await tellOf(key, 'webhooks', 1);
  await events.next();
  // As where the journal does not reach far enough.
  const invoke = connection.invoke.bind(connection);
  connection.invoke = async (name: string, ...args: any[]) => {
    const answer = await invoke(name, ...args);
    return name === 'Resume' ? { ...answer, recovered: false } : answer;
  };
  const life = new ConnectionLife(client, 'webhooks');
  await whileAway(async () => {
    await tellOf(key, 'webhooks', 2);
    await tellOf(key, 'webhooks', 3);
  });
  await expect(life.tells('reconnected')).resolves.toMatchObject({ recovered: false });
  await untilTold(client, 'webhooks');
  expect(events.all.map((args) => stepOf(args))).toEqual([1, 2, 3]);
  expect(client.getMetrics('webhooks').messages?.duplicates).toBe(2);
});

/** Has something happen that clients of a hub are told of. */
function tellOf(key: Key, hub: string, step: number): Promise<unknown> {
  const url = `https://${step % 2 === 0 ? 'a' : 'b'}.example/x`;
  if (hub === 'webhooks') {
    return front.tell(key, 'WebhookDeliveryAttempted', {
      deliveryId: `${step}`,
      url,
      eventType: 'e',
      attempt: step + 1,
    });
  }
  if (hub === 'video-generation') return front.tell(key, 'VideoStarted', { requestId: 't', provider: `${step}` });
  if (hub === 'image-generation') return front.tell(key, 'ImageStarted', { taskId: 't', provider: `${step}` });
  return front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'x', metadata: { step } });
}

function stepOf(args: unknown[]): number {
  const { deliveryId, provider } = args[1] as { deliveryId?: string; provider?: string };
  if (deliveryId !== undefined || provider !== undefined) return Number(deliveryId ?? provider);
  return (args[3] as { step: number }).step;
}

describe('a server that is killed', () => {
  test('is found again by all its hubs, and no state change is lost or told twice', async () => {
    const key = await front.createKey({ budget: { limit: 100, period: 'none' } });
    const client = service(front, key, { masterKey: MASTER_KEY });
    const tasks = eventsOf(client, 'tasks');
    const alerts = eventsOf(client, 'spend', ['BudgetAlert']);
    const changes = eventsOf(client, 'admin-notifications', ['VirtualKeyUpdated']);
    const hubs = ['tasks', 'spend', 'admin-notifications'];
    await Promise.all(hubs.map((hub) => client.connectToHub(hub)));
    await client.invoke('tasks', 'SubscribeToTask', (await start(key, 't')) && 't');
    await client.invoke('admin-notifications', 'SubscribeToVirtualKey', key.id);
    const lives = hubs.map((hub) => new ConnectionLife(client, hub));
    for (const percentComplete of [10, 20]) {
      await front.tell(key, 'TaskProgress', { taskId: 't', percentComplete });
    }
    await restart();
    // Some of this is told before anybody is back.
    await front.tell(key, 'SpendRecorded', { amount: 60 });
    await front.tell(key, 'TaskProgress', { taskId: 't', percentComplete: 30 });
    await front.patchKey(key, { name: 'another' });
    await Promise.all(lives.map((life) => life.enters('connected')));
    await front.tell(key, 'TaskCompleted', { taskId: 't', result: 1 });
    await front.tell(key, 'SpendRecorded', { amount: 20 });
    await Promise.all(hubs.map((hub) => untilTold(client, hub)));

    const progress = briefly(tasks.all)
      .filter(([name]) => name === 'TaskProgress')
      .map(([, , percent]) => percent);
    expect(progress).toEqual([...new Set(progress)].sort());
    expect(progress).toContain(30);
    expect(briefly(tasks.all).filter(([name]) => name !== 'TaskProgress')).toEqual([
      ['TaskStarted', 't', 'x', {}],
      ['TaskCompleted', 't', 1],
    ]);
    expect(alerts.all.map(([, event]) => (event as { threshold: number }).threshold)).toEqual([50, 75]);
    expect(changes.all).toHaveLength(1);
  });

  test('is waited for, though it was never there', async () => {
    const key = await front.createKey();
    const { port } = front;
    await front.kill();
    const client = service(front, key);
    const life = new ConnectionLife(client, 'tasks');
    const events = eventsOf(client, 'tasks');
    const connecting = client.connectToHub('tasks');
    const subscribing = client.invoke('tasks', 'SubscribeToTaskType', '*');
    await expect(life.tells('reconnecting')).resolves.toMatchObject({ attempt: 2, error: expect.any(Error) });
    await expect(life.tells('reconnecting')).resolves.toMatchObject({ attempt: 3 });
    expect(client.getConnectionState('tasks')).toBe('connecting');
    front = await EdgeProcess.start(folder, port);
    await connecting;
    await subscribing;
    await start(key, 't');
    await expect(events.next()).resolves.toContain('t');
    expect(life.brief.filter((name) => name !== 'reconnecting')).toEqual(['connecting', 'connected']);
  });

  test('is given up after so many attempts; handlers and subscriptions wait for the next connection', async () => {
    const key = await front.createKey();
    const client = service(front, key, { connection: { ...EAGER, maxReconnectAttempts: 3 } });
    const events = eventsOf(client, 'tasks');
    await client.connectToHub('tasks');
    await client.invoke('tasks', 'SubscribeToTaskType', '*');
    const life = new ConnectionLife(client, 'tasks');
    const { port } = front;
    await front.kill();
    await life.enters('reconnecting');
    const waiting = client.invoke('tasks', 'SubscribeToTask', 't').catch((error: Error) => error);
    const asking = client.connectToHub('tasks').catch((error: Error) => error);
    await expect(life.tells('connectionFailed')).resolves.toMatchObject({ reason: 'Max attempts reached' });
    expect(life.brief).toEqual([
      'reconnecting',
      'reconnecting',
      'reconnecting',
      'reconnecting',
      'failed',
      'connectionClosed',
      'connectionFailed',
    ]);
    for (const refusal of [await waiting, await asking]) expect(refusal).toMatchObject({ code: 'attempts-exhausted' });
    await expect(client.invoke('tasks', 'SubscribeToTask', 't')).rejects.toThrow('Hub tasks is not connected');

    front = await EdgeProcess.start(folder, port);
    await start(key, 'missed');
    await client.connectToHub('tasks');
    await start(key, 'later');
    await expect(events.take(2).then(ids)).resolves.toEqual(['missed', 'later']);
  });
});

test('a key that is disabled ends its connections, which do not try again; enabled, it may come back', async () => {
  const key = await front.createKey();
  const client = service(front, key);
  const events = eventsOf(client, 'tasks');
  await client.connectToHub('tasks');
  await client.invoke('tasks', 'SubscribeToTaskType', '*');
  const life = new ConnectionLife(client, 'tasks');
  await front.patchKey(key, { enabled: false });
  await life.tells('connectionClosed');
  expect(client.getConnectionState('tasks')).toBe('disconnected');
  await front.patchKey(key, { enabled: true });
  await client.connectToHub('tasks');
  await start(key, 't');
  await expect(events.next()).resolves.toContain('t');
});
