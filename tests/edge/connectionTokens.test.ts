// The token of a negotiated connection is a secret that is good for one socket of one key, for a short time.

import { setTimeout as pass } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { edge, type Key, MASTER_KEY } from '../harness/edge.ts';
import { RawClient } from '../harness/rawClient.ts';

/** The life of an unused token is that of a handshake. */
const LIFE_SECONDS = 1;

const patient = edge();
const hasty = edge({ vars: { HANDSHAKE_TIMEOUT_SECONDS: `${LIFE_SECONDS}` } });

const UNKNOWN = { status: 404, body: 'No Connection with that ID' };

function refusal(key: Key, connectionToken: string, front = patient) {
  return RawClient.refusal(front.hub(`id=${connectionToken}`), { authorization: `Bearer ${key.key}` });
}

test('a token opens the connection whose id it was given with', async () => {
  const key = await patient.createKey();
  const { connectionToken } = await patient.negotiate(key);
  const client = await patient.raw(key, 'json', `id=${connectionToken}`);
  await client.close(1000);
});

test('a second socket on the same token is refused with 409, and the first one is not disturbed', async () => {
  const key = await patient.createKey();
  const { connectionToken } = await patient.negotiate(key);
  const client = await patient.raw(key, 'json', `id=${connectionToken}`);
  await expect(refusal(key, connectionToken)).resolves.toMatchObject({ status: 409, body: '' });
  await client.invoke('SubscribeToTaskType', '*');
  await patient.tell(key, 'TaskStarted', { taskId: 't', taskType: 'test' });
  await expect(client.event('TaskStarted')).resolves.toEqual(['t', 'test', {}]);
  await client.close(1000);
});

test('a token opens no second connection after its own has ended', async () => {
  const key = await patient.createKey();
  const { connectionToken } = await patient.negotiate(key);
  const client = await patient.raw(key, 'json', `id=${connectionToken}`);
  await client.close(1000);
  await expect(refusal(key, connectionToken)).resolves.toMatchObject(UNKNOWN);
});

test('of two sockets that race for one token, one gets it', async () => {
  const key = await patient.createKey();
  const { connectionToken } = await patient.negotiate(key);
  const attempts = [1, 2, 3, 4].map(() => patient.raw(key, 'json', `id=${connectionToken}`));
  const settled = await Promise.allSettled(attempts);
  const opened = settled.filter((attempt) => attempt.status === 'fulfilled');
  expect(opened).toHaveLength(1);
  for (const attempt of settled) {
    if (attempt.status === 'rejected') expect(attempt.reason.message).toContain('409');
  }
  await opened[0]?.value.close(1000);
});

test('an expired token is unknown', async () => {
  const key = await hasty.createKey();
  const { connectionToken } = await hasty.negotiate(key);
  // Nothing tells of a token's end but the clock.
  await pass((LIFE_SECONDS + 1) * 1_000);
  await expect(refusal(key, connectionToken, hasty)).resolves.toMatchObject(UNKNOWN);
});

test('a token outlives its expiry on the connection that it opened', async () => {
  const key = await hasty.createKey();
  const { connectionToken } = await hasty.negotiate(key);
  const client = await hasty.raw(key, 'json', `id=${connectionToken}`);
  await pass((LIFE_SECONDS + 1) * 1_000);
  await client.invoke('SubscribeToTaskType', '*');
  await client.close(1000);
});

describe('a token is unknown', () => {
  test('to another key, though that one is valid', async () => {
    const [owner, thief] = await Promise.all([patient.createKey(), patient.createKey()]);
    const { connectionToken } = await patient.negotiate(owner);
    await expect(refusal(thief, connectionToken)).resolves.toMatchObject(UNKNOWN);
    // It is still the owner's.
    const client = await patient.raw(owner, 'json', `id=${connectionToken}`);
    await expect(refusal(thief, connectionToken)).resolves.toMatchObject(UNKNOWN);
    await client.close(1000);
  });

  test('when any character of it is another', async () => {
    const key = await patient.createKey();
    const { connectionToken } = await patient.negotiate(key);
    const step = Math.ceil(connectionToken.length / 20);
    for (let at = 0; at < connectionToken.length - 1; at += step) {
      const other = connectionToken[at] === 'A' ? 'B' : 'A';
      const forged = connectionToken.slice(0, at) + other + connectionToken.slice(at + 1);
      await expect(refusal(key, forged)).resolves.toMatchObject(UNKNOWN);
    }
  });

  test('when it is the public id of a connection, or one that somebody else signed, or nobody', async () => {
    const key = await patient.createKey();
    const { connectionId, connectionToken } = await patient.negotiate(key);
    const [, claims] = connectionToken.split('.');
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`;
    for (const forged of [connectionId, unsigned, `${connectionToken}x`, 'x', 'a.b.c', '%00']) {
      await expect(refusal(key, forged)).resolves.toMatchObject(UNKNOWN);
    }
  });
});

test('a token alone opens nothing: the key is asked for as well', async () => {
  const key = await patient.createKey();
  const { connectionToken } = await patient.negotiate(key);
  const hub = patient.hub(`id=${connectionToken}`);
  await expect(RawClient.refusal(hub)).resolves.toMatchObject({ status: 401 });
  await expect(RawClient.refusal(hub, { authorization: 'Bearer wrong' })).resolves.toMatchObject({ status: 401 });
  await expect(RawClient.refusal(hub, { authorization: `Bearer ${MASTER_KEY}` })).resolves.toMatchObject({
    status: 403,
  });
});
