// Authentication on a connection that is open: renewed, refused, run out.

import { describe, expect, test } from 'vitest';
import { within } from '../harness/deadline.ts';
import { edge, type Negotiated, TASK_HUB } from '../harness/edge.ts';
import { RawClient } from '../harness/rawClient.ts';

const front = edge();

async function negotiate(secret: string, version = 1): Promise<Negotiated & { tokenLifetimeSeconds?: number }> {
  const headers = { authorization: `Bearer ${secret}` };
  const url = `${front.url}${TASK_HUB}/negotiate?negotiateVersion=${version}`;
  const response = await fetch(url, { method: 'POST', headers });
  expect(response.status).toBe(200);
  return (await response.json()) as Negotiated;
}

/** A connection by WebSocket whose handshake is done, and its token. */
async function connect(secret: string): Promise<{ client: RawClient; id: string }> {
  const { connectionToken: id } = await negotiate(secret);
  const headers = { authorization: `Bearer ${secret}` };
  return { client: await RawClient.connect(front.hub(`id=${id}`), 'json', headers), id };
}

async function refresh(id: string | undefined, secret?: string, method = 'POST'): Promise<[number, unknown]> {
  const query = id === undefined ? '' : `?id=${id}`;
  const headers: Record<string, string> = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
  const response = await fetch(`${front.url}${TASK_HUB}/refresh${query}`, { method, headers });
  const text = await response.text();
  return [response.status, text === '' ? '' : JSON.parse(text)];
}

describe('negotiation', () => {
  test('tells how long a client token lasts, and nothing of a key', async () => {
    const key = await front.createKey();
    const { tokenLifetimeSeconds } = await negotiate(await front.clientToken(key, { ttlSeconds: 100 }));
    expect(tokenLifetimeSeconds).toBeGreaterThan(90);
    expect(tokenLifetimeSeconds).toBeLessThanOrEqual(101);
    expect(await negotiate(key.key)).not.toHaveProperty('tokenLifetimeSeconds');
  });
});

describe('a refresh', () => {
  test('answers how long the new token lasts, and the connection goes on', async () => {
    const key = await front.createKey();
    const { client, id } = await connect(await front.clientToken(key, { ttlSeconds: 5 }));
    const [status, body] = await refresh(id, await front.clientToken(key, { ttlSeconds: 1_000 }));
    expect([status, body]).toEqual([200, { tokenLifetimeSeconds: expect.any(Number) }]);
    expect((body as { tokenLifetimeSeconds: number }).tokenLifetimeSeconds).toBeGreaterThan(900);
    await expect(client.invoke('UnsubscribeFromTask', 't')).resolves.toBe(null);
    await client.close(1000);
  });

  test('with the key itself lasts as long as the key', async () => {
    const key = await front.createKey();
    const { client, id } = await connect(await front.clientToken(key));
    await expect(refresh(id, key.key)).resolves.toEqual([200, {}]);
    await client.close(1000);
  });

  test('may give a connection more, and never less', async () => {
    const key = await front.createKey();
    await front.tell(key, 'TaskRegistered', { taskId: 'a', taskType: 'test' });
    await front.tell(key, 'TaskRegistered', { taskId: 'b', taskType: 'test' });
    const { client, id } = await connect(await front.clientToken(key, { taskIds: ['a'] }));
    await expect(client.invoke('SubscribeToTask', 'b')).rejects.toThrow('Task not found');
    const less = await front.clientToken(key, { taskIds: ['b'] });
    await expect(refresh(id, less)).resolves.toEqual([403, { error: 'permission_change_rejected' }]);
    const more = await front.clientToken(key, { taskIds: ['a', 'b'] });
    await expect(refresh(id, more)).resolves.toEqual([200, { tokenLifetimeSeconds: expect.any(Number) }]);
    await expect(client.invoke('SubscribeToTask', 'b')).resolves.toBe(null);
    await client.close(1000);
  });

  test('is refused by the codes of .NET 11', async () => {
    const key = await front.createKey();
    const other = await front.createKey();
    const { client, id } = await connect(key.key);
    await expect(refresh(id, key.key, 'GET')).resolves.toEqual([405, '']);
    await expect(refresh(undefined, key.key)).resolves.toEqual([400, { error: 'missing_connection_token' }]);
    await expect(refresh('nobody', key.key)).resolves.toEqual([404, { error: 'connection_not_found' }]);
    await expect(refresh(id)).resolves.toEqual([401, { error: 'invalid_token' }]);
    await expect(refresh(id, 'condt_nobody')).resolves.toEqual([401, { error: 'invalid_token' }]);
    // A connection of another key is not there.
    await expect(refresh(id, other.key)).resolves.toEqual([404, { error: 'connection_not_found' }]);
    const { connectionId: old } = await negotiate(key.key, 0);
    const ancient = await RawClient.connect(front.hub(`id=${old}`), 'json', { authorization: `Bearer ${key.key}` });
    await expect(refresh(old, key.key)).resolves.toEqual([400, { error: 'unsupported_negotiate_version' }]);
    await Promise.all([client.close(1000), ancient.close(1000)]);
    await expect(refresh(id, key.key)).resolves.toEqual([404, { error: 'connection_not_found' }]);
  });
});

