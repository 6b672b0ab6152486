// What can be set of a key, its secrets, and its end.

import { createHash, randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { eventually } from '../harness/deadline.ts';
import { edge, type Key, TASK_HUB } from '../harness/edge.ts';
import { PROTOCOLS } from '../harness/protocol.ts';
import { RawClient } from '../harness/rawClient.ts';

const front = edge();

const EVERYTHING = {
  name: 'everything',
  enabled: true,
  expiresAt: '2099-01-31T12:00:00.000Z',
  budget: { limit: 12.5, period: 'monthly' },
  limits: { connections: 7, invocationsPerMinute: 60, realtimeSessions: 2 },
  allowedModels: ['gpt-4o', 'o3*'],
  realtime: true,
  recording: true,
};

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const path = (id: string) => `/v1/admin/keys/${encodeURIComponent(id)}`;

async function read(id: string): Promise<Record<string, unknown>> {
  const response = await front.admin('GET', path(id));
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}

async function expectProblem(response: Response, status: number, expected: object): Promise<void> {
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  await expect(response.json()).resolves.toMatchObject({ status, detail: expect.any(String), ...expected });
}

/** How negotiation with a secret is answered. */
async function negotiation(secret: string): Promise<number> {
  const headers = { authorization: `Bearer ${secret}` };
  return (await fetch(`${front.url}${TASK_HUB}/negotiate?negotiateVersion=1`, { method: 'POST', headers })).status;
}

/** How negotiation and an upgrade with a secret are answered. */
async function doors(secret: string): Promise<[negotiate: number, upgrade: number]> {
  const headers = { authorization: `Bearer ${secret}` };
  const negotiate = await negotiation(secret);
  if (negotiate !== 200) return [negotiate, (await RawClient.refusal(front.hub(), headers)).status];
  await (await RawClient.connect(front.hub(), 'json', headers)).close(1000);
  return [negotiate, 101];
}

const OPEN = [200, 101];
const SHUT = [401, 401];

/** How reading with a secret is answered, by route. */
async function reading(secret: string): Promise<Record<string, number>> {
  const headers = { authorization: `Bearer ${secret}` };
  const routes = ['/v1/tasks', '/v1/tasks/t', '/v1/spend', '/v1/history', '/v1/webhooks'];
  const answers = await Promise.all(routes.map((route) => fetch(front.url + route, { headers })));
  return Object.fromEntries(answers.map(({ status }, nth) => [routes[nth], status]));
}

/** How it is answered to a key that opens nothing. */
const NOTHING = { '/v1/tasks': 401, '/v1/tasks/t': 401, '/v1/spend': 401, '/v1/history': 401, '/v1/webhooks': 401 };

function tokenBy(secret: string): Promise<Response> {
  const headers = { authorization: `Bearer ${secret}` };
  return fetch(`${front.url}/v1/tokens`, { method: 'POST', headers, body: '{}' });
}

async function rotate(key: Key, body?: object): Promise<Key> {
  const response = await front.admin('POST', `${path(key.id)}/rotate`, body);
  expect(response.status).toBe(200);
  return (await response.json()) as Key;
}

describe('the fields of a key', () => {
  test('are all kept when it is made', async () => {
    const response = await front.admin('POST', '/v1/admin/keys', EVERYTHING);
    expect(response.status).toBe(201);
    const { key, ...view } = (await response.json()) as Key;
    const others = { id: view.id, createdAt: expect.stringMatching(TIME), currentSpend: 0, connections: 0 };
    expect(view).toEqual({ ...EVERYTHING, ...others });
    expect(key).toMatch(/^condt_/);
    await expect(read(view.id)).resolves.toEqual({ ...EVERYTHING, ...others });
    const { items } = (await (await front.admin('GET', '/v1/admin/keys?limit=1000')).json()) as { items: Key[] };
    expect(items).toContainEqual(expect.objectContaining({ ...EVERYTHING, id: view.id }));
  });

  test.each([
    ['daily', 'daily'],
    ['weekly', 'weekly'],
    ['monthly', 'monthly'],
    ['none', 'none'],
    [undefined, 'none'],
  ])('may have a budget of the period %s', async (period, expected) => {
    const { id } = await front.createKey({ budget: { limit: '0.0000000001', period } });
    await expect(read(id)).resolves.toMatchObject({ budget: { limit: 1e-10, period: expected } });
  });

  test('are changed where a patch says so, and taken away by null', async () => {
    const { id } = await front.createKey(EVERYTHING);
    let expected: Record<string, unknown> = await read(id);
    const limits = (changes: object) => ({ limits: { ...(expected.limits as object), ...changes } });
    for (const [patch, change] of [
      [{ expiresAt: '2098-01-01T00:00:00Z' }, () => ({ expiresAt: '2098-01-01T00:00:00.000Z' })],
      [{ budget: { limit: '3.25', period: 'daily' } }, () => ({ budget: { limit: 3.25, period: 'daily' } })],
      [{ budget: { limit: 1 } }, () => ({ budget: { limit: 1, period: 'none' } })],
      [{ allowedModels: [] }, () => ({ allowedModels: [] })],
      [{ allowedModels: ['*'] }, () => ({ allowedModels: ['*'] })],
      [{ realtime: false }, () => ({ realtime: false })],
      [{ recording: false, name: 'less' }, () => ({ recording: false, name: 'less' })],
      [{ limits: { invocationsPerMinute: 5 } }, () => limits({ invocationsPerMinute: 5 })],
      [{ limits: { realtimeSessions: 1, connections: 2 } }, () => limits({ realtimeSessions: 1, connections: 2 })],
      [{}, () => ({})],
    ] as [object, () => object][]) {
      const response = await front.admin('PATCH', path(id), patch);
      expect(response.status).toBe(200);
      expected = { ...expected, ...change() };
      await expect(response.json()).resolves.toMatchObject({ id, ...change() });
      await expect(read(id)).resolves.toEqual(expected);
    }
    for (const name of ['expiresAt', 'budget', 'allowedModels']) {
      expect((await front.admin('PATCH', path(id), { [name]: null })).status).toBe(200);
      delete expected[name];
      await expect(read(id)).resolves.toEqual(expected);
    }
    await front.admin('PATCH', path(id), { limits: { invocationsPerMinute: null, realtimeSessions: null } });
    await expect(read(id)).resolves.toEqual({ ...expected, limits: { connections: 2 } });
  });

  test.each([
    [{ budget: { limit: -1 } }, 'budget.limit'],
    [{ budget: { limit: 'much' } }, 'budget.limit'],
    [{ budget: { limit: '0.00000000001' } }, 'budget.limit'],
    [{ budget: { limit: true } }, 'budget.limit'],
    [{ budget: { period: 'daily' } }, 'budget.limit'],
    [{ budget: { limit: 1, period: 'hourly' } }, 'budget.period'],
    [{ budget: { limit: 1, period: null } }, 'budget.period'],
    [{ budget: { limit: 1, currency: 'EUR' } }, 'budget.currency'],
    [{ budget: 5 }, 'budget'],
    [{ budget: [5, 'daily'] }, 'budget'],
    [{ limits: { invocationsPerMinute: 0 } }, 'limits.invocationsPerMinute'],
    [{ limits: { invocationsPerMinute: 1.5 } }, 'limits.invocationsPerMinute'],
    [{ limits: { invocationsPerMinute: '60' } }, 'limits.invocationsPerMinute'],
    [{ limits: { realtimeSessions: -1 } }, 'limits.realtimeSessions'],
    [{ limits: { sessions: 1 } }, 'limits.sessions'],
    [{ allowedModels: 'gpt-4o' }, 'allowedModels'],
    [{ allowedModels: { model: 'gpt-4o' } }, 'allowedModels'],
    [{ realtime: 'yes' }, 'realtime'],
    [{ realtime: null }, 'realtime'],
    [{ recording: 1 }, 'recording'],
    [{ expiresAt: 'tomorrow' }, 'expiresAt'],
    [{ expiresAt: 1_900_000_000 }, 'expiresAt'],
    [{ expiresAt: '2026-02-30T00:00:00Z' }, 'expiresAt'],
    [{ currentSpend: 0 }, 'currentSpend'],
    [{ createdAt: '2026-01-01T00:00:00Z' }, 'createdAt'],
  ])('are refused where they are wrong: %j, naming %s', async (wrong, field) => {
    const invalid = { type: 'urn:conduit:problem:invalid-field', field };
    await expectProblem(await front.admin('POST', '/v1/admin/keys', { name: 'wrong', ...wrong }), 400, invalid);
    const { id } = await front.createKey(EVERYTHING);
    const before = await read(id);
    await expectProblem(await front.admin('PATCH', path(id), wrong), 400, invalid);
    await expect(read(id)).resolves.toEqual(before);
  });

  test.each([[''], [' '], ['x'.repeat(201)], [7], [null]])(
    'are refused where a model among others is wrong (%j)',
    async (model) => {
      const response = await front.admin('POST', '/v1/admin/keys', { name: 'wrong', allowedModels: ['good', model] });
      await expectProblem(response, 400, { field: expect.stringMatching(/^allowedModels/) });
    },
  );

  test('say what is spent with it and who is connected', async () => {
    const key = await front.createKey({ budget: { limit: 1, period: 'monthly' } });
    for (const amount of ['0.0000000001', 0.2, '0.1']) await front.tell(key, 'SpendRecorded', { amount });
    const clients = await Promise.all([front.raw(key), front.raw(key)]);
    await expect(read(key.id)).resolves.toMatchObject({ currentSpend: 0.3000000001, connections: 2 });
    await front.sleep(key);
    await expect(read(key.id)).resolves.toMatchObject({ currentSpend: 0.3000000001, connections: 2 });
    await Promise.all(clients.map((client) => client.close(1000)));
    await eventually(
      'nobody',
      () => read(key.id),
      ({ connections }) => connections === 0,
    );
  });
});

describe('a key that exists elsewhere', () => {
  const secretOf = () => `condt_${randomUUID()}`;
  const sha256 = (secret: string) => createHash('sha256').update(secret).digest('hex');
  const take = (body: object) => front.admin('POST', '/v1/admin/keys', { name: 'imported', ...body });

  test.each([
    ['text', () => `key-${randomUUID()}`],
    ['a number', () => Date.now()],
  ])('is taken over with its id, %s, and opens what its secret did', async (_, makeId) => {
    const [id, secret] = [makeId(), secretOf()];
    const response = await take({ id, keySha256: sha256(secret), limits: { connections: 3 } });
    expect(response.status).toBe(201);
    const view = await response.json();
    expect(view).toMatchObject({ id: `${id}`, name: 'imported', enabled: true, limits: { connections: 3 } });
    expect(view).not.toHaveProperty('key');
    const key = { id: `${id}`, key: secret };
    const client = await front.official(key);
    await client.invoke('SubscribeToTaskType', '*');
    await front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'test' });
    await expect(client.events.next()).resolves.toEqual(['TaskStarted', 't', 'test', {}]);
    await client.stop();
  });

  test('is taken over with a hash in capitals', async () => {
    const secret = secretOf();
    expect((await take({ id: randomUUID(), keySha256: sha256(secret).toUpperCase() })).status).toBe(201);
    await expect(doors(secret)).resolves.toEqual(OPEN);
  });

  test('is not taken over where its id or its secret is taken: 409, and what was there stays', async () => {
    const [id, secret, another] = [randomUUID(), secretOf(), secretOf()];
    expect((await take({ id, keySha256: sha256(secret) })).status).toBe(201);
    const made = await front.createKey();
    for (const [takenId, takenSecret] of [
      [id, another],
      [randomUUID(), secret],
      [id, secret],
      [made.id, another],
      [randomUUID(), made.key],
    ] as [string, string][]) {
      const response = await take({ id: takenId, keySha256: sha256(takenSecret) });
      await expectProblem(response, 409, { type: 'urn:conduit:problem:conflict' });
    }
    await expect(Promise.all([secret, made.key, another].map(doors))).resolves.toEqual([OPEN, OPEN, SHUT]);
  });

  test('that was deleted can be taken over again, or is said to be taken', async () => {
    const [id, secret] = [randomUUID(), secretOf()];
    expect((await take({ id, keySha256: sha256(secret) })).status).toBe(201);
    expect((await front.admin('DELETE', path(id))).status).toBe(204);
    await expect(doors(secret)).resolves.toEqual(SHUT);
    const { status } = await take({ id, keySha256: sha256(secret) });
    expect([201, 409]).toContain(status);
    await expect(doors(secret)).resolves.toEqual(status === 201 ? OPEN : SHUT);
  });

  test.each([
    [{ id: 'x' }, 'keySha256'],
    [{ keySha256: 'ab'.repeat(32) }, 'id'],
    [{ id: 'x', keySha256: 'short' }, 'keySha256'],
    [{ id: 'x', keySha256: 'zz'.repeat(32) }, 'keySha256'],
    [{ id: '', keySha256: 'ab'.repeat(32) }, 'id'],
    [{ id: 'x'.repeat(201), keySha256: 'ab'.repeat(32) }, 'id'],
    [{ id: null, keySha256: 'ab'.repeat(32) }, 'id'],
  ])('is not taken over by %j, naming %s', async (body, field) => {
    await expectProblem(await take(body), 400, { type: 'urn:conduit:problem:invalid-field', field });
  });

  test.each(['a b', 'a/b', 'ä', '100%', "o'clock"])(
    'is the operator’s to read, change and delete if its id is %s',
    async (text) => {
      const [id, secret] = [`${text}-${randomUUID()}`, secretOf()];
      expect((await take({ id, keySha256: sha256(secret) })).status).toBe(201);
      await expect(doors(secret)).resolves.toEqual(OPEN);
      await expect(read(id)).resolves.toMatchObject({ id });
      expect((await front.admin('PATCH', path(id), { name: 'changed' })).status).toBe(200);
      expect((await front.admin('GET', `${path(id)}/audit`)).status).toBe(200);
      expect((await front.admin('POST', `${path(id)}/disconnect`)).status).toBe(200);
      expect((await front.admin('DELETE', path(id))).status).toBe(204);
      await expect(doors(secret)).resolves.toEqual(SHUT);
    },
  );
});

