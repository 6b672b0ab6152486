// How a client learns where and how to connect, and that it need not ask.

import { HttpTransportType } from '@microsoft/signalr';
import { describe, expect, test } from 'vitest';
import { edge, type Key, type Negotiated, TASK_HUB } from '../harness/edge.ts';
import { PROTOCOLS } from '../harness/protocol.ts';
import { RawClient } from '../harness/rawClient.ts';

const front = edge();

const TRANSPORTS = [
  { transport: 'WebSockets', transferFormats: ['Text', 'Binary'] },
  { transport: 'ServerSentEvents', transferFormats: ['Text'] },
  { transport: 'LongPolling', transferFormats: ['Text', 'Binary'] },
];

function negotiate(key: Key, query: string, path = TASK_HUB): Promise<Response> {
  const headers = { authorization: `Bearer ${key.key}` };
  return fetch(`${front.url}${path}/negotiate?${query}`, { method: 'POST', headers });
}

describe('negotiate', () => {
  test('at version 1 gives an id, a secret token that needs no escaping, and the transports', async () => {
    const response = await negotiate(await front.createKey(), 'negotiateVersion=1');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    const answer = (await response.json()) as Negotiated;
    expect(answer).toEqual({
      negotiateVersion: 1,
      connectionId: expect.stringMatching(/^[\w-]{8,}$/),
      connectionToken: expect.stringMatching(/^[\w.~-]{20,400}$/),
      availableTransports: TRANSPORTS,
    });
    expect(answer.connectionToken).not.toContain(answer.connectionId);
  });

  test('at a version that nobody has yet gives version 1', async () => {
    const response = await negotiate(await front.createKey(), 'negotiateVersion=99');
    await expect(response.json()).resolves.toMatchObject({ negotiateVersion: 1, connectionToken: expect.any(String) });
  });

  test.each(['', 'negotiateVersion=0'])(
    'with the query "%s" gives one id, with which the client connects',
    async (query) => {
      const key = await front.createKey();
      const response = await negotiate(key, query);
      const answer = (await response.json()) as Negotiated;
      expect(answer).toEqual({
        negotiateVersion: 0,
        connectionId: expect.any(String),
        availableTransports: TRANSPORTS,
      });
      const client = await front.raw(key, 'json', `id=${answer.connectionId}`);
      await client.close(1000);
    },
  );

  test.each([
    ['one', 'The client requested a non-integer protocol version.'],
    ['1.5', 'The client requested a non-integer protocol version.'],
    ['-1', "The client requested version '-1', but the server does not support this version."],
  ])('at version %s gives an error in a body with status 200', async (version, error) => {
    const response = await negotiate(await front.createKey(), `negotiateVersion=${version}`);
    expect(response.status).toBe(200);
    await expect(response.json()).resolves.toEqual({ error });
  });

  test('never grants what it was not asked for', async () => {
    const answer = await front.negotiate(await front.createKey());
    expect(Object.values(answer)).not.toContain(null);
    expect(answer).not.toHaveProperty('useStatefulReconnect');
    expect(answer).not.toHaveProperty('ProtocolVersion');
  });

  test('is a POST', async () => {
    const key = await front.createKey();
    const headers = { authorization: `Bearer ${key.key}` };
    const response = await fetch(`${front.url}${TASK_HUB}/negotiate?negotiateVersion=1`, { headers });
    expect([response.status, await response.text()]).toEqual([405, '']);
  });

  test('is found under the alias of a hub, in any case', async () => {
    const key = await front.createKey();
    for (const path of ['/hubs/task-notifications', '/hubs/Tasks']) {
      expect((await negotiate(key, 'negotiateVersion=1', path)).status).toBe(200);
    }
  });

  test('of a hub that there is not is answered with 404', async () => {
    const key = await front.createKey();
    for (const path of ['/hubs/nothing', '/hubs', '/hubs/tasks/more']) {
      expect((await negotiate(key, 'negotiateVersion=1', path)).status).toBe(404);
    }
  });
});

describe.each(PROTOCOLS)('an official client that speaks %s', (protocol) => {
  test.each([false, true])('connects (skipNegotiation: %s) and invokes', async (skipNegotiation) => {
    const key = await front.createKey();
    await front.tell(key, 'TaskRegistered', { taskId: 't', taskType: 'test' });
    const transport = skipNegotiation ? { transport: HttpTransportType.WebSockets } : {};
    const client = await front.official(key, { protocol, skipNegotiation, ...transport });
    expect(client.connection.connectionId === null).toBe(skipNegotiation);
    await client.invoke('SubscribeToTask', 't');
    await client.stop();
  });

  test('connects under the alias of the hub', async () => {
    const key = await front.createKey();
    const client = await RawClient.connect(`${front.url}/hubs/task-notifications?access_token=${key.key}`, protocol);
    await expect(client.invoke('SubscribeToTask', 'unknown')).rejects.toThrow('Task not found');
    await client.close(1000);
  });
});

describe('the address of a hub without an upgrade', () => {
  test.each([
    ['GET', '', 400, 'Connection ID required'],
    ['POST', '', 400, 'Connection ID required'],
    ['DELETE', '', 400, 'Connection ID required'],
    ['GET', '?id=nobody', 404, 'No Connection with that ID'],
    ['POST', '?id=nobody', 404, 'No Connection with that ID'],
    ['PUT', '', 405, ''],
  ])('answers %s %s with %i %s', async (method, query, status, text) => {
    const key = await front.createKey();
    const headers = { authorization: `Bearer ${key.key}` };
    const response = await fetch(front.hub() + query, { method, headers });
    expect([response.status, await response.text()]).toEqual([status, text]);
    if (text !== '') expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
  });

  test('takes records of a connection that will poll', async () => {
    const key = await front.createKey();
    const headers = { authorization: `Bearer ${key.key}` };
    const { connectionToken } = await front.negotiate(key);
    const body = '{"protocol":"json","version":1}\u001e';
    const sent = await fetch(front.hub(`id=${connectionToken}`), { method: 'POST', headers, body });
    expect([sent.status, await sent.text()]).toEqual([200, '']);
    const poll = await fetch(front.hub(`id=${connectionToken}`), { headers });
    expect([poll.status, await poll.text()]).toEqual([200, '{}\u001e']);
  });
});
