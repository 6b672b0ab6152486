// Which pages may ask: CORS as browsers' SignalR clients need it.

import { describe, expect, test } from 'vitest';
import { edge, type Key, MASTER_KEY, TASK_HUB } from '../harness/edge.ts';
import { RawClient } from '../harness/rawClient.ts';

const ALLOWED = 'https://app.example';
const FOREIGN = 'https://evil.example';

const front = edge({ vars: { ALLOWED_ORIGINS: `https://other.example:8443, ${ALLOWED}/` } });
const closed = edge({ vars: { ALLOWED_ORIGINS: '' } });
const open = edge({ vars: { ALLOWED_ORIGINS: '*' } });

const NEGOTIATE = `${TASK_HUB}/negotiate?negotiateVersion=1`;

/** What a browser looks at. */
function permission(headers: Headers) {
  return {
    origin: headers.get('access-control-allow-origin'),
    credentials: headers.get('access-control-allow-credentials'),
    vary: headers.get('vary')?.toLowerCase() ?? null,
  };
}

const GRANTED = { origin: ALLOWED, credentials: 'true', vary: expect.stringContaining('origin') };
const DENIED = { origin: null, credentials: null };

function preflight(url: string, origin: string, method: string, headers: string): Promise<Response> {
  const ask = { origin, 'access-control-request-method': method, 'access-control-request-headers': headers };
  return fetch(url, { method: 'OPTIONS', headers: ask });
}

describe('a preflight', () => {
  test.each([
    [NEGOTIATE, 'POST', 'authorization,content-type,x-requested-with,x-signalr-user-agent'],
    [TASK_HUB, 'GET', 'authorization'],
    [TASK_HUB, 'DELETE', 'authorization'],
    ['/v1/events', 'POST', 'content-type,x-master-key'],
    ['/v1/admin/keys/1', 'PATCH', 'content-type,x-api-key,traceparent'],
  ])('of %s by %s is granted to an allowed origin, without a key', async (path, method, headers) => {
    const response = await preflight(front.url + path, ALLOWED, method, headers);
    expect([response.status, await response.text()]).toEqual([204, '']);
    expect(permission(response.headers)).toEqual(GRANTED);
    expect(response.headers.get('access-control-allow-methods')?.split(', ')).toContain(method);
    const allowed = response.headers.get('access-control-allow-headers')?.toLowerCase().split(', ');
    for (const header of headers.split(',')) expect(allowed).toContain(header);
    expect(Number(response.headers.get('access-control-max-age'))).toBeGreaterThan(0);
  });

  test('of another origin is not granted', async () => {
    for (const origin of [FOREIGN, 'null', 'http://app.example', `${ALLOWED}:8443`, `${ALLOWED}.evil.example`]) {
      const response = await preflight(front.url + NEGOTIATE, origin, 'POST', 'authorization');
      expect(permission(response.headers)).toMatchObject(DENIED);
      expect(response.headers.get('access-control-allow-methods')).toBeNull();
    }
  });
});

describe('a page of an allowed origin', () => {
  test('is named in the answer, with credentials, and reads the request’s id', async () => {
    const key = await front.createKey();
    const headers = { authorization: `Bearer ${key.key}`, origin: ALLOWED };
    const response = await fetch(front.url + NEGOTIATE, { method: 'POST', headers });
    expect(response.status).toBe(200);
    expect(permission(response.headers)).toEqual(GRANTED);
    expect(response.headers.get('access-control-expose-headers')).toContain('x-request-id');
  });

  test('is named in every error, too', async () => {
    const headers = { origin: ALLOWED };
    for (const [status, path, init] of [
      [401, NEGOTIATE, { method: 'POST' }],
      [404, '/hubs/nothing', {}],
      [404, '/nothing', {}],
      [405, '/v1/events', {}],
      [401, '/v1/events', { method: 'POST' }],
      [415, '/v1/events', { method: 'POST', headers: { authorization: `Bearer ${MASTER_KEY}` }, body: 'x' }],
      [404, '/v1/admin/keys/nobody', { headers: { authorization: `Bearer ${MASTER_KEY}` } }],
    ] as [number, string, RequestInit][]) {
      const response = await fetch(front.url + path, { ...init, headers: { ...init.headers, ...headers } });
      expect([path, response.status]).toEqual([path, status]);
      expect(permission(response.headers)).toEqual(GRANTED);
    }
  });

  test('connects', async () => {
    const key = await front.createKey();
    const client = await RawClient.connect(front.hub(`access_token=${key.key}`), 'json', { origin: ALLOWED });
    await client.invoke('SubscribeToTaskType', '*');
    await client.close(1000);
  });
});

describe('a page of a foreign origin', () => {
  test.each([
    ['negotiation', NEGOTIATE, 'POST'],
    ['the events route', '/v1/events', 'POST'],
    ['the keys route', '/v1/admin/keys', 'GET'],
    ['a route that is open', '/health/live', 'GET'],
  ])('is refused by %s with 403, though it has the key', async (_, path, method) => {
    const headers = { authorization: `Bearer ${MASTER_KEY}`, origin: FOREIGN };
    const response = await fetch(front.url + path, { method, headers });
    expect(response.status).toBe(403);
    expect(permission(response.headers)).toMatchObject(DENIED);
    await response.arrayBuffer();
  });

  test('is refused by the upgrade, which no preflight precedes', async () => {
    const key = await front.createKey();
    const refusal = await RawClient.refusal(front.hub(`access_token=${key.key}`), { origin: FOREIGN });
    expect(refusal.status).toBe(403);
  });
});

describe('who names no origin, or the Worker’s own,', () => {
  test('always passes', async () => {
    const key: Key = await closed.createKey();
    for (const headers of [{}, { origin: closed.url }] as Record<string, string>[]) {
      const response = await fetch(closed.url + NEGOTIATE, {
        method: 'POST',
        headers: { ...headers, 'x-api-key': key.key },
      });
      expect(response.status).toBe(200);
      const client = await RawClient.connect(closed.hub(`access_token=${key.key}`), 'json', headers);
      await client.close(1000);
    }
  });
});

test('where no origin is allowed, each is foreign; where any is, each is echoed', async () => {
  const shut = await fetch(`${closed.url}/health/live`, { headers: { origin: ALLOWED } });
  expect(shut.status).toBe(403);
  for (const origin of [ALLOWED, FOREIGN]) {
    const response = await fetch(`${open.url}/health/live`, { headers: { origin } });
    expect(response.status).toBe(200);
    expect(permission(response.headers)).toMatchObject({ origin, credentials: 'true' });
  }
});
