// Which providers there are, and where each is asked how it is.

import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type Edge, edge, MASTER_KEY } from '../harness/edge.ts';
import { localProvider } from '../harness/localProvider.ts';

const front = edge();
const open = edge({ vars: { ALLOW_PRIVATE_TARGETS: 'true' } });
const local = localProvider();

interface Provider {
  name: string;
  healthUrl?: string;
  health?: { status: string };
}

const PUBLIC = 'https://status.example.com/health';

const unique = () => `provider-${randomUUID()}`;
const path = (name: string) => `/v1/admin/providers/${encodeURIComponent(name)}`;

const put = (at: Edge, name: string, body: unknown) => at.admin('PUT', path(name), body);

async function list(at: Edge): Promise<Provider[]> {
  const response = await at.admin('GET', '/v1/admin/providers');
  expect(response.status).toBe(200);
  return ((await response.json()) as { items: Provider[] }).items;
}

async function expectProblem(response: Response, status: number, expected: object): Promise<void> {
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  await expect(response.json()).resolves.toMatchObject({ status, detail: expect.any(String), ...expected });
}

describe('a provider', () => {
  test('is made, read, changed, listed by its name and deleted', async () => {
    const names = [`a-${randomUUID()}`, `B_${randomUUID()}`, `c.${randomUUID()}`];
    for (const name of names) {
      const made = await put(front, name, { healthUrl: PUBLIC });
      expect(made.status).toBe(201);
      await expect(made.json()).resolves.toMatchObject({ name, healthUrl: PUBLIC });
    }
    const [first, second, third] = names as [string, string, string];
    const other = 'https://status.example.com:8443/other?deep=1';
    const changed = await put(front, second, { healthUrl: other });
    expect(changed.status).toBe(200);
    await expect(changed.json()).resolves.toMatchObject({ name: second, healthUrl: other });
    await expect((await put(front, third, {})).json()).resolves.not.toHaveProperty('healthUrl');

    for (const [name, healthUrl] of [
      [first, PUBLIC],
      [second, other],
      [third, undefined],
    ] as const) {
      const read = await front.admin('GET', path(name));
      expect(read.status).toBe(200);
      const provider = (await read.json()) as Provider;
      expect([provider.name, provider.healthUrl]).toEqual([name, healthUrl]);
    }
    const listed = (await list(front)).map((provider) => provider.name);
    expect(listed).toEqual([...listed].sort());
    expect(listed.filter((name) => names.includes(name))).toEqual([...names].sort());

    for (const name of names) {
      const deleted = await front.admin('DELETE', path(name));
      expect([deleted.status, await deleted.text()]).toEqual([204, '']);
      for (const method of ['GET', 'DELETE']) {
        await expectProblem(await front.admin(method, path(name)), 404, { type: 'urn:conduit:problem:not-found' });
      }
    }
    expect((await list(front)).filter(({ name }) => names.includes(name))).toEqual([]);
  });

  test('that nobody set is known by what a backend says of it, and can be set and forgotten', async () => {
    const name = unique();
    await front.announce('ProviderHealthChanged', { provider: name, status: 'Degraded', message: 'slow' });
    const health = {
      provider: name,
      status: 'Degraded',
      isHealthy: false,
      message: 'slow',
      checkedAt: expect.any(String),
    };
    expect(await list(front)).toContainEqual({ name, health });
    expect((await put(front, name, {})).status).toBe(200);
    await expect((await front.admin('GET', path(name))).json()).resolves.toEqual({ name, health });
    expect((await front.admin('DELETE', path(name))).status).toBe(204);
    expect((await front.admin('GET', path(name))).status).toBe(404);
  });

  test('has its health in what is read of it once it was asked', async () => {
    const name = unique();
    const operator = await open.officialMaster('admin-notifications', ['ProviderHealthStatus']);
    await put(open, name, { healthUrl: local.url() });
    await operator.events.next();
    await expect((await open.admin('GET', path(name))).json()).resolves.toEqual({
      name,
      healthUrl: local.url(),
      health: {
        provider: name,
        status: 'Healthy',
        isHealthy: true,
        responseTimeMs: expect.any(Number),
        checkedAt: expect.any(String),
      },
    });
    await operator.stop();
  });

  test.each(['nobody', 'a b', 'ä', '..', "'; DROP TABLE provider; --"])(
    'that never was (%s) is not there',
    async (name) => {
      for (const method of ['GET', 'DELETE']) {
        await expectProblem(await front.admin(method, path(name)), 404, { type: 'urn:conduit:problem:not-found' });
      }
    },
  );
});

