// The operator's view of virtual keys.

import { describe, expect, test } from 'vitest';
import { edge, type Key, MASTER_KEY } from '../harness/edge.ts';

const front = edge();

interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  field?: string;
}

interface KeyView {
  id: string;
  name: string;
}

const SECRET = /^condt_[\w-]{20,}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

async function read(key: Key): Promise<Record<string, unknown>> {
  const response = await front.admin('GET', `/v1/admin/keys/${key.id}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}

async function expectProblem(response: Response, expected: Partial<Problem>): Promise<void> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const problem = (await response.json()) as Problem;
  expect(problem).toMatchObject({ status: response.status, title: expect.any(String), detail: expect.any(String) });
  expect(problem).toMatchObject(expected);
}

describe('a new key', () => {
  test('is answered with 201, what was stored, and its secret', async () => {
    const response = await front.admin('POST', '/v1/admin/keys', { name: ' demo ', limits: { connections: 7 } });
    expect(response.status).toBe(201);
    await expect(response.json()).resolves.toEqual({
      id: expect.any(String),
      key: expect.stringMatching(SECRET),
      name: 'demo',
      enabled: true,
      createdAt: expect.stringMatching(TIME),
      limits: { connections: 7 },
      currentSpend: 0,
      connections: 0,
      realtime: false,
      recording: false,
    });
  });

  test('shows its secret once', async () => {
    const key = await front.createKey();
    const [one, all] = await Promise.all([read(key), front.admin('GET', '/v1/admin/keys?limit=1000')]);
    const list = await all.text();
    expect(list).toContain(key.id);
    for (const text of [JSON.stringify(one), list]) expect(text).not.toContain(key.key);
  });

  test('is like no other', async () => {
    const keys = await Promise.all(Array.from({ length: 5 }, () => front.createKey({ name: 'twin' })));
    expect(new Set(keys.map((key) => key.id)).size).toBe(5);
    expect(new Set(keys.map((key) => key.key)).size).toBe(5);
  });

  test('may be disabled from the start', async () => {
    const key = await front.createKey({ enabled: false });
    await expect(read(key)).resolves.toMatchObject({ enabled: false });
  });

  test.each([
    [{}, 'name', /missing/],
    [{ name: ' ' }, 'name', /blank/],
    [{ name: 'x'.repeat(201) }, 'name', /200/],
    [{ name: 7 }, 'name', /string/],
    [{ name: 'x', enabled: 'yes' }, 'enabled', /boolean/],
    [{ name: 'x', limits: { connections: 0 } }, 'limits.connections', /1 to 100000/],
    [{ name: 'x', limits: { connections: 100_001 } }, 'limits.connections', /1 to 100000/],
    [{ name: 'x', limits: { connections: '5' } }, 'limits.connections', /./],
    [{ name: 'x', limits: [] }, 'limits', /./],
    [{ name: 'x', limits: { colour: 1 } }, 'limits.colour', /unknown/],
    [{ name: 'x', colour: 'red' }, 'colour', /unknown/],
  ])('of %j is refused, naming the field %s', async (body, field, detail) => {
    const response = await front.admin('POST', '/v1/admin/keys', body);
    expect(response.status).toBe(400);
    const type = 'urn:conduit:problem:invalid-field';
    await expectProblem(response, { type, field, detail: expect.stringMatching(detail) });
  });

  test.each(['', '{', '[]', 'null', '"x"', '{"name":"x"}{}'])('of the body %s is refused', async (body) => {
    const headers = { 'x-master-key': MASTER_KEY, 'content-type': 'application/json' };
    const response = await fetch(`${front.url}/v1/admin/keys`, { method: 'POST', headers, body });
    expect(response.status).toBe(400);
    await expectProblem(response, { type: expect.stringMatching(/^urn:conduit:problem:/) });
  });

  test('of a body that is far too large is refused with 413', async () => {
    const response = await front.admin('POST', '/v1/admin/keys', { name: 'x'.repeat(70_000) });
    expect(response.status).toBe(413);
    await expectProblem(response, { type: 'urn:conduit:problem:content-too-large' });
  });
});

describe('a key', () => {
  test('is read with what it was made of and how many connections it has', async () => {
    const key = await front.createKey({ name: 'reader', limits: { connections: 2 } });
    const client = await front.raw(key);
    await expect(read(key)).resolves.toEqual({
      id: key.id,
      name: 'reader',
      enabled: true,
      createdAt: expect.stringMatching(TIME),
      limits: { connections: 2 },
      currentSpend: 0,
      connections: 1,
      realtime: false,
      recording: false,
    });
    await client.close(1000);
  });

  test('is changed where the patch says so, and nowhere else', async () => {
    const key = await front.createKey({ name: 'before', limits: { connections: 2 } });
    for (const [patch, expected] of [
      [{}, { name: 'before', enabled: true, limits: { connections: 2 } }],
      [{ name: 'after' }, { name: 'after', enabled: true, limits: { connections: 2 } }],
      [{ enabled: false }, { name: 'after', enabled: false, limits: { connections: 2 } }],
      [{ limits: {} }, { name: 'after', enabled: false, limits: { connections: 2 } }],
      [{ limits: { connections: 9 } }, { name: 'after', enabled: false, limits: { connections: 9 } }],
      [{ limits: { connections: null } }, { name: 'after', enabled: false, limits: {} }],
    ]) {
      const response = await front.admin('PATCH', `/v1/admin/keys/${key.id}`, patch);
      expect(response.status).toBe(200);
      await expect(response.json()).resolves.toMatchObject({ id: key.id, ...expected });
      const { name, enabled, limits } = await read(key);
      expect({ name, enabled, limits }).toEqual(expected);
    }
  });

  test.each([
    [{ name: null }, 'name'],
    [{ name: '' }, 'name'],
    [{ enabled: null }, 'enabled'],
    [{ limits: { connections: -1 } }, 'limits.connections'],
    [{ id: 'other' }, 'id'],
    [{ key: 'condt_mine' }, 'key'],
  ])('is not changed by %j, and the field %s is named', async (patch, field) => {
    const key = await front.createKey({ name: 'same' });
    const before = await read(key);
    const response = await front.admin('PATCH', `/v1/admin/keys/${key.id}`, patch);
    expect(response.status).toBe(400);
    await expectProblem(response, { field });
    await expect(read(key)).resolves.toEqual(before);
  });

  test('that is deleted is there no more', async () => {
    const key = await front.createKey();
    const deleted = await front.admin('DELETE', `/v1/admin/keys/${key.id}`);
    expect([deleted.status, await deleted.text()]).toEqual([204, '']);
    for (const [method, body] of [['GET'], ['PATCH', {}], ['DELETE']] as [string, object?][]) {
      const response = await front.admin(method, `/v1/admin/keys/${key.id}`, body);
      expect(response.status).toBe(404);
      await expectProblem(response, { type: 'urn:conduit:problem:not-found' });
    }
    await expect((await front.admin('GET', '/v1/admin/keys?limit=1000')).text()).resolves.not.toContain(key.id);
  });

  test.each(['nobody', '1', 'a%2Fb', '%F0%9F%A6%80', "'; DROP TABLE virtual_key; --", '..'])(
    'that never was (%s) is not there',
    async (id) => {
      for (const [method, body] of [['GET'], ['PATCH', {}], ['DELETE']] as [string, object?][]) {
        const response = await front.admin(method, `/v1/admin/keys/${encodeURIComponent(id)}`, body);
        expect(response.status).toBe(404);
        await expectProblem(response, { type: 'urn:conduit:problem:not-found' });
      }
    },
  );
});

describe('the list of keys', () => {
  test('comes in pages, in the order in which keys were made, each key once', async () => {
    const made: string[] = [];
    for (let count = 0; count < 5; count++) made.push((await front.createKey({ name: `page ${count}` })).id);
    const listed: string[] = [];
    let next: string | undefined;
    do {
      const after = next === undefined ? '' : `&after=${encodeURIComponent(next)}`;
      const response = await front.admin('GET', `/v1/admin/keys?limit=2${after}`);
      const page = (await response.json()) as { items: KeyView[]; next?: string };
      expect(page.items.length).toBeLessThanOrEqual(2);
      listed.push(...page.items.map((item) => item.id));
      next = page.next;
    } while (next !== undefined);
    expect(new Set(listed).size).toBe(listed.length);
    expect(listed.filter((id) => made.includes(id))).toEqual(made);
  });

  test.each(['0', '-1', '1001', 'many', '1.5'])('refuses a limit of %s', async (limit) => {
    const response = await front.admin('GET', `/v1/admin/keys?limit=${limit}`);
    expect(response.status).toBe(400);
    await expectProblem(response, {
      type: 'urn:conduit:problem:invalid-parameter',
      detail: expect.stringContaining('limit'),
    });
  });

  test('refuses methods that it does not know', async () => {
    for (const [method, path] of [
      ['PUT', '/v1/admin/keys'],
      ['DELETE', '/v1/admin/keys'],
      ['POST', '/v1/admin/keys/1'],
      ['PUT', '/v1/admin/keys/1'],
    ] as const) {
      const response = await front.admin(method, path, {});
      expect(response.status).toBe(405);
      await expectProblem(response, { type: 'urn:conduit:problem:method-not-allowed' });
    }
  });
});

test('a route that there is not is answered with a problem too', async () => {
  const response = await front.admin('GET', '/v1/nothing');
  expect(response.status).toBe(404);
  await expectProblem(response, { type: 'urn:conduit:problem:not-found' });
});
