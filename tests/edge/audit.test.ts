// Who did what, when, from where: the operator's trail, and each key's.

import { randomUUID } from 'node:crypto';
import { MessageType } from '@microsoft/signalr';
import { describe, expect, test } from 'vitest';
import { eventually } from '../harness/deadline.ts';
import { edge, type Key, MASTER_KEY, TASK_HUB } from '../harness/edge.ts';
import { RawClient } from '../harness/rawClient.ts';

const front = edge();

interface Entry {
  id: string;
  timestamp: string;
  actor: string;
  action: string;
  subject?: string;
  from?: string;
  reason?: string;
  changed?: string[];
}

interface Page {
  items: Entry[];
  next?: string;
}

const AUDIT = '/v1/admin/audit';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Asks something with the master key, from an address. */
function from(address: string, method: string, path: string, body?: object): Promise<Response> {
  const headers = { 'x-master-key': MASTER_KEY, 'cf-connecting-ip': address, 'content-type': 'application/json' };
  return fetch(front.url + path, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
}

async function page(path: string): Promise<Page> {
  const response = await front.admin('GET', path);
  expect(response.status).toBe(200);
  return (await response.json()) as Page;
}

/** The newest entries about something, newest first. */
async function about(subject: string): Promise<Entry[]> {
  return (await page(`${AUDIT}?limit=1000`)).items.filter((entry) => entry.subject === subject);
}

const trailOf = (key: Key) => `/v1/admin/keys/${key.id}/audit`;

async function expectProblem(response: Response, status: number): Promise<void> {
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  await expect(response.json()).resolves.toMatchObject({ status });
}

describe('the trail of what operators did', () => {
  test('has every change of a key: who, what, when, from where, and never a secret or a value', async () => {
    const before = Date.now();
    const made = await from('192.0.2.1', 'POST', '/v1/admin/keys', { name: 'a telling name' });
    const key = (await made.json()) as Key;
    const path = `/v1/admin/keys/${key.id}`;
    await from('192.0.2.2', 'PATCH', path, {
      name: 'another telling name',
      enabled: false,
      limits: { connections: 77 },
    });
    const rotated = await from('2001:db8::3', 'POST', `${path}/rotate`, {});
    await from('192.0.2.4', 'POST', `${path}/disconnect`);
    await from('192.0.2.5', 'DELETE', path);

    const entries = await about(key.id);
    const entry = (action: string, address: string, others: object = {}) => ({
      id: expect.any(String),
      timestamp: expect.stringMatching(TIME),
      actor: expect.stringMatching(/./),
      action,
      subject: key.id,
      from: address,
      ...others,
    });
    expect(entries).toEqual([
      entry('key.deleted', '192.0.2.5'),
      entry('key.disconnected', '192.0.2.4'),
      entry('key.rotated', '2001:db8::3', { changed: ['key'] }),
      entry('key.updated', '192.0.2.2', { changed: ['name', 'enabled', 'limits.connections'] }),
      entry('key.created', '192.0.2.1'),
    ]);
    for (const { timestamp } of entries) {
      expect(Date.parse(timestamp)).toBeGreaterThanOrEqual(before);
      expect(Date.parse(timestamp)).toBeLessThanOrEqual(Date.now());
    }
    const text = JSON.stringify(entries);
    for (const secret of [key.key, ((await rotated.json()) as Key).key, MASTER_KEY]) expect(text).not.toContain(secret);
    expect(text).not.toContain('telling');
  });

  test('has every change of a provider, and an import', async () => {
    const [provider, id] = [`provider-${randomUUID()}`, `imported-${randomUUID()}`];
    await from('192.0.2.1', 'PUT', `/v1/admin/providers/${provider}`, {
      healthUrl: 'https://status.example.com/s3cret',
    });
    await from('192.0.2.2', 'DELETE', `/v1/admin/providers/${provider}`);
    await from('192.0.2.3', 'POST', '/v1/admin/keys', { name: 'imported', id, keySha256: 'cd'.repeat(32) });
    const entries = [...(await about(provider)), ...(await about(id))];
    expect(entries.map((entry) => [entry.action, entry.from])).toEqual([
      ['provider.deleted', '192.0.2.2'],
      ['provider.set', '192.0.2.1'],
      ['key.created', '192.0.2.3'],
    ]);
    expect(JSON.stringify(entries)).not.toMatch(/s3cret|cdcdcd/);
  });

  test('has nothing of what was refused or only read', async () => {
    const key = await front.createKey();
    const path = `/v1/admin/keys/${key.id}`;
    await front.admin('GET', path);
    await front.admin('PATCH', path, { name: '' });
    await front.admin('POST', `${path}/rotate`, { graceSeconds: -1 });
    await fetch(front.url + path, { method: 'DELETE', headers: { authorization: `Bearer ${key.key}` } });
    await front.admin('DELETE', '/v1/admin/keys/nobody');
    expect((await about(key.id)).map((entry) => entry.action)).toEqual(['key.created']);
    await expect(about('nobody')).resolves.toEqual([]);
  });

  test('says who connected to the operator’s hubs and subscribed there', async () => {
    const key = await front.createKey();
    const headers = { 'x-master-key': MASTER_KEY, 'cf-connecting-ip': '192.0.2.99' };
    const client = await RawClient.connect(`${front.url}/hubs/admin-notifications`, 'json', headers);
    const { connectionId } = (await client.invoke('GetResumeToken')) as { connectionId: string };
    await client.invoke('SubscribeToVirtualKey', key.id);
    await client.invoke('UnsubscribeFromVirtualKey', key.id);
    const { items } = await page(AUDIT);
    expect(items.filter((entry) => entry.actor === connectionId)).toMatchObject([
      { action: 'subscription.removed', subject: `admin-vkey-${key.id}` },
      { action: 'subscription.added', subject: `admin-vkey-${key.id}` },
      { action: 'connection.opened', subject: 'AdminNotificationHub', from: '192.0.2.99' },
    ]);
    await client.close(1000);
  });

  test('outlives the key that it tells of', async () => {
    const key = await front.createKey();
    await front.admin('DELETE', `/v1/admin/keys/${key.id}`);
    expect((await about(key.id)).map((entry) => entry.action)).toEqual(['key.deleted', 'key.created']);
  });
});

describe('a trail', () => {
  test('comes in pages, newest first, each entry once, whatever happens meanwhile', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 5; count++) ids.unshift((await front.createKey()).id);
    const all: Entry[] = [];
    let next: string | undefined;
    do {
      const { items, ...rest } = await page(`${AUDIT}?limit=2${next === undefined ? '' : `&before=${next}`}`);
      expect(items.length).toBeLessThanOrEqual(2);
      all.push(...items);
      next = rest.next;
      if (all.length < 6) await front.createKey();
    } while (next !== undefined);
    expect(all.length).toBeGreaterThan(6);
    expect(all.map((entry) => entry.id)).toEqual([...new Set(all.map((entry) => entry.id))].sort().reverse());
    expect(all.map((entry) => entry.subject).filter((subject) => ids.includes(subject ?? ''))).toEqual(ids);
  });

  test.each(['application/x-ndjson', 'application/ndjson'])(
    'is exported as %s, a page of lines each',
    async (accept) => {
      for (let count = 0; count < 3; count++) await front.createKey();
      const { items } = await page(`${AUDIT}?limit=3`);
      const lines: Entry[] = [];
      let path: string | undefined = `${AUDIT}?limit=2`;
      for (let count = 0; count < 2; count++) {
        const headers = { 'x-master-key': MASTER_KEY, accept };
        const response: Response = await fetch(front.url + path, { headers });
        expect(response.status).toBe(200);
        expect(response.headers.get('content-type')).toBe('application/x-ndjson');
        const text = await response.text();
        expect(text.endsWith('\n')).toBe(true);
        lines.push(
          ...text
            .trimEnd()
            .split('\n')
            .map((line) => JSON.parse(line) as Entry),
        );
        path = response.headers.get('link')?.match(/^<(.+)>; rel="next"$/)?.[1];
      }
      expect(lines).toHaveLength(4);
      expect(lines.slice(0, 3)).toEqual(items);
    },
  );

  test.each(['0', '1001', 'many'])('refuses a limit of %s', async (limit) => {
    const key = await front.createKey();
    for (const path of [AUDIT, trailOf(key)])
      await expectProblem(await front.admin('GET', `${path}?limit=${limit}`), 400);
  });

  test('is the operator’s alone, and only read', async () => {
    const key = await front.createKey();
    for (const path of [AUDIT, trailOf(key)]) {
      for (const [secret, status] of [
        [key.key, 403],
        [await front.clientToken(key), 403],
        ['condt_nobody', 401],
        [undefined, 401],
      ] as const) {
        const headers: Record<string, string> = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
        await expectProblem(await fetch(front.url + path, { headers }), status);
      }
      for (const method of ['POST', 'DELETE', 'PUT']) await expectProblem(await front.admin(method, path), 405);
    }
  });
});

