// The log helps to find a fault, and nobody who reads it to a key.

import { describe, expect, test } from 'vitest';
import { cloudEvent } from '../harness/cloudEvents.ts';
import { eventually } from '../harness/deadline.ts';
import { edge, MASTER_KEY, TASK_HUB } from '../harness/edge.ts';
import { RawClient } from '../harness/rawClient.ts';

const front = edge();

/** What the Worker wrote, a parsed line each. */
function lines(): Record<string, unknown>[] {
  return front.instance.log.map(({ message }) => JSON.parse(message));
}

/** Waits for the line of a request. */
async function lineOf(requestId: string): Promise<Record<string, unknown>> {
  const find = async () => lines().find((line) => line.requestId === requestId);
  return (await eventually('the line', find, (line) => line !== undefined)) as Record<string, unknown>;
}

describe('a request that is refused', () => {
  test('has a line with its id, route and status, and without its query', async () => {
    const response = await fetch(`${front.url}${TASK_HUB}/negotiate?access_token=condt_wrong`, { method: 'POST' });
    const line = await lineOf(response.headers.get('x-request-id') ?? '');
    expect(line).toMatchObject({
      level: 'warn',
      message: expect.any(String),
      method: 'POST',
      path: `${TASK_HUB}/negotiate`,
      status: 401,
      durationMs: expect.any(Number),
    });
    expect(JSON.stringify(line)).not.toContain('condt_wrong');
  });
});

test('no line names a secret, whatever went wrong, and every line is JSON', async () => {
  const key = await front.createKey();
  const { connectionToken } = await front.negotiate(key);
  const secrets = [MASTER_KEY, key.key, connectionToken, 'condt_guess', 'a-token-signing-key', 'payload-of-a-client'];
  const withKey = `access_token=${key.key}`;

  const client = await front.raw(key, 'json', `${withKey}&id=${connectionToken}`);
  await client.invoke('SubscribeToTask', key.key).catch(() => undefined);
  await client.invoke(key.key).catch(() => undefined);
  await RawClient.refusal(front.hub(`${withKey}&id=${connectionToken}`));
  await RawClient.refusal(front.hub(`${withKey}&id=${connectionToken}x`));
  await RawClient.refusal(front.hub('api_key=condt_guess'));
  await RawClient.refusal(front.hub(`access_token=${MASTER_KEY}`));
  client.send('payload-of-a-client\x1e');
  await client.end();
  await fetch(`${front.url}${TASK_HUB}?id=${connectionToken}`, { headers: { authorization: `Bearer ${key.key}` } });
  await fetch(`${front.url}${TASK_HUB}/negotiate?access_token=${MASTER_KEY}`, { method: 'POST' });
  await fetch(`${front.url}/v1/events?access_token=${key.key}`, { method: 'POST' });
  await fetch(`${front.url}/v1/admin/keys`, { headers: { 'x-master-key': 'condt_guess' } });
  await fetch(`${front.url}/v1/admin/keys`, { headers: { authorization: `Bearer ${key.key}` } });
  await front.admin('POST', '/v1/admin/keys', { name: 'x', key: key.key });
  await front.publish([cloudEvent(key.id, 'TaskStarted', { taskId: 't', secret: 'payload-of-a-client' })]);
  const last = await front.admin('GET', `/v1/admin/keys/nobody`);
  await lineOf(last.headers.get('x-request-id') ?? '');

  const all = lines();
  expect(all.length).toBeGreaterThan(8);
  for (const line of all) {
    expect(line).toMatchObject({ level: expect.stringMatching(/^(info|warn|error)$/), message: expect.any(String) });
    for (const secret of secrets) expect(JSON.stringify(line)).not.toContain(secret);
  }
});

test('a connection that is closed for what it sent has a line that names the connection and the fault', async () => {
  const key = await front.createKey();
  const client = await front.raw(key);
  client.send('nonsense\x1e');
  await client.end();
  expect(lines()).toContainEqual(
    expect.objectContaining({ level: 'warn', connection: expect.any(String), error: expect.any(String) }),
  );
});
