// Relays: a key that outgrows its object. Clients notice nothing, whoever sleeps or is restarted.

import { describe, expect, test } from 'vitest';
import { eventually } from '../harness/deadline.ts';
import { edge, type Key } from '../harness/edge.ts';
import { LastingListener } from '../harness/lastingListener.ts';
import { PROTOCOLS } from '../harness/protocol.ts';
import { RawClient } from '../harness/rawClient.ts';

const EACH = 3;
const front = edge({ vars: { RELAY_AFTER_CONNECTIONS: `${EACH}` } });

const relay = (key: Key, number: number) => `vkey-${key.id}/relay-${number}`;

/** Whether a relay sleeps, or was never there. */
const sleeps = (key: Key, number: number) => front.instance.sleeps('Relay', relay(key, number));

const connections = async (key: Key) => {
  const read = await front.admin('GET', `/v1/admin/keys/${key.id}`);
  return ((await read.json()) as { connections: number }).connections;
};

async function crowd(key: Key, count: number): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  for (let number = 0; number < count; number++) {
    const client = await front.raw(key, PROTOCOLS[number % PROTOCOLS.length]);
    await client.invoke('SubscribeToTaskType', '*');
    clients.push(client);
  }
  return clients;
}

function leave(clients: RawClient[]): void {
  for (const client of clients) client.socket.terminate();
}

const progress = (client: RawClient) =>
  client.records.all.flatMap((record) =>
    'target' in record && record.target === 'TaskProgress' ? [record.arguments[1]] : [],
  );

const started = (client: RawClient) =>
  client.records.all.flatMap((record) =>
    'target' in record && record.target === 'TaskStarted' ? [record.arguments[0]] : [],
  );

describe('a key with more connections than its object holds', () => {
  test('has them at relays, which sleep with it and tell everybody of an event once', async () => {
    const key = await front.createKey();
    const clients = await crowd(key, 4 * EACH);
    const recipients = clients.length;
    await expect(front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'x' })).resolves.toMatchObject({ recipients });
    for (const client of clients) await expect(client.event('TaskStarted')).resolves.toEqual(['t', 'x', {}]);

    await front.sleep(key);
    for (const number of [1, 2, 3]) await expect(sleeps(key, number)).resolves.toBe(false);
    for (const number of [1, 2, 3]) await expect(sleeps(key, number)).resolves.toBe(true);
    await expect(front.tell(key, 'TaskCompleted', { taskId: 't' })).resolves.toMatchObject({ recipients });
    for (const client of clients) await expect(client.event('TaskCompleted')).resolves.toEqual(['t', null]);
    expect(clients.map(started)).toEqual(clients.map(() => ['t']));
    leave(clients);
  });

  test('tells of a long burst in order, to clients of its object and of relays alike', async () => {
    const key = await front.createKey();
    const clients = await crowd(key, 3 * EACH);
    const tasks = Array.from({ length: 300 }, (_, number) => `t${number}`);
    for (const taskId of tasks) void front.tell(key, 'TaskStarted', { taskId, taskType: 'x' });
    for (const client of clients) {
      await eventually(
        'all of it',
        async () => started(client).length,
        (length) => length >= tasks.length,
      );
    }
    const [order] = clients.map(started);
    expect(new Set(order)).toEqual(new Set(tasks));
    for (const client of clients) expect(started(client)).toEqual(order);
    leave(clients);
  });

  test('has as many as it may have, however many come at once', async () => {
    const limit = 2 * EACH + 1;
    const key = await front.createKey({ limits: { connections: limit } });
    const headers = { authorization: `Bearer ${key.key}` };
    const attempts = await Promise.allSettled(
      Array.from({ length: 4 * EACH }, () => RawClient.connect(front.hub(), 'json', headers)),
    );
    const clients = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
    expect(clients).toHaveLength(limit);
    await expect(RawClient.refusal(front.hub(), headers)).resolves.toMatchObject({ status: 429 });
    await eventually(
      'the count',
      () => connections(key),
      (count) => count === limit,
    );
    // One place is free again, and no more.
    await clients.at(-1)?.kill();
    await eventually(
      'the place',
      () => RawClient.connect(front.hub(), 'json', headers).catch(() => undefined),
      (client) => client !== undefined,
    ).then((client) => clients.push(client as RawClient));
    await expect(RawClient.refusal(front.hub(), headers)).resolves.toMatchObject({ status: 429 });
    leave(clients);
  });

  test('answers the invocations of a relay’s clients in order, also when everybody had slept', async () => {
    const key = await front.createKey();
    const clients = await crowd(key, EACH + 1);
    const last = clients.at(-1) as RawClient;
    await front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'x' });
    await last.event('TaskStarted');
    await front.sleep(key);
    await sleeps(key, 1);
    // The snapshot comes before the completion.
    await last.invoke('SubscribeToTask', 't');
    expect(started(last)).toEqual(['t', 't']);
    await expect(last.invoke('SubscribeToTask', 'unknown')).rejects.toThrow('Task not found');
    leave(clients);
  });

  test('loses all connections at once when it is disabled, and when the operator disconnects it', async () => {
    const key = await front.createKey();
    const before = await crowd(key, 2 * EACH);
    await front.admin('POST', `/v1/admin/keys/${key.id}/disconnect`);
    for (const client of before) await expect(client.end()).resolves.toMatchObject({ code: 1000 });
    const after = await crowd(key, 2 * EACH);
    await front.patchKey(key, { enabled: false });
    for (const client of after) await expect(client.end()).resolves.toMatchObject({ code: 1000 });
    await eventually(
      'nobody',
      () => connections(key),
      (count) => count === 0,
    );
    await expect(front.raw(key)).rejects.toThrow('401');
  });

  test('uses the numbers of relays again whose connections have gone', async () => {
    const key = await front.createKey();
    const own = await crowd(key, EACH);
    for (let round = 0; round < 3; round++) {
      const others = await crowd(key, EACH);
      leave(others);
      await eventually(
        'the others to be gone',
        () => connections(key),
        (count) => count === EACH,
      );
    }
    await expect(sleeps(key, 1)).resolves.toBe(false);
    await expect(sleeps(key, 2)).resolves.toBe(true);
    leave(own);
  });
});

