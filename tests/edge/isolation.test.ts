// What is one key's never reaches another's clients, whatever names they choose.

import { describe, expect, test } from 'vitest';
import { cloudEvent } from '../harness/cloudEvents.ts';
import { edge, type Key } from '../harness/edge.ts';
import type { OfficialClient } from '../harness/officialClient.ts';
import { PROTOCOLS } from '../harness/protocol.ts';
import { RawClient } from '../harness/rawClient.ts';

const front = edge();

/** A key with a client of each protocol. */
interface Tenant {
  key: Key;
  clients: OfficialClient[];
}

async function tenant(): Promise<Tenant> {
  const key = await front.createKey();
  const clients = await Promise.all(PROTOCOLS.map((protocol) => front.official(key, { protocol, query: 'meta=1' })));
  return { key, clients };
}

async function two(): Promise<[Tenant, Tenant]> {
  return Promise.all([tenant(), tenant()]);
}

/** Subscribes all clients of a tenant; what is refused is no failure here. */
async function subscribe({ clients }: Tenant, method: string, ...names: unknown[]): Promise<void> {
  for (const client of clients) {
    for (const name of names) await client.invoke(method, name).catch(() => undefined);
  }
}

/** What the clients of a tenant heard once all that was sent has arrived, as text. */
async function heard({ clients }: Tenant): Promise<string[]> {
  for (const client of clients) await client.invoke('UnsubscribeFromTask', 'flush');
  return clients.map((client) => JSON.stringify(client.events.all));
}

async function stop(...tenants: Tenant[]): Promise<void> {
  await Promise.all(tenants.flatMap(({ clients }) => clients.map((client) => client.stop())));
}

/** Names that somebody might mistake for something else, or fold into one another. */
function names(mine: Tenant, other: Tenant): string[] {
  return [
    'same',
    'SAME',
    'same/',
    'same\u00a0x',
    'é',
    'e\u0301',
    '*',
    '**',
    '%',
    '_',
    "' OR 1=1 --",
    'task-same',
    'task:same',
    'task-type-*',
    'task-type:*',
    `vkey-${mine.key.id}`,
    `vkey-${other.key.id}`,
    mine.key.id,
    other.key.id,
    `${other.key.id}/same`,
    `../vkey-${other.key.id}`,
    'admin',
    'system-notifications',
    '__proto__',
    'constructor',
    '漢字🦀',
  ];
}

describe('events of one key', () => {
  test('never reach another key that has the same tasks and subscribed to them all', async () => {
    const [mine, theirs] = await two();
    const ids = names(mine, theirs);
    for (const { key } of [mine, theirs]) {
      const registered = ids.map((taskId) => cloudEvent(key.id, 'TaskRegistered', { taskId, taskType: 'same' }));
      const { results } = await front.publish(registered);
      expect(results.map((result) => result.status)).toEqual(ids.map(() => 'delivered'));
    }
    for (const tenant of [mine, theirs]) await subscribe(tenant, 'SubscribeToTask', ...ids);
    const events = ids.map((taskId) => cloudEvent(mine.key.id, 'TaskStarted', { taskId, taskType: 'same' }));
    const { results } = await front.publish(events);
    // Each id is one task: none is folded into another.
    expect(results.map((result) => result.recipients)).toEqual(ids.map(() => 2));
    const told = (await heard(mine)).map((text) => (JSON.parse(text) as string[][]).map(([, taskId]) => taskId));
    expect(told).toEqual([ids, ids]);
    await expect(heard(theirs)).resolves.toEqual(['[]', '[]']);
    await stop(mine, theirs);
  });

  test('never reach another key that subscribed to the same types, to * and to the names of groups', async () => {
    const [mine, theirs] = await two();
    const types = names(mine, theirs);
    for (const tenant of [mine, theirs]) await subscribe(tenant, 'SubscribeToTaskType', ...types);
    const events = types
      .filter((type) => type !== '*')
      .map((taskType, index) => cloudEvent(mine.key.id, 'TaskStarted', { taskId: `t${index}`, taskType }));
    const { results } = await front.publish(events);
    expect(results.map((result) => result.status)).not.toContain('rejected');
    expect(results.map((result) => result.recipients)).toEqual(events.map(() => 2));
    await expect(heard(theirs)).resolves.toEqual(['[]', '[]']);
    await stop(mine, theirs);
  });

  test('never reach another key by tasks that are named after its groups', async () => {
    const [mine, theirs] = await two();
    await subscribe(theirs, 'SubscribeToTaskType', '*');
    await subscribe(mine, 'SubscribeToTask', ...names(mine, theirs));
    const events = names(mine, theirs).map((taskId) =>
      cloudEvent(mine.key.id, 'TaskCompleted', { taskId, result: mine.key.id }),
    );
    await front.publish(events);
    await expect(heard(theirs)).resolves.toEqual(['[]', '[]']);
    await stop(mine, theirs);
  });

  test('never reach a key whose id they name elsewhere than in virtualkeyid', async () => {
    const [mine, theirs] = await two();
    for (const tenant of [mine, theirs]) await subscribe(tenant, 'SubscribeToTaskType', '*');
    const event = cloudEvent(mine.key.id, 'TaskStarted', {
      taskId: 't',
      taskType: 'x',
      metadata: { virtualKeyId: theirs.key.id },
    });
    await front.publish([
      { ...event, subject: theirs.key.id, source: `urn:vkey-${theirs.key.id}`, vkey: theirs.key.id },
    ]);
    const smuggled = cloudEvent(mine.key.id, 'TaskStarted', {
      taskId: 't',
      taskType: 'x',
      virtualKeyId: theirs.key.id,
    });
    await expect(front.publish([smuggled])).resolves.toMatchObject({ status: 400 });
    for (const text of await heard(mine)) expect(JSON.parse(text)).toHaveLength(1);
    await expect(heard(theirs)).resolves.toEqual(['[]', '[]']);
    await stop(mine, theirs);
  });

  test('of one batch each reach their own key', async () => {
    const [mine, theirs] = await two();
    for (const tenant of [mine, theirs]) await subscribe(tenant, 'SubscribeToTaskType', '*');
    const events = Array.from({ length: 100 }, (_, index) => {
      const { key } = index % 2 ? theirs : mine;
      return cloudEvent(key.id, 'TaskStarted', { taskId: `${index}`, taskType: 'x', metadata: { owner: key.id } });
    });
    await front.publish(events);
    for (const [tenant, other] of [
      [mine, theirs],
      [theirs, mine],
    ] as const) {
      for (const text of await heard(tenant)) {
        expect(JSON.parse(text)).toHaveLength(50);
        expect(text).not.toContain(other.key.id);
      }
    }
    await stop(mine, theirs);
  });
});

