// Limits of the whole system, and of what a connection and a hub may do.

import { describe, expect, test } from 'vitest';
import { eventually } from '../harness/deadline.ts';
import { type Edge, edge, type Key, MASTER_KEY } from '../harness/edge.ts';
import { RawClient } from '../harness/rawClient.ts';

interface Online {
  virtualKeyId: string;
  connections: number;
}

async function online(front: Edge): Promise<Online[]> {
  const response = await front.admin('GET', '/v1/admin/connections?limit=1000');
  return ((await response.json()) as { items: Online[] }).items;
}

async function connections(front: Edge, key: Key): Promise<number> {
  const response = await front.admin('GET', `/v1/admin/keys/${key.id}`);
  return ((await response.json()) as { connections: number }).connections;
}

/** Waits until a key has so many connections. */
async function hasConnections(front: Edge, key: Key, count: number): Promise<void> {
  await eventually(
    `${count} connections`,
    () => connections(front, key),
    (open) => open === count,
  );
}

/** Closes the connections of a key, and waits until they are counted no more. */
async function leave(front: Edge, key: Key, clients: RawClient[]): Promise<void> {
  await Promise.all(clients.map((client) => client.close(1000)));
  await hasConnections(front, key, 0);
}

const open = (front: Edge, key: Key, count: number) => Promise.all(Array.from({ length: count }, () => front.raw(key)));

/** Opens as many connections of some keys as it gets, all at once. */
async function storm(front: Edge, keys: Key[]): Promise<RawClient[]> {
  const attempts = await Promise.allSettled(keys.map((key) => front.raw(key)));
  for (const attempt of attempts) {
    if (attempt.status === 'rejected') expect(`${attempt.reason}`).toContain('429');
  }
  return attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
}

