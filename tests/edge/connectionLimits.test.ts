// How many connections a key may have at once.

import { expect, test } from 'vitest';
import { eventually } from '../harness/deadline.ts';
import { edge, type Key, TASK_HUB } from '../harness/edge.ts';
import { RawClient } from '../harness/rawClient.ts';

const front = edge({ vars: { MAX_CONNECTIONS_PER_KEY: '3' } });

/** Negotiate and upgrade both refuse with 429 and the limit's name and figure. */
async function expectFull(key: Key, limit: number): Promise<void> {
  const headers = { authorization: `Bearer ${key.key}` };
  const negotiate = await fetch(`${front.url}${TASK_HUB}/negotiate?negotiateVersion=1`, { method: 'POST', headers });
  const upgrade = await RawClient.refusal(front.hub(), headers);
  for (const [status, text] of [
    [negotiate.status, await negotiate.text()],
    [upgrade.status, upgrade.body],
  ]) {
    expect(status).toBe(429);
    expect(text).toMatch(new RegExp(`key.* ${limit} .*connections|key.*connections.* ${limit}\\b`, 'i'));
  }
  expect(Number(negotiate.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(Number(upgrade.headers['retry-after'])).toBeGreaterThan(0);
}

/** Opens connections until one is refused. */
async function open(key: Key, count: number): Promise<RawClient[]> {
  return Promise.all(Array.from({ length: count }, () => front.raw(key)));
}

test('a key without a figure of its own has the configured one', async () => {
  const key = await front.createKey();
  const clients = await open(key, 3);
  await expectFull(key, 3);
  await Promise.all(clients.map((client) => client.close(1000)));
});

test('a key’s own figure counts instead, and a change of it counts at once', async () => {
  const key = await front.createKey({ limits: { connections: 1 } });
  const clients = await open(key, 1);
  await expectFull(key, 1);
  await front.patchKey(key, { limits: { connections: 5 } });
  clients.push(...(await open(key, 4)));
  await expectFull(key, 5);
  await front.patchKey(key, { limits: { connections: null } });
  await expectFull(key, 3);
  // Those above a lowered limit stay.
  await Promise.all(clients.map((client) => client.invoke('SubscribeToTaskType', '*')));
  await Promise.all(clients.map((client) => client.close(1000)));
});

test('a connection that ends makes room', async () => {
  const key = await front.createKey({ limits: { connections: 1 } });
  for (let count = 0; count < 3; count++) {
    const [client] = await open(key, 1);
    await (count % 2 === 0 ? client?.close(1000) : client?.kill());
    await eventually(
      'room',
      () => connections(key),
      (open) => open === 0,
    );
  }
});

test('one key’s connections are none of another’s', async () => {
  const [key, other] = await Promise.all([front.createKey(), front.createKey()]);
  const clients = [...(await open(key, 3)), ...(await open(other, 3))];
  await Promise.all([expectFull(key, 3), expectFull(other, 3)]);
  await Promise.all(clients.map((client) => client.close(1000)));
});

test('the limit holds when all come at once, and while the object sleeps', async () => {
  const key = await front.createKey({ limits: { connections: 5 } });
  const attempts = await Promise.allSettled(Array.from({ length: 20 }, () => front.raw(key)));
  const clients = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
  expect(clients).toHaveLength(5);
  await front.sleep(key);
  await expectFull(key, 5);
  await Promise.all(clients.map((client) => client.close(1000)));
});

async function connections(key: Key): Promise<number> {
  const response = await front.admin('GET', `/v1/admin/keys/${key.id}`);
  return ((await response.json()) as { connections: number }).connections;
}