describe('a key', () => {
  test('cannot learn of another key’s tasks, by any name for them', async () => {
    const [mine, theirs] = await two();
    await front.tell(theirs.key, 'TaskStarted', { taskId: 'secret', taskType: 'secret', metadata: { a: 'secret' } });
    const guesses = [
      'secret',
      `vkey-${theirs.key.id}`,
      `${theirs.key.id}/secret`,
      `vkey-${theirs.key.id}/secret`,
      'task:secret',
    ];
    for (const client of mine.clients) {
      for (const guess of guesses) {
        await expect(client.invoke('SubscribeToTask', guess)).rejects.toThrow('HubException: Task not found');
      }
    }
    await front.tell(theirs.key, 'TaskCompleted', { taskId: 'secret' });
    await expect(heard(mine)).resolves.toEqual(['[]', '[]']);
    await stop(mine, theirs);
  });

  test('cannot change another key’s tasks', async () => {
    const [mine, theirs] = await two();
    await front.tell(theirs.key, 'TaskStarted', { taskId: 't', taskType: 'x' });
    await front.tell(mine.key, 'TaskCompleted', { taskId: 't' });
    await subscribe(theirs, 'SubscribeToTask', 't');
    await front.tell(theirs.key, 'TaskProgress', { taskId: 't', percentComplete: 5 });
    for (const client of theirs.clients) {
      expect(client.events.all.map(([name]) => name)).toContain('TaskStarted');
      await client.events.find('progress', ([name]) => name === 'TaskProgress');
      expect(client.events.all.map(([name]) => name)).not.toContain('TaskCompleted');
    }
    await stop(mine, theirs);
  });

  test('keeps to itself while objects sleep and wake', async () => {
    const [mine, theirs] = await two();
    for (const tenant of [mine, theirs]) await subscribe(tenant, 'SubscribeToTaskType', '*');
    for (let night = 0; night < 3; night++) {
      await front.sleep(mine.key);
      // Nothing woke the other one since its first night.
      await expect(front.sleeps(theirs.key)).resolves.toBe(night > 0);
      await expect(
        front.tell(mine.key, 'TaskProgress', { taskId: 't', percentComplete: night }),
      ).resolves.toMatchObject({ recipients: 2 });
    }
    await expect(heard(theirs)).resolves.toEqual(['[]', '[]']);
    await stop(mine, theirs);
  });

  test('cannot reach another key’s object by what the Worker and its objects say to each other', async () => {
    const [mine, theirs] = await two();
    const connect = JSON.stringify({
      virtual_key_id: theirs.key.id,
      virtualKeyId: theirs.key.id,
      hub: 'TaskHub',
      connection_id: null,
      meta: false,
    });
    const headers = { authorization: `Bearer ${mine.key.key}`, 'x-conduit-connect': connect };
    const client = await RawClient.connect(front.hub(), 'json', headers);
    await client.invoke('SubscribeToTaskType', '*');
    await front.tell(theirs.key, 'TaskStarted', { taskId: 'theirs', taskType: 'x' });
    await front.tell(mine.key, 'TaskStarted', { taskId: 'mine', taskType: 'x' });
    await expect(client.event('TaskStarted')).resolves.toEqual(['mine', 'x', {}]);
    for (const path of [
      '/connect',
      '/publish',
      '/reserve',
      '/apply',
      '/inspect',
      '/ping',
      '/keys/create',
      '/keys/find',
    ]) {
      const response = await fetch(front.url + path, { method: 'POST', headers, body: connect });
      expect([path, response.status]).toEqual([path, 404]);
    }
    await client.close(1000);
    await stop(mine, theirs);
  });
});
