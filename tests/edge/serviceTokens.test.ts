// What backends send events with instead of the master key.

import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { cloudEvent, type Published } from '../harness/cloudEvents.ts';
import { edge, type Key, MASTER_KEY, TASK_HUB } from '../harness/edge.ts';
import { withFailing } from '../harness/failingObjects.ts';

const LIMIT = 3;

const front = edge({ vars: { AUTH_FAILURES_PER_MINUTE: `${LIMIT}` } });
const withoutRegistry = withFailing('ADMINISTRATION');

const ROUTE = '/v1/admin/service-tokens';
const SECRET = /^condtsvc_[\w-]{43}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

interface Token {
  id: string;
  token: string;
}

async function make(fields: object = {}): Promise<Token> {
  const response = await front.admin('POST', ROUTE, { name: 'test', ...fields });
  expect(response.status).toBe(201);
  return (await response.json()) as Token;
}

async function revoke(token: Token): Promise<void> {
  expect((await front.admin('DELETE', `${ROUTE}/${token.id}`)).status).toBe(204);
}

let addresses = 0;

/** An address that nobody has failed from. */
const address = () => `2001:db8:0:${(++addresses).toString(16)}::1`;

/** Posts events with a token. */
async function send(token: string, events: object[], headers: Record<string, string> = {}): Promise<Published> {
  const response = await fetch(`${front.url}/v1/events`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/cloudevents-batch+json',
      'cf-connecting-ip': address(),
      ...headers,
    },
    body: JSON.stringify(events),
  });
  return { ...((await response.json()) as Published), status: response.status };
}

const started = (key: Key) => cloudEvent(key.id, 'TaskStarted', { taskId: randomUUID(), taskType: 'x' });
const progress = (key: Key) => cloudEvent(key.id, 'TaskProgress', { taskId: randomUUID(), percentComplete: 1 });
const restored = () => cloudEvent(undefined, 'ServiceRestored', { service: 'everything' });