describe('another secret', () => {
  test.each([[undefined], [{}], [{ graceSeconds: 3_600 }]])(
    'leaves the old one good for a while (%j)',
    async (body) => {
      const key = await front.createKey({ name: 'rotated' });
      const client = await front.raw(key);
      const rotated = await rotate(key, body);
      expect(rotated).toMatchObject({ id: key.id, name: 'rotated', key: expect.stringMatching(/^condt_/) });
      expect(rotated.key).not.toBe(key.key);
      await expect(Promise.all([doors(key.key), doors(rotated.key)])).resolves.toEqual([OPEN, OPEN]);
      // What is open stays open.
      await client.invoke('SubscribeToTaskType', '*');
      await client.close(1000);
      expect(JSON.stringify(await read(key.id))).not.toMatch(/condt_/);
    },
  );

  test('is the only one at once where the old one is given no time', async () => {
    const key = await front.createKey();
    // KV knows the old one.
    await expect(doors(key.key)).resolves.toEqual(OPEN);
    const rotated = await rotate(key, { graceSeconds: 0 });
    await expect(Promise.all([doors(key.key), doors(rotated.key)])).resolves.toEqual([SHUT, OPEN]);
  });

  test('is the only one when the time is over', async () => {
    const key = await front.createKey();
    const rotated = await rotate(key, { graceSeconds: 1 });
    await eventually(
      'the old secret to be refused',
      () => negotiation(key.key),
      (status) => status === 401,
    );
    await expect(Promise.all([doors(key.key), doors(rotated.key)])).resolves.toEqual([SHUT, OPEN]);
  });

  test('in a hurry ends every one before it, those with time left as well', async () => {
    const first = await front.createKey();
    const second = await rotate(first, { graceSeconds: 3_600 });
    const third = await rotate(second, { graceSeconds: 3_600 });
    await expect(Promise.all([doors(second.key), doors(third.key)])).resolves.toEqual([OPEN, OPEN]);
    const fourth = await rotate(third, { graceSeconds: 0 });
    const all = [first, second, third, fourth].map(({ key }) => doors(key));
    await expect(Promise.all(all)).resolves.toEqual([SHUT, SHUT, SHUT, OPEN]);
  });

  test('ends with its key, and so does the old one', async () => {
    const key = await front.createKey();
    const rotated = await rotate(key);
    await front.admin('DELETE', path(key.id));
    await expect(Promise.all([doors(key.key), doors(rotated.key)])).resolves.toEqual([SHUT, SHUT]);
  });

  test.each([
    [{ graceSeconds: -1 }, 'graceSeconds'],
    [{ graceSeconds: 1.5 }, 'graceSeconds'],
    [{ graceSeconds: '60' }, 'graceSeconds'],
    [{ graceSeconds: 1e15 }, 'graceSeconds'],
    [{ seconds: 5 }, 'seconds'],
  ])('is not made by %j, naming %s, and the old one stays', async (body, field) => {
    const key = await front.createKey();
    await expectProblem(await front.admin('POST', `${path(key.id)}/rotate`, body), 400, { field });
    await expect(doors(key.key)).resolves.toEqual(OPEN);
  });

  test('is made of no key that there is not, and by no other method', async () => {
    const { id } = await front.createKey();
    await expectProblem(await front.admin('POST', '/v1/admin/keys/nobody/rotate', {}), 404, {});
    for (const action of ['rotate', 'disconnect']) {
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const response = await front.admin(method, `${path(id)}/${action}`);
        expect(response.headers.get('allow')).toBe('POST');
        await expectProblem(response, 405, {});
      }
    }
  });
});