describe('a restart', () => {
  /** Ends an object's memory and its own sockets, as a crash does. */
  const restart = (className: string, name: string) => front.instance.restart(className, name);

  test('of the key’s object in the middle of a burst costs the clients of relays nothing', async () => {
    const key = await front.createKey();
    const own = await Promise.all(Array.from({ length: EACH }, () => LastingListener.start(front, key)));
    const clients = await crowd(key, EACH);
    const tasks = Array.from({ length: 200 }, (_, number) => `t${number}`);
    const told: Promise<unknown>[] = [];
    for (const [number, taskId] of tasks.entries()) {
      told.push(front.tell(key, 'TaskStarted', { taskId, taskType: 'x' }).catch(() => {}));
      if (number % 50 === 49) await restart('VirtualKey', `vkey-${key.id}`);
    }
    await Promise.all(told);
    const last = await front.tell(key, 'TaskStarted', { taskId: 'last', taskType: 'x' });
    expect(last.status).toBe('delivered');
    const history = await front.read<{ items: { arguments: unknown[] }[] }>(key, '/v1/history?hub=TaskHub&limit=1000');
    const expected = history.items.map(({ arguments: [taskId] }) => taskId);
    for (const client of clients) {
      await eventually(
        'the last',
        async () => started(client).at(-1),
        (taskId) => taskId === 'last',
      );
      expect(started(client)).toEqual(expected);
    }
    for (const listener of own) {
      await eventually(
        'the last',
        async () => listener.changes.all.at(-1)?.taskId,
        (taskId) => taskId === 'last',
      );
      expect(listener.changes.all.map(({ taskId }) => taskId)).toEqual(expected);
      await listener.stop();
    }
    leave(clients);
  });

  test('of a relay has its clients come back, with nothing lost or doubled, and no ghost is counted', async () => {
    const key = await front.createKey({ limits: { connections: 2 * EACH } });
    const own = await crowd(key, EACH);
    const listeners = await Promise.all(Array.from({ length: EACH }, () => LastingListener.start(front, key)));
    const tasks = Array.from({ length: 100 }, (_, number) => `t${number}`);
    for (const [number, taskId] of tasks.entries()) {
      await front.tell(key, 'TaskStarted', { taskId, taskType: 'x' });
      if (number % 25 === 24) await restart('Relay', relay(key, 1));
    }
    for (const listener of listeners) {
      await eventually(
        'the last',
        async () => listener.changes.all.at(-1)?.taskId,
        (taskId) => taskId === 't99',
      );
      expect(listener.changes.all.map(({ taskId }) => taskId)).toEqual(tasks);
    }
    await eventually(
      'all to be back',
      () => connections(key),
      (count) => count === 2 * EACH,
    );
    for (const listener of listeners) await listener.stop();
    leave(own);
  });
});

test('progress reaches the clients of relays in order', async () => {
  const key = await front.createKey();
  const clients = await crowd(key, EACH + 1);
  await front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'x' });
  for (let percentComplete = 1; percentComplete <= 50; percentComplete++) {
    await front.tell(key, 'TaskProgress', { taskId: 't', percentComplete });
  }
  for (const client of clients) {
    await eventually(
      'the last',
      async () => progress(client).at(-1),
      (percent) => percent === 50,
    );
    const percents = progress(client) as number[];
    expect(percents).toEqual([...new Set(percents)].sort((one, other) => one - other));
  }
  leave(clients);
});