describe('a new service token', () => {
  test('is answered with 201, what was stored, and the token, once', async () => {
    const key = await front.createKey();
    const fields = { name: ' billing ', eventTypes: ['SpendRecorded'], virtualKeyIds: [key.id] };
    const response = await front.admin('POST', ROUTE, { ...fields, expiresAt: '2999-01-31T12:00:00Z' });
    expect(response.status).toBe(201);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const { token, ...record } = (await response.json()) as Token;
    expect(token).toMatch(SECRET);
    expect(record).toEqual({
      ...fields,
      id: expect.any(String),
      name: 'billing',
      createdAt: expect.stringMatching(TIME),
      expiresAt: '2999-01-31T12:00:00.000Z',
    });
    const read = await front.admin('GET', `${ROUTE}/${record.id}`);
    await expect(read.json()).resolves.toEqual(record);
    await expect((await front.admin('GET', `${ROUTE}?limit=1000`)).text()).resolves.not.toContain(token);
  });

  test.each([
    [{}, 'name'],
    [{ name: 'x', colour: 'red' }, 'colour'],
    [{ name: 'x', eventTypes: ['TaskStarted', 'Nothing'] }, 'eventTypes[1]'],
    [{ name: 'x', eventTypes: [] }, 'eventTypes'],
    [{ name: 'x', virtualKeyIds: ['nobody'] }, 'virtualKeyIds[0]'],
    [{ name: 'x', virtualKeyIds: Array(101).fill('1') }, 'virtualKeyIds'],
    [{ name: 'x', expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt'],
  ])('of %j is refused, naming the field %s', async (body, field) => {
    const response = await front.admin('POST', ROUTE, body);
    expect(response.status).toBe(400);
    await expect(response.json()).resolves.toMatchObject({ type: 'urn:conduit:problem:invalid-field', field });
  });

  test('is in the audit trail, and so is its end', async () => {
    const from = address();
    const headers = { 'x-master-key': MASTER_KEY, 'cf-connecting-ip': from };
    const made = await fetch(front.url + ROUTE, { method: 'POST', headers, body: '{"name":"x"}' });
    const token = (await made.json()) as Token;
    await fetch(`${front.url}${ROUTE}/${token.id}`, { method: 'DELETE', headers });
    const trail = await (await front.admin('GET', '/v1/admin/audit?limit=1000')).text();
    expect(trail).not.toContain(token.token);
    const { items } = JSON.parse(trail) as { items: { subject: string }[] };
    const entry = { timestamp: expect.stringMatching(TIME), actor: 'operator', subject: token.id, from };
    expect(items.filter(({ subject }) => subject === token.id)).toMatchObject([
      { ...entry, action: 'service-token.revoked' },
      { ...entry, action: 'service-token.created' },
    ]);
  });
});

test('the list comes in pages, in the order in which tokens were made, with when they were used', async () => {
  const [one, two, three] = [await make({ name: 'one' }), await make({ name: 'two' }), await make({ name: 'three' })];
  await send(two.token, []);
  const listed: { id: string; name: string; lastUsedAt?: string }[] = [];
  let next: string | undefined;
  do {
    const response = await front.admin('GET', `${ROUTE}?limit=1${next === undefined ? '' : `&after=${next}`}`);
    const page = (await response.json()) as { items: typeof listed; next?: string };
    expect(page.items.length).toBeLessThanOrEqual(1);
    listed.push(...page.items);
    next = page.next;
  } while (next !== undefined);
  const ours = listed.filter(({ id }) => [one.id, two.id, three.id].includes(id));
  expect(ours.map(({ name }) => name)).toEqual(['one', 'two', 'three']);
  expect(ours.map(({ lastUsedAt }) => lastUsedAt)).toEqual([undefined, expect.stringMatching(TIME), undefined]);
});

test.each(['nobody', 'a%2Fb', '%F0%9F%A6%80'])('a token that never was (%s) is not there', async (id) => {
  for (const method of ['GET', 'DELETE']) {
    const response = await front.admin(method, `${ROUTE}/${id}`);
    expect(response.status).toBe(404);
    await expect(response.json()).resolves.toMatchObject({ type: 'urn:conduit:problem:not-found' });
  }
});

describe('a service token', () => {
  test('without lists sends what the master key sends', async () => {
    const [{ token }, key] = [await make(), await front.createKey()];
    const { status, results } = await send(token, [started(key), restored()]);
    expect([status, ...results.map((result) => result.status)]).toEqual([200, 'delivered', 'delivered']);
  });

  test('goes into X-API-Key too', async () => {
    const { token } = await make();
    const headers = { 'x-api-key': token, 'content-type': 'application/cloudevents-batch+json' };
    const response = await fetch(`${front.url}/v1/events`, { method: 'POST', headers, body: '[]' });
    expect(response.status).toBe(200);
  });

  test('sends the types that it names, and each other event is rejected for itself', async () => {
    const [{ token }, key] = [await make({ eventTypes: ['TaskStarted', 'ServiceRestored'] }), await front.createKey()];
    const events = [started(key), progress(key), restored()];
    const { status, results } = await send(token, events);
    expect(status).toBe(200);
    expect(results).toMatchObject([
      { id: events[0]?.id, status: 'delivered' },
      { id: events[1]?.id, status: 'rejected', error: { field: 'type' } },
      { id: events[2]?.id, status: 'delivered' },
    ]);
    expect((await send(token, [progress(key)])).status).toBe(400);
  });

  test('sends events of the keys that it names, and none for everybody', async () => {
    const [own, other] = [await front.createKey(), await front.createKey()];
    const { token } = await make({ virtualKeyIds: [own.id] });
    const { status, results } = await send(token, [started(own), started(other), restored()]);
    expect(status).toBe(200);
    const rejected = { status: 'rejected', error: { field: 'virtualkeyid' } };
    expect(results).toMatchObject([{ status: 'delivered' }, rejected, rejected]);
    await expect(front.read(other, '/v1/tasks')).resolves.toEqual({ items: [] });
  });

  test.each([
    ['GET', '/v1/admin/keys'],
    ['POST', ROUTE],
    ['GET', '/metrics'],
    ['POST', '/v1/tokens'],
    ['GET', '/v1/tasks'],
    ['GET', '/v1/history'],
    ['POST', `${TASK_HUB}/negotiate?negotiateVersion=1`],
    ['POST', '/hubs/admin-notifications/negotiate?negotiateVersion=1'],
  ])('does not open %s %s', async (method, path) => {
    const { token } = await make();
    const response = await fetch(front.url + path, { method, headers: { authorization: `Bearer ${token}` } });
    expect(response.status).toBe(403);
  });

  test('that is revoked is worth nothing, though it was used a moment ago', async () => {
    const token = await make();
    expect((await send(token.token, [])).status).toBe(200);
    await revoke(token);
    expect((await send(token.token, [])).status).toBe(401);
    expect((await front.admin('GET', `${ROUTE}/${token.id}`)).status).toBe(404);
  });

  test('is worth nothing from the time at which it expires', async () => {
    const expiresAt = Date.now() + 1_000;
    const { token } = await make({ expiresAt: new Date(expiresAt).toISOString() });
    const statuses: number[] = [];
    do statuses.push((await send(token, [])).status);
    while (Date.now() < expiresAt);
    expect(statuses[0]).toBe(200);
    expect((await send(token, [])).status).toBe(401);
  });
});

test.each([
  ['a virtual key', async () => (await front.createKey()).key],
  ['a client token', async () => front.clientToken(await front.createKey())],
])('%s sends no events', async (_, secret) => {
  expect((await send(await secret(), [])).status).toBe(403);
});

describe('guesses', () => {
  const guess = () => `condtsvc_${randomUUID().replaceAll('-', '').padEnd(43, 'x')}`;

  test('are refused with 401, and counted, while tokens that are good pass', async () => {
    const [{ token }, unused, from] = [await make(), await make(), { 'cf-connecting-ip': address() }];
    for (let failure = 0; failure < LIMIT; failure++) expect((await send(guess(), [], from)).status).toBe(401);
    expect((await send(guess(), [], from)).status).toBe(429);
    expect((await send(token, [], from)).status).toBe(200);
    expect((await send(unused.token, [], from)).status).toBe(200);
  });

  test('with a token that was revoked are counted', async () => {
    const [token, from] = [await make(), { 'cf-connecting-ip': address() }];
    await revoke(token);
    for (let failure = 0; failure < LIMIT; failure++) expect((await send(token.token, [], from)).status).toBe(401);
    expect((await send(token.token, [], from)).status).toBe(429);
  });

  test('are no failure of whoever sends them where the registry does not answer', async () => {
    const headers = { authorization: `Bearer ${guess()}` };
    const response = await fetch(`${withoutRegistry.url}/v1/events`, { method: 'POST', headers });
    expect(response.status).toBe(503);
  });
});