describe('the connections of all keys together', () => {
  const front = edge({ vars: { MAX_CONNECTIONS_TOTAL: '4', MAX_CONNECTIONS_PER_KEY: '3' } });

  /** Negotiation and an upgrade both refuse with 429 and say which limit it is. */
  async function expectFull(key: Key, text: RegExp): Promise<void> {
    const headers = { authorization: `Bearer ${key.key}` };
    const negotiate = await fetch(`${front.url}/hubs/spend/negotiate?negotiateVersion=1`, { method: 'POST', headers });
    const upgrade = await RawClient.refusal(`${front.url}/hubs/spend`, headers);
    expect([negotiate.status, upgrade.status]).toEqual([429, 429]);
    expect(await negotiate.text()).toMatch(text);
    expect(upgrade.body).toMatch(text);
    expect(Number(negotiate.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(upgrade.headers['retry-after'])).toBeGreaterThan(0);
  }

  const OF_SYSTEM = /^The system .*\b4 connections/;
  const OF_KEY = /^The virtual key .*\b3 connections/;

  test('are so many and no more, and the refusal says which limit it was', async () => {
    const [key, other, third] = await Promise.all([front.createKey(), front.createKey(), front.createKey()]);
    const clients = await open(front, key, 3);
    await expectFull(key, OF_KEY);
    const others = await open(front, other, 1);
    for (const one of [other, third]) await expectFull(one, OF_SYSTEM);
    await expectFull(key, OF_KEY);
    // What is open goes on, and the operator is let in.
    await others[0]?.invoke('SubscribeToTaskType', '*');
    await (await front.officialMaster('metrics')).stop();
    await Promise.all([leave(front, key, clients), leave(front, other, others)]);
  });

  test('leave a place that is free to the same key and to others', async () => {
    const [key, other] = await Promise.all([front.createKey(), front.createKey()]);
    const [first, ...rest] = await open(front, key, 3);
    const others = await open(front, other, 1);
    await first?.close(1000);
    await hasConnections(front, key, 2);
    rest.push(...(await open(front, key, 1)));
    await leave(front, key, rest);
    others.push(...(await open(front, other, 2)));
    await leave(front, other, others);
    await expect(online(front)).resolves.toEqual([]);
  });

  test('leave the places of keys that have gone to whoever comes', async () => {
    // More keys than there are places, one after another.
    for (let count = 0; count < 12; count++) {
      const key = await front.createKey();
      const clients = await open(front, key, 1);
      await leave(front, key, clients);
    }
  });
});

describe('many keys that come at once', () => {
  const LIMIT = 12;
  const front = edge({ vars: { MAX_CONNECTIONS_TOTAL: `${LIMIT}` } });

  test('never have more than all may have together, however often they try', async () => {
    const keys = await Promise.all(Array.from({ length: 10 }, () => front.createKey()));
    const clients: RawClient[] = [];
    for (let round = 0; round < 3; round++) {
      clients.push(...(await storm(front, [...keys, ...keys, ...keys])));
      expect(clients.length).toBeLessThanOrEqual(LIMIT);
      expect(clients.length).toBeGreaterThan(0);
      const counted = await Promise.all(keys.map((key) => connections(front, key)));
      expect(counted.reduce((sum, count) => sum + count, 0)).toBe(clients.length);
      // Some go, all try again.
      const gone = clients.splice(0, 3);
      await Promise.all(gone.map((client) => client.close(1000)));
      const sum = async () =>
        (await Promise.all(keys.map((key) => connections(front, key)))).reduce((all, count) => all + count, 0);
      await eventually('those that went to be gone', sum, (count) => count === clients.length);
    }
    await Promise.all(clients.map((client) => client.close(1000)));
  });

  test('have all places in the end', async () => {
    const key = await front.createKey();
    await eventually(
      'nobody',
      () => online(front),
      (keys) => keys.length === 0,
    );
    const clients = await open(front, key, LIMIT);
    await leave(front, key, clients);
  });
});

const TOO_MANY = 'Rate limit exceeded. Please try again later.';

describe('the invocations of a connection', () => {
  // Two at once, and then one a minute: no test takes so long.
  const front = edge({ vars: { INVOCATIONS_PER_MINUTE: '1' } });

  async function outcomes(client: RawClient, count: number): Promise<string[]> {
    const results: string[] = [];
    for (let nth = 0; nth < count; nth++) {
      const called = client.invoke('SubscribeToTaskType', `type-${nth}`);
      results.push(
        await called.then(
          () => 'done',
          (error: Error) => error.message,
        ),
      );
    }
    return results;
  }

  const refused = expect.stringContaining(TOO_MANY);

  test.each(['json', 'messagepack'] as const)('are so many, of each connection (%s)', async (protocol) => {
    const key = await front.createKey();
    const [client, other] = await Promise.all([front.raw(key, protocol), front.raw(key, protocol)]);
    await expect(outcomes(client, 4)).resolves.toEqual(['done', 'done', refused, refused]);
    await expect(outcomes(other, 3)).resolves.toEqual(['done', 'done', refused]);
    // It is open, and told what it subscribed to; what was refused had no effect.
    await front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'type-2' });
    await front.tell(key, 'TaskStarted', { taskId: 't1', taskType: 'type-1' });
    await expect(client.event('TaskStarted')).resolves.toEqual(['t1', 'type-1', {}]);
    await Promise.all([client.close(1000), other.close(1000)]);
  });

  test('are as many as the key’s own limit says, which counts at once', async () => {
    const key = await front.createKey({ limits: { invocationsPerMinute: 2 } });
    const client = await front.raw(key);
    await expect(outcomes(client, 5)).resolves.toEqual(['done', 'done', 'done', 'done', refused]);
    await front.patchKey(key, { limits: { invocationsPerMinute: 3 } });
    const other = await front.raw(key);
    await expect(outcomes(other, 7)).resolves.toEqual([...Array(6).fill('done'), refused]);
    await front.patchKey(key, { limits: { invocationsPerMinute: null } });
    const third = await front.raw(key);
    await expect(outcomes(third, 3)).resolves.toEqual(['done', 'done', refused]);
    await Promise.all([client, other, third].map((one) => one.close(1000)));
  });

  test('keep the key’s own limit over a sleep', async () => {
    const key = await front.createKey({ limits: { invocationsPerMinute: 2 } });
    await front.sleep(key);
    const client = await front.raw(key);
    await expect(outcomes(client, 5)).resolves.toEqual(['done', 'done', 'done', 'done', refused]);
    await client.close(1000);
  });

  test('count streams as well', async () => {
    const client = await front.officialMaster('metrics');
    const first = () =>
      new Promise((resolve, reject) => {
        const stream = client.connection.stream('StreamMetrics', 60);
        stream.subscribe({ next: resolve, error: reject, complete: () => reject(new Error('it ended')) });
      });
    await first();
    await first();
    await expect(first()).rejects.toThrow(TOO_MANY);
    await client.stop();
  });

  test('count a Resume of many groups as one', async () => {
    const key = await front.createKey({ limits: { invocationsPerMinute: 10 } });
    const before = await front.raw(key);
    const { resumeToken } = (await before.invoke('GetResumeToken')) as { resumeToken: string };
    for (let nth = 0; nth < 15; nth++) await before.invoke('SubscribeToTaskType', `type-${nth}`);
    await leave(front, key, [before]);
    await front.patchKey(key, { limits: { invocationsPerMinute: 1 } });
    const after = await front.raw(key);
    await expect(after.invoke('Resume', resumeToken)).resolves.toMatchObject({ recovered: true });
    await expect(outcomes(after, 2)).resolves.toEqual(['done', refused]);
    await after.close(1000);
  });
});

