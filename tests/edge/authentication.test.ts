// Whose key opens what, and where a client may put it.

import { describe, expect, test } from 'vitest';
import { edge, MASTER_KEY, type Negotiated, TASK_HUB } from '../harness/edge.ts';
import { RawClient } from '../harness/rawClient.ts';

const front = edge();

/** The ways to show a key: what they add to the URL and to the headers. */
const WAYS: [how: string, show: (secret: string) => { query: string; headers: Record<string, string> }][] = [
  ['access_token', (secret) => ({ query: `access_token=${secret}`, headers: {} })],
  ['api_key', (secret) => ({ query: `api_key=${secret}`, headers: {} })],
  ['Authorization: Bearer', (secret) => ({ query: '', headers: { authorization: `Bearer ${secret}` } })],
  ['X-API-Key', (secret) => ({ query: '', headers: { 'x-api-key': secret } })],
];

const UNKNOWN = [`condt_${'a'.repeat(43)}`, 'condt_', 'nonsense', 'a b', '%F0%9F%A6%80', 'x'.repeat(5_000)];

describe.each(WAYS)('a virtual key in %s', (_, show) => {
  test('negotiates and connects', async () => {
    const { query, headers } = show((await front.createKey()).key);
    const response = await fetch(`${front.url}${TASK_HUB}/negotiate?negotiateVersion=1&${query}`, {
      method: 'POST',
      headers,
    });
    expect(response.status).toBe(200);
    const { connectionToken } = (await response.json()) as Negotiated;
    for (const id of ['', `&id=${connectionToken}`]) {
      const client = await RawClient.connect(front.hub(query + id), 'json', headers);
      await client.close(1000);
    }
  });

  test('that is nobody’s is refused with 401 and a challenge', async () => {
    for (const secret of UNKNOWN) {
      const { query, headers } = show(secret);
      const response = await fetch(`${front.url}${TASK_HUB}/negotiate?negotiateVersion=1&${query}`, {
        method: 'POST',
        headers,
      });
      expect([response.status, await response.text()]).toEqual([401, '']);
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
      const refusal = await RawClient.refusal(front.hub(query), headers);
      expect(refusal).toMatchObject({ status: 401, body: '' });
    }
  });

  test('that is the master key is refused with 403', async () => {
    const { query, headers } = show(MASTER_KEY);
    const response = await fetch(`${front.url}${TASK_HUB}/negotiate?negotiateVersion=1&${query}`, {
      method: 'POST',
      headers,
    });
    expect([response.status, await response.text()]).toEqual([403, '']);
    await expect(RawClient.refusal(front.hub(query), headers)).resolves.toMatchObject({ status: 403 });
  });
});

describe('on a hub', () => {
  test('no key at all is refused with 401', async () => {
    for (const path of ['/negotiate', '']) {
      const response = await fetch(`${front.url}${TASK_HUB}${path}`, { method: 'POST' });
      expect([response.status, await response.text()]).toEqual([401, '']);
    }
    await expect(RawClient.refusal(front.hub())).resolves.toMatchObject({ status: 401 });
    await expect(RawClient.refusal(front.hub('access_token='))).resolves.toMatchObject({ status: 401 });
  });

  test('a virtual key in X-Master-Key is nobody’s', async () => {
    const { key } = await front.createKey();
    const refusal = await RawClient.refusal(front.hub(), { 'x-master-key': key });
    expect(refusal.status).toBe(401);
  });

  test('the master key in X-Master-Key is refused with 403', async () => {
    await expect(RawClient.refusal(front.hub(), { 'x-master-key': MASTER_KEY })).resolves.toMatchObject({
      status: 403,
    });
  });

  test('the key in the query counts before those in headers', async () => {
    const { key } = await front.createKey();
    const client = await RawClient.connect(front.hub(`access_token=${key}`), 'json', { authorization: 'Bearer wrong' });
    await client.close(1000);
    const refusal = await RawClient.refusal(front.hub('access_token=wrong'), { authorization: `Bearer ${key}` });
    expect(refusal.status).toBe(401);
  });

  test('who is refused disturbs nobody who is connected', async () => {
    const key = await front.createKey();
    const client = await front.official(key);
    await client.invoke('SubscribeToTaskType', '*');
    await Promise.all([
      RawClient.refusal(front.hub('access_token=wrong')),
      RawClient.refusal(front.hub()),
      RawClient.refusal(front.hub(`access_token=${MASTER_KEY}`)),
    ]);
    await front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'test' });
    await expect(client.events.next()).resolves.toEqual(['TaskStarted', 't', 'test', {}]);
    await client.stop();
  });
});

describe('on a route of the operator', () => {
  const ROUTES: [method: string, path: string][] = [
    ['GET', '/v1/admin/keys'],
    ['POST', '/v1/admin/keys'],
    ['GET', '/v1/admin/keys/1'],
    ['PATCH', '/v1/admin/keys/1'],
    ['DELETE', '/v1/admin/keys/1'],
    ['POST', '/v1/events'],
  ];

  test.each(ROUTES)(
    '%s %s lets the master key pass, as a bearer token, in X-API-Key and in X-Master-Key',
    async (method, path) => {
      for (const headers of [
        { authorization: `Bearer ${MASTER_KEY}` },
        { authorization: `bearer ${MASTER_KEY}` },
        { 'x-api-key': MASTER_KEY },
        { 'x-master-key': MASTER_KEY },
      ]) {
        const response = await fetch(front.url + path, { method, headers });
        expect([401, 403]).not.toContain(response.status);
        await response.arrayBuffer();
      }
    },
  );

  test.each(ROUTES)('%s %s refuses a virtual key with 403', async (method, path) => {
    const { key } = await front.createKey();
    for (const headers of [{ authorization: `Bearer ${key}` }, { 'x-api-key': key }]) {
      const response = await fetch(front.url + path, { method, headers });
      expect(response.status).toBe(403);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      await expect(response.json()).resolves.toMatchObject({ status: 403, type: 'urn:conduit:problem:forbidden' });
    }
  });

  test.each(ROUTES)('%s %s refuses a wrong key, no key, and a key in the query with 401', async (method, path) => {
    for (const [query, headers] of [
      ['', {}],
      ['', { authorization: 'Bearer wrong' }],
      ['', { authorization: `Basic ${MASTER_KEY}` }],
      ['', { 'x-master-key': `${MASTER_KEY}x` }],
      ['', { 'x-master-key': (await front.createKey()).key }],
      [`?access_token=${MASTER_KEY}`, {}],
      [`?api_key=${MASTER_KEY}`, {}],
    ] as [string, Record<string, string>][]) {
      const response = await fetch(front.url + path + query, { method, headers });
      expect(response.status).toBe(401);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      await expect(response.json()).resolves.toMatchObject({ status: 401, type: 'urn:conduit:problem:unauthorized' });
    }
  });
});