describe('disconnecting a key', () => {
  test.each(PROTOCOLS)('closes what it has open, and its clients may come back (%s)', async (protocol) => {
    const [key, other] = await Promise.all([front.createKey(), front.createKey()]);
    const [raw, official, theirs] = await Promise.all([
      front.raw(key, protocol),
      front.official(key, { protocol, reconnect: [0, 0, 0] }),
      front.raw(other),
    ]);
    const response = await front.admin('POST', `${path(key.id)}/disconnect`);
    expect(response.status).toBe(200);
    await expect(response.json()).resolves.toEqual({ disconnected: 2 });
    await expect(raw.records.next()).resolves.toMatchObject({ type: 7, allowReconnect: true });
    await raw.end();
    await official.life.find('the reconnection', (event) => event === 'reconnected');
    await official.invoke('SubscribeToTaskType', '*');
    await expect(doors(key.key)).resolves.toEqual(OPEN);
    await theirs.invoke('SubscribeToTaskType', '*');
    await Promise.all([official.stop(), theirs.close(1000)]);
  });

  test('reaches those of a key that sleeps, and closes nothing where nothing is open', async () => {
    const key = await front.createKey();
    const client = await front.raw(key);
    await front.sleep(key);
    for (const disconnected of [1, 0]) {
      const response = await front.admin('POST', `${path(key.id)}/disconnect`);
      await expect(response.json()).resolves.toEqual({ disconnected });
    }
    await client.end();
  });

  test('that there is not is 404', async () => {
    await expectProblem(await front.admin('POST', '/v1/admin/keys/nobody/disconnect'), 404, {});
  });
});