describe('a long-polling connection', () => {
  /** Its requests, each with a secret of its own. */
  async function poller(secret: string) {
    const { connectionToken } = await negotiate(secret);
    const url = front.hub(`id=${connectionToken}`);
    const request = async (method: string, by: string, body?: string): Promise<[number, string]> => {
      const response = await fetch(url, { method, headers: { authorization: `Bearer ${by}` }, ...(body && { body }) });
      return [response.status, await response.text()];
    };
    await expect(request('GET', secret)).resolves.toEqual([200, '']);
    await expect(request('POST', secret, '{"protocol":"json","version":1}\x1e')).resolves.toEqual([200, '']);
    await expect(request('GET', secret)).resolves.toEqual([200, '{}\x1e']);
    return request;
  }

  test('is asked for its identity with every request', async () => {
    const key = await front.createKey();
    const token = await front.clientToken(key, { ttlSeconds: 1 });
    const request = await poller(token);
    const expired = new Promise((resolve) => setTimeout(resolve, 2_100));
    await expired;
    for (const method of ['GET', 'POST', 'DELETE']) {
      await expect(request(method, token)).resolves.toEqual([401, '']);
    }
    // A fresh token of the same key may go on.
    const fresh = await front.clientToken(key);
    const invocation = '{"type":1,"invocationId":"1","target":"UnsubscribeFromTask","arguments":["t"]}\x1e';
    await expect(request('POST', fresh, invocation)).resolves.toEqual([200, '']);
    const completion = '{"type":3,"invocationId":"1","result":null}\x1e';
    await expect(request('GET', fresh)).resolves.toEqual([200, completion]);
    await expect(request('DELETE', fresh)).resolves.toEqual([202, '']);
  });

  test('is nobody else’s', async () => {
    const [key, other] = await Promise.all([front.createKey(), front.createKey()]);
    const request = await poller(key.key);
    for (const method of ['GET', 'POST', 'DELETE']) {
      await expect(request(method, other.key)).resolves.toEqual([404, 'No Connection with that ID']);
    }
    await expect(request('DELETE', key.key)).resolves.toEqual([202, '']);
  });

  test('ends with its key', async () => {
    const key = await front.createKey();
    const request = await poller(key.key);
    const held = request('GET', key.key);
    await front.patchKey(key, { enabled: false });
    await expect(within(held, 'the end of the poll')).resolves.toEqual([200, '{"type":7}\x1e']);
    await expect(request('POST', key.key, '{"type":6}\x1e')).resolves.toMatchObject([401, '']);
  });
});