describe('the trail of a key', () => {
  test('has its connections and subscriptions, newest first, and no other key’s', async () => {
    const [key, other] = await Promise.all([front.createKey(), front.createKey()]);
    await front.tell(key, 'TaskRegistered', { taskId: 'a-task', taskType: 'test' });
    const headers = (address: string) => ({ authorization: `Bearer ${key.key}`, 'cf-connecting-ip': address });
    const client = await RawClient.connect(front.hub(), 'json', headers('192.0.2.7'));
    const { connectionId } = (await client.invoke('GetResumeToken')) as { connectionId: string };
    await client.invoke('SubscribeToTask', 'a-task');
    await client.invoke('SubscribeToTaskType', 'test');
    await client.invoke('UnsubscribeFromTask', 'a-task');
    await expect(client.invoke('SubscribeToTask', 'unknown')).rejects.toThrow('Task not found');
    const second = await RawClient.connect(`${front.url}/hubs/spend`, 'messagepack', headers('2001:db8::8'));
    const third = await front.raw(other);

    const { items } = await page(trailOf(key));
    const entry = (action: string, subject: unknown, actor: unknown, address?: string) => ({
      id: expect.any(String),
      timestamp: expect.stringMatching(TIME),
      actor,
      action,
      subject,
      ...(address === undefined ? {} : { from: address }),
    });
    expect(items).toEqual([
      entry('connection.opened', 'SpendNotificationHub', expect.any(String), '2001:db8::8'),
      entry('subscription.removed', expect.stringContaining('a-task'), connectionId),
      entry('subscription.added', expect.stringContaining('test'), connectionId),
      entry('subscription.added', expect.stringContaining('a-task'), connectionId),
      entry('connection.opened', 'TaskHub', connectionId, '192.0.2.7'),
    ]);
    const theirs = (await page(trailOf(other))).items;
    expect(theirs.map((one) => [one.action, one.subject])).toEqual([['connection.opened', 'TaskHub']]);
    await Promise.all([client, second, third].map((one) => one.close(1000)));
  });

  test('says when and why a connection ended, and from where it came', async () => {
    const key = await front.createKey();
    const headers = { authorization: `Bearer ${key.key}`, 'cf-connecting-ip': '192.0.2.7' };
    const ended = (reason?: string) => ({
      id: expect.any(String),
      timestamp: expect.stringMatching(TIME),
      actor: expect.any(String),
      action: 'connection.closed',
      subject: 'TaskHub',
      from: '192.0.2.7',
      ...(reason === undefined ? {} : { reason }),
    });
    const open = () => RawClient.connect(front.hub(), 'json', headers);
    /** The newest entry, once so many connections have ended. */
    const newest = async (count: number) => {
      const closed = (items: Entry[]) => items.filter(({ action }) => action === 'connection.closed');
      const trail = async () => (await page(trailOf(key))).items;
      const items = await eventually('the end', trail, (entries) => closed(entries).length === count);
      expect(items[0]?.actor).toBe(items[1]?.actor);
      return items[0];
    };

    await (await open()).close(1000);
    await expect(newest(1)).resolves.toEqual(ended());
    await (await open()).kill();
    await expect(newest(2)).resolves.toEqual(ended('The connection was lost.'));
    const sleeper = await open();
    await front.sleep(key);
    await sleeper.kill();
    await expect(newest(3)).resolves.toEqual(ended('The connection was lost.'));
    const talker = await open();
    talker.sendRecords({ type: MessageType.Close, error: 'x'.repeat(500) });
    await talker.end();
    await expect(newest(4)).resolves.toEqual(ended('x'.repeat(200)));
    const guest = await open();
    await front.admin('POST', `/v1/admin/keys/${key.id}/disconnect`);
    await guest.end();
    await expect(newest(5)).resolves.toEqual(ended('Connection closed by the operator.'));
    const last = await open();
    await front.patchKey(key, { enabled: false });
    await last.end();
    await expect(newest(6)).resolves.toEqual(ended('The key is disabled, deleted or past its time.'));
  });

  test('has a connection once, negotiated or not, and no refused one', async () => {
    const key = await front.createKey({ limits: { connections: 1 } });
    const { connectionToken } = await front.negotiate(key);
    const client = await front.raw(key, 'json', `id=${connectionToken}`);
    await RawClient.refusal(front.hub(), { authorization: `Bearer ${key.key}` });
    await RawClient.refusal(`${front.url}${TASK_HUB}?id=nonsense`, { authorization: `Bearer ${key.key}` });
    expect((await page(trailOf(key))).items.map((entry) => entry.action)).toEqual(['connection.opened']);
    await client.close(1000);
  });

  test('comes in pages and as lines as well', async () => {
    const key = await front.createKey();
    const client = await front.raw(key);
    for (let count = 0; count < 4; count++) await client.invoke('SubscribeToTaskType', `type-${count}`);
    const first = await page(`${trailOf(key)}?limit=3`);
    const second = await page(`${trailOf(key)}?limit=3&before=${first.next}`);
    expect([first.items.length, second.items.length, second.next]).toEqual([3, 2, undefined]);
    const headers = { 'x-master-key': MASTER_KEY, accept: 'application/x-ndjson' };
    const lines = await (await fetch(front.url + trailOf(key), { headers })).text();
    const all = [...first.items, ...second.items];
    expect(lines).toBe(all.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    expect(all.map((entry) => entry.action)).toEqual([...Array(4).fill('subscription.added'), 'connection.opened']);
    await client.close(1000);
  });

  test('is kept over a sleep, and when the key is deleted', async () => {
    const key = await front.createKey();
    await (await front.raw(key)).close(1000);
    const trail = () => page(trailOf(key));
    const before = await eventually('the end', trail, ({ items }) => items.length > 1);
    expect(before.items.map(({ action }) => action)).toEqual(['connection.closed', 'connection.opened']);
    await front.sleep(key);
    await front.admin('DELETE', `/v1/admin/keys/${key.id}`);
    await expect(page(trailOf(key))).resolves.toEqual(before);
  });

  test('names no secret that came in a query', async () => {
    const key = await front.createKey();
    const client = await front.raw(key, 'json', `access_token=${key.key}`);
    const text = JSON.stringify(await page(trailOf(key)));
    expect(text).not.toContain(key.key);
    await client.close(1000);
  });
});