describe('a key’s time', () => {
  const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000).toISOString();

  test.each([
    ['awake', false],
    ['asleep', true],
  ])('closes what is open when it is over (%s), and lets nobody in afterwards', async (_, sleeps) => {
    const key = await front.createKey({ expiresAt: inSeconds(4) });
    const clients = await Promise.all([front.raw(key), front.raw(key, 'messagepack')]);
    const token = await front.clientToken(key);
    if (sleeps) await front.sleep(key);
    for (const client of clients) {
      const close = await client.records.next();
      expect(close).toMatchObject({ type: 7 });
      expect((close as { allowReconnect?: boolean }).allowReconnect ?? false).toBe(false);
      await client.end();
    }
    await expect(doors(key.key)).resolves.toEqual(SHUT);
    await expect(doors(token)).resolves.toEqual(SHUT);
    for (const secret of [key.key, token]) await expect(reading(secret)).resolves.toEqual(NOTHING);
    await expectProblem(await tokenBy(key.key), 401, {});
    // More time lets it in again.
    await front.patchKey(key, { expiresAt: inSeconds(3_600) });
    await expect(doors(key.key)).resolves.toEqual(OPEN);
  });

  test('may be over from the start, or at once', async () => {
    const past = await front.createKey({ expiresAt: inSeconds(-1) });
    await expect(doors(past.key)).resolves.toEqual(SHUT);
    const key = await front.createKey();
    const client = await front.raw(key);
    await front.patchKey(key, { expiresAt: inSeconds(-1) });
    await expect(client.records.next()).resolves.toMatchObject({ type: 7 });
    await client.end();
    await expect(doors(key.key)).resolves.toEqual(SHUT);
    await front.patchKey(key, { expiresAt: null });
    await expect(doors(key.key)).resolves.toEqual(OPEN);
  });

  test.each([
    ['disabled', (key: Key) => front.admin('PATCH', path(key.id), { enabled: false })],
    ['deleted', (key: Key) => front.admin('DELETE', path(key.id))],
  ])('is nothing where it is %s: neither it nor a token of it reads anything', async (_, end) => {
    const key = await front.createKey();
    const token = await front.clientToken(key);
    await front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'test' });
    const everything = Object.fromEntries(Object.keys(NOTHING).map((route) => [route, 200]));
    for (const secret of [key.key, token]) await expect(reading(secret)).resolves.toEqual(everything);
    await end(key);
    for (const secret of [key.key, token]) await expect(reading(secret)).resolves.toEqual(NOTHING);
    await expectProblem(await tokenBy(key.key), 401, {});
  });

  test('that is made longer closes nothing', async () => {
    const key = await front.createKey({ expiresAt: inSeconds(2) });
    const client = await front.raw(key);
    await front.patchKey(key, { expiresAt: inSeconds(3_600) });
    const other = await front.createKey({ expiresAt: inSeconds(3) });
    const others = await front.raw(other);
    await others.end();
    await client.invoke('SubscribeToTaskType', '*');
    await client.close(1000);
  });
});