describe('a limit of 0 invocations', () => {
  const front = edge({ vars: { INVOCATIONS_PER_MINUTE: '0' } });

  test('is none', async () => {
    const client = await front.raw(await front.createKey());
    // More than a burst of the default.
    for (let nth = 0; nth < 1_300; nth++) await client.invoke('UnsubscribeFromTask', 't');
    await client.close(1000);
  });
});

describe('the events of a hub', () => {
  // A minute’s worth at once, and then one a second.
  const RATE = 60;
  const limits = { TaskHub: { TaskProgress: RATE }, NavigationStateHub: { NavigationUpdated: 2 } };
  const front = edge({ vars: { HUB_LIMITS: JSON.stringify(limits) } });

  const progress = (key: Key, taskId: string, percentComplete: number) => ({
    specversion: '1.0',
    id: `${taskId}-${percentComplete}`,
    source: 'urn:limits',
    type: 'TaskProgress',
    virtualkeyid: key.id,
    data: { taskId, percentComplete },
  });
  const upTo = (count: number, from = 1) => Array.from({ length: count - from + 1 }, (_, nth) => from + nth);
  /** As much progress as may be told at once, each of a task of its own: of one task only the latest would be told. */
  const useUp = (key: Key) => upTo(RATE).map((nth) => progress(key, `u${nth}`, 1));

  test('progress beyond the limit comes later, the latest of each task', async () => {
    const key = await front.createKey();
    const client = await front.official(key);
    await client.invoke('SubscribeToTaskType', '*');
    for (const taskId of ['a', 'b', 'c']) await front.tell(key, 'TaskStarted', { taskId, taskType: 'test' });
    await client.events.take(3);
    const events = [
      ...useUp(key),
      ...upTo(20).map((percent) => progress(key, 'a', percent)),
      ...upTo(30).map((percent) => progress(key, 'b', percent)),
    ];
    const { results } = await front.publish(events);
    expect(results.every(({ status }) => status === 'delivered')).toBe(true);
    await front.tell(key, 'TaskProgress', { taskId: 'c', percentComplete: 99 });
    const heard = await client.events.take(RATE + 3);
    expect(heard.slice(0, RATE)).toEqual(upTo(RATE).map((nth) => ['TaskProgress', `u${nth}`, 1, null]));
    expect(heard.slice(RATE).sort()).toEqual([
      ['TaskProgress', 'a', 20, null],
      ['TaskProgress', 'b', 30, null],
      ['TaskProgress', 'c', 99, null],
    ]);
    await client.stop();
  });

  test('changes of state always come at once, and nothing of a task after its end', async () => {
    const key = await front.createKey();
    const client = await front.official(key);
    await client.invoke('SubscribeToTaskType', '*');
    for (const taskId of ['a', 'b', 'c']) await front.tell(key, 'TaskStarted', { taskId, taskType: 'test' });
    await front.publish([...useUp(key), ...upTo(10).map((percent) => progress(key, 'a', percent))]);
    await front.publish(upTo(10).map((percent) => progress(key, 'b', percent)));
    await front.tell(key, 'TaskCompleted', { taskId: 'b', result: 'done' });
    await front.tell(key, 'TaskFailed', { taskId: 'a', error: 'failed' });
    await front.tell(key, 'TaskProgress', { taskId: 'c', percentComplete: 7 });
    await front.tell(key, 'TaskCancelled', { taskId: 'd' });
    // The progress of the task that goes on waits for its turn, behind whatever else waits.
    await client.events.find('the progress', ([name, taskId]) => name === 'TaskProgress' && taskId === 'c');
    const ofTask = (id: string) => client.events.all.filter(([, taskId]) => taskId === id);
    expect(ofTask('b').filter(([name]) => name !== 'TaskProgress')).toEqual([
      ['TaskStarted', 'b', 'test', {}],
      ['TaskCompleted', 'b', 'done'],
    ]);
    expect(ofTask('b').at(-1)).toEqual(['TaskCompleted', 'b', 'done']);
    expect(ofTask('a').at(-1)).toEqual(['TaskFailed', 'a', 'failed', null]);
    expect(ofTask('d')).toEqual([['TaskCancelled', 'd', null]]);
    expect(ofTask('c').at(-1)).toEqual(['TaskProgress', 'c', 7, null]);
    await client.stop();
  });

  test('are limited for each key by itself', async () => {
    const [busy, other] = await Promise.all([front.createKey(), front.createKey()]);
    const client = await front.official(other);
    await client.invoke('SubscribeToTaskType', '*');
    await front.publish([...useUp(busy), progress(busy, 'a', 1), ...useUp(other)]);
    const heard = await client.events.take(RATE);
    expect(heard.map(([, taskId]) => taskId)).toEqual(upTo(RATE).map((nth) => `u${nth}`));
    await client.stop();
  });

  test('that are ephemeral and no progress are dropped beyond it, and the figures say how many', async () => {
    const key = await front.createKey();
    const events = ['NavigationUpdated', 'ModelMappingChanged'];
    const [client, other] = await Promise.all([
      front.officialAt('navigation-state', key, []),
      front.officialAt('navigation-state', key, events),
    ]);
    for (const page of [1, 2, 3, 4, 5]) await client.invoke('UpdateNavigation', { page });
    await front.announce('ModelMappingChanged', { model: 'the end' });
    await expect(other.events.take(3)).resolves.toEqual([
      ['NavigationUpdated', { page: 1 }],
      ['NavigationUpdated', { page: 2 }],
      ['ModelMappingChanged', 'the end', null],
    ]);
    // The state is kept all the same: whoever comes now is told the last.
    const late = await front.officialAt('navigation-state', key, events);
    await expect(late.events.next()).resolves.toEqual(['NavigationUpdated', { page: 5 }]);
    await Promise.all([client, other, late].map((one) => one.stop()));
  });
});