describe('what cannot be a provider is refused, and nothing is kept:', () => {
  const INVALID = { type: 'urn:conduit:problem:invalid-field' };

  test.each(['a b', 'a/b', 'ä', '...', 'x'.repeat(101)])('the name %s', async (name) => {
    await expectProblem(await put(front, name, {}), 400, { ...INVALID, field: 'name' });
  });

  test.each([
    [{ url: PUBLIC }, 'url'],
    [{ healthUrl: 7 }, 'healthUrl'],
    [{ healthUrl: [PUBLIC] }, 'healthUrl'],
    [{ healthUrl: PUBLIC, name: 'other' }, 'name'],
  ])('the fields of %j, naming %s', async (body, field) => {
    const name = unique();
    await expectProblem(await put(front, name, body), 400, { ...INVALID, field });
    expect((await front.admin('GET', path(name))).status).toBe(404);
  });

  test.each(['', '{', '[]', 'null', '"x"'])('the body %s', async (body) => {
    const headers = { 'x-master-key': MASTER_KEY, 'content-type': 'application/json' };
    const response = await fetch(front.url + path(unique()), { method: 'PUT', headers, body });
    await expectProblem(response, 400, {});
  });

  const LOCAL = [
    'http://status.example.com/',
    'https://127.0.0.1/',
    'https://127.0.0.1:8443/health',
    'https://10.1.2.3/',
    'https://172.16.0.1/',
    'https://192.168.1.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://100.64.0.1/',
    'https://0.0.0.0/',
    'https://[::1]/',
    'https://[fe80::1]/',
    'https://[fd00::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://localhost/',
    'https://LOCALHOST./',
    'https://db.internal/',
    'https://printer.local/',
    'https://intranet/',
  ];
  const NEVER = [
    'https://user@status.example.com/',
    'https://user:password@status.example.com/',
    'https://2130706433/',
    'https://0x7f.0.0.1/',
    'https://127.1/',
    'ftp://status.example.com/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'status.example.com',
    '/health',
    'https://',
    'https:///health',
    'https://a b.example.com/',
    'https://status.example.com:99999/',
    'nonsense',
    '',
    ' ',
  ];

  test.each([...LOCAL, ...NEVER])('the URL %s', async (healthUrl) => {
    const name = unique();
    const problem = { ...INVALID, field: 'healthUrl' };
    await expectProblem(await put(front, name, { healthUrl }), 400, problem);
    expect((await front.admin('GET', path(name))).status).toBe(404);
  });

  test.each(NEVER)('the URL %s, even where private ones are allowed', async (healthUrl) => {
    await expectProblem(await put(open, unique(), { healthUrl }), 400, { ...INVALID, field: 'healthUrl' });
  });

  test.each(LOCAL)('not the URL %s where private ones are allowed', async (healthUrl) => {
    const name = unique();
    expect((await put(open, name, { healthUrl })).status).toBe(201);
    expect((await open.admin('DELETE', path(name))).status).toBe(204);
  });
});

test('a provider that is there keeps what it was when a change of it is refused', async () => {
  const name = unique();
  await put(front, name, { healthUrl: PUBLIC });
  expect((await put(front, name, { healthUrl: 'https://10.0.0.1/' })).status).toBe(400);
  await expect((await front.admin('GET', path(name))).json()).resolves.toMatchObject({ healthUrl: PUBLIC });
  await front.admin('DELETE', path(name));
});

describe('the routes', () => {
  test.each([
    ['POST', '/v1/admin/providers/x', 'GET, PUT, DELETE'],
    ['PATCH', '/v1/admin/providers/x', 'GET, PUT, DELETE'],
    ['PUT', '/v1/admin/providers', 'GET'],
    ['POST', '/v1/admin/providers', 'GET'],
    ['DELETE', '/v1/admin/providers', 'GET'],
  ])('do not take %s %s', async (method, route, allow) => {
    const response = await front.admin(method, route, {});
    expect(response.headers.get('allow')).toBe(allow);
    await expectProblem(response, 405, { type: 'urn:conduit:problem:method-not-allowed' });
  });

  test('are the operator’s alone', async () => {
    const key = await front.createKey();
    const name = unique();
    for (const [secret, status] of [
      [key.key, 403],
      [await front.clientToken(key), 403],
      ['condt_nobody', 401],
      [undefined, 401],
    ] as const) {
      const headers: Record<string, string> = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
      for (const [method, route] of [
        ['GET', '/v1/admin/providers'],
        ['GET', path(name)],
        ['PUT', path(name)],
        ['DELETE', path(name)],
      ] as const) {
        const body = method === 'PUT' ? '{}' : null;
        const response = await fetch(front.url + route, { method, headers, body });
        await expectProblem(response, status, {});
      }
    }
    expect((await front.admin('GET', path(name))).status).toBe(404);
  });
});
