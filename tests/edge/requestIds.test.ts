// Every answer can be found again in the log: it carries the id of its request.

import { describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { within } from '../harness/deadline.ts';
import { edge, MASTER_KEY, TASK_HUB } from '../harness/edge.ts';
import { RawClient } from '../harness/rawClient.ts';

const front = edge();

const MADE = /^[0-9A-HJKMNP-TV-Z]{26}$/;

const ANSWERS: [what: string, status: number, path: string, init: RequestInit][] = [
  ['a plain success', 200, '/health/live', {}],
  [
    'a preflight',
    204,
    TASK_HUB,
    { method: 'OPTIONS', headers: { origin: 'https://a.example', 'access-control-request-method': 'GET' } },
  ],
  ['a list', 200, '/v1/admin/keys', { headers: { authorization: `Bearer ${MASTER_KEY}` } }],
  ['a problem', 401, '/v1/admin/keys', {}],
  ['a route that there is not', 404, '/nothing', {}],
  ['a method that there is not', 405, '/v1/events', {}],
  ['a hub’s refusal', 401, `${TASK_HUB}/negotiate`, { method: 'POST' }],
  ['a hub that there is not', 404, '/hubs/nothing', {}],
  [
    'events that are rejected',
    400,
    '/v1/events',
    {
      method: 'POST',
      headers: { authorization: `Bearer ${MASTER_KEY}`, 'content-type': 'application/json' },
      body: '{}',
    },
  ],
];

describe.each(ANSWERS)('%s (%i)', (_, status, path, init) => {
  test('carries an id of its own', async () => {
    const ids = new Set<string>();
    for (let count = 0; count < 3; count++) {
      const response = await fetch(front.url + path, init);
      expect(response.status).toBe(status);
      expect(response.headers.get('x-request-id')).toMatch(MADE);
      ids.add(response.headers.get('x-request-id') ?? '');
      await response.arrayBuffer();
    }
    expect(ids.size).toBe(3);
  });

  test('carries the id that the request came with', async () => {
    const response = await fetch(front.url + path, {
      ...init,
      headers: { ...init.headers, 'x-request-id': 'mine-1_a.B' },
    });
    expect(response.headers.get('x-request-id')).toBe('mine-1_a.B');
    await response.arrayBuffer();
  });

  test('carries another where the given one could not be logged', async () => {
    for (const id of ['a b', 'a"b', '{}', 'x'.repeat(65)]) {
      const response = await fetch(front.url + path, { ...init, headers: { ...init.headers, 'x-request-id': id } });
      expect(response.headers.get('x-request-id')).toMatch(MADE);
      await response.arrayBuffer();
    }
  });
});

test('an upgrade that is granted carries one', async () => {
  const key = await front.createKey();
  for (const [given, expected] of [
    [{}, MADE],
    [{ 'x-request-id': 'mine' }, /^mine$/],
  ] as [Record<string, string>, RegExp][]) {
    const socket = new WebSocket(front.hub(`access_token=${key.key}`).replace('http', 'ws'), { headers: given });
    const id = new Promise<unknown>((resolve, reject) => {
      socket.on('upgrade', (response) => resolve(response.headers['x-request-id']));
      socket.on('error', reject);
    });
    await expect(within(id, 'the upgrade')).resolves.toMatch(expected);
    socket.terminate();
  }
});

test('an upgrade that is refused carries one', async () => {
  const refusal = await RawClient.refusal(front.hub(), { 'x-request-id': 'mine' });
  expect([refusal.status, refusal.headers['x-request-id']]).toEqual([401, 'mine']);
});