describe('a limit of every event of a hub', () => {
  const front = edge({ vars: { HUB_LIMITS: JSON.stringify({ tasks: { '*': 2 } }) } });

  test('holds back no durable one, and those beyond it are counted', async () => {
    const key = await front.createKey();
    const client = await front.official(key);
    await client.invoke('SubscribeToTaskType', '*');
    const tasks = ['a', 'b', 'c', 'd', 'e'];
    for (const taskId of tasks) await front.tell(key, 'TaskStarted', { taskId, taskType: 'test' });
    for (const taskId of tasks) await front.tell(key, 'TaskCompleted', { taskId });
    await expect(client.events.take(10)).resolves.toEqual([
      ...tasks.map((taskId) => ['TaskStarted', taskId, 'test', {}]),
      ...tasks.map((taskId) => ['TaskCompleted', taskId, null]),
    ]);
    const limited = async () => {
      const text = await (await front.admin('GET', '/metrics')).text();
      return Number(text.match(/^conduit_signalr_limited_messages_total (\d+)$/m)?.[1]);
    };
    // Two of each name may be sent; four names of it are ten events.
    await eventually('those beyond the limit', limited, (count) => count === 6);
    await client.stop();
  });
});

describe('hubs', () => {
  const front = edge({ vars: { DISABLED_HUBS: 'SpendNotificationHub, image-generation,metrics' } });
  const debugging = edge({ vars: { ENABLE_DEBUG_HUB: 'true' } });

  async function answers(at: Edge, route: string, secret: string): Promise<number[]> {
    const headers = { authorization: `Bearer ${secret}` };
    const negotiate = await fetch(`${at.url}/hubs/${route}/negotiate`, { method: 'POST', headers });
    const poll = await fetch(`${at.url}/hubs/${route}`, { headers });
    return [negotiate.status, poll.status];
  }

  test.each(['spend', 'spend-notifications', 'Spend', 'image-generation', 'metrics'])(
    'that are disabled (%s) are not there, for nobody',
    async (route) => {
      const key = await front.createKey();
      for (const secret of [key.key, MASTER_KEY, 'condt_nobody']) {
        await expect(answers(front, route, secret)).resolves.toEqual([404, 404]);
        const headers = { authorization: `Bearer ${secret}` };
        await expect(RawClient.refusal(`${front.url}/hubs/${route}`, headers)).resolves.toMatchObject({ status: 404 });
      }
    },
  );

  test('that are not disabled are there', async () => {
    const key = await front.createKey();
    for (const route of ['tasks', 'video-generation', 'notifications', 'webhooks', 'navigation-state']) {
      await (await front.officialAt(route, key, [])).stop();
    }
    await (await front.officialMaster('admin-notifications')).stop();
  });

  test('for debugging are not there unless somebody wants them', async () => {
    await expect(answers(front, 'debug', MASTER_KEY)).resolves.toEqual([404, 404]);
  });

  test.each(['json', 'messagepack'] as const)('for debugging echo anything (%s)', async (protocol) => {
    const client = await debugging.officialMaster('debug', [], { protocol });
    for (const value of [{ a: [1, 'é', null, { b: true }] }, 'text', 7.5, null, [], false]) {
      await expect(client.invoke('Echo', value)).resolves.toEqual(value);
    }
    await client.stop();
  });

  test('for debugging tell what their object holds', async () => {
    interface Description {
      connections: number;
      groups: { name: string; connections: number }[];
      wakes: number;
      journal: { events: number; oldestEventId?: string; newestEventId?: string };
    }
    const key = await debugging.createKey();
    const [client, operator] = await Promise.all([
      debugging.officialMaster('debug'),
      debugging.officialMaster('admin-notifications', ['SubscribedToVirtualKey']),
    ]);
    await operator.invoke('SubscribeToVirtualKey', key.id);
    const before = await client.invoke<Description>('Describe');
    expect(before).toMatchObject({ connections: 2, wakes: expect.any(Number) });
    expect(before.groups).toContainEqual({ name: 'admin', connections: 1 });
    expect(before.groups).toContainEqual({ name: `admin-vkey-${key.id}`, connections: 1 });
    await debugging.patchKey(key, { name: 'other' });
    const between = await client.invoke<Description>('Describe');
    expect(between.journal.events).toBe(before.journal.events + 1);
    expect(between.journal.newestEventId).not.toBe(before.journal.newestEventId);
    await debugging.instance.sleep('Administration', 'administration');
    await expect(client.invoke<Description>('Describe')).resolves.toMatchObject({
      ...between,
      wakes: between.wakes + 1,
    });
    await Promise.all([client.stop(), operator.stop()]);
  });

  test('for debugging are the operator’s alone', async () => {
    const key = await debugging.createKey();
    await expect(answers(debugging, 'debug', key.key)).resolves.toEqual([403, 403]);
    await expect(answers(debugging, 'debug', 'condt_nobody')).resolves.toEqual([401, 401]);
  });
});
