// A client token opens what its key opens, or less, for a while: what a backend gives to a browser.

import { setTimeout as pass } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { eventually } from '../harness/deadline.ts';
import { edge, type Key, MASTER_KEY, type Negotiated, TASK_HUB } from '../harness/edge.ts';
import { PROTOCOLS } from '../harness/protocol.ts';
import { RawClient } from '../harness/rawClient.ts';

const front = edge();

const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

interface Token {
  token: string;
  expiresAt: string;
}

function ask(secret: string, body: unknown = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return fetch(`${front.url}/v1/tokens`, { method: 'POST', headers, body: text });
}

/** A token of a key, as a key that is the token: so it goes wherever a key goes. */
async function tokenOf(key: Key, body: object = {}): Promise<Key> {
  return { id: key.id, key: await front.clientToken(key, body) };
}

async function expectProblem(response: Response, status: number, expected: object): Promise<void> {
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  await expect(response.json()).resolves.toMatchObject({ status, ...expected });
}

const refusal = (method: string, message: string) =>
  new Error(`An unexpected error occurred invoking '${method}' on the server. HubException: ${message}`);

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}

describe('a token', () => {
  test('is made for an hour unless the key’s holder says otherwise, and nobody in between keeps it', async () => {
    const { key } = await front.createKey();
    for (const [body, seconds] of [
      [{}, 3_600],
      [{ ttlSeconds: 60 }, 60],
    ] as const) {
      const before = Date.now();
      const response = await ask(key, body);
      expect(response.status).toBe(200);
      expect(response.headers.get('cache-control')).toBe('no-store');
      const answer = (await response.json()) as Token;
      expect(answer).toEqual({ token: expect.stringMatching(TOKEN), expiresAt: expect.stringMatching(TIME) });
      const life = Date.parse(answer.expiresAt) - before;
      expect(life).toBeGreaterThanOrEqual(seconds * 1_000);
      // On a whole second, and after some milliseconds of asking.
      expect(life).toBeLessThan((seconds + 5) * 1_000);
      expect(claimsOf(answer.token).exp).toBe(Date.parse(answer.expiresAt) / 1_000);
    }
  });

  test.each([
    ['access_token', (secret: string) => [`access_token=${secret}`, {}]],
    ['api_key', (secret: string) => [`api_key=${secret}`, {}]],
    ['Authorization: Bearer', (secret: string) => ['', { authorization: `Bearer ${secret}` }]],
    ['X-API-Key', (secret: string) => ['', { 'x-api-key': secret }]],
  ] as [string, (secret: string) => [string, Record<string, string>]][])(
    'negotiates and connects in %s',
    async (_, show) => {
      const [query, headers] = show((await tokenOf(await front.createKey())).key);
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
    },
  );

  test('without restrictions follows all of its key’s tasks, and no other key’s', async () => {
    const [key, other] = [await front.createKey(), await front.createKey()];
    await front.tell(other, 'TaskRegistered', { taskId: 'theirs', taskType: 'test' });
    const client = await front.official(await tokenOf(key));
    await client.invoke('SubscribeToTaskType', '*');
    await expect(client.invoke('SubscribeToTask', 'theirs')).rejects.toThrow(
      refusal('SubscribeToTask', 'Task not found'),
    );
    await front.tell(other, 'TaskStarted', { taskId: 'theirs', taskType: 'test' });
    await front.tell(key, 'TaskStarted', { taskId: 'ours', taskType: 'test' });
    await expect(client.events.next()).resolves.toEqual(['TaskStarted', 'ours', 'test', {}]);
    await client.stop();
  });

  test('that has expired is nobody’s, and a connection token does not help it', async () => {
    const token = await tokenOf(await front.createKey(), { ttlSeconds: 1 });
    const { connectionToken } = await front.negotiate(token);
    // A token's life is the subject: nothing announces its end.
    await pass(2_100);
    for (const query of ['', `id=${connectionToken}`]) {
      await expect(
        RawClient.refusal(front.hub(query), { authorization: `Bearer ${token.key}` }),
      ).resolves.toMatchObject({ status: 401, headers: { 'www-authenticate': expect.stringMatching(/^Bearer/) } });
    }
  });

  test('that somebody else signed, or changed, is nobody’s', async () => {
    const { key: token } = await tokenOf(await front.createKey(), { taskIds: ['a'] });
    const [header, , signature] = token.split('.');
    const wider = Buffer.from(JSON.stringify({ ...claimsOf(token), acc: {} })).toString('base64url');
    const unsigned = Buffer.from('{"alg":"none"}').toString('base64url');
    for (const forged of [`${header}.${wider}.${signature}`, `${unsigned}.${wider}.`, `${token}x`, `${token}.`]) {
      const { status } = await RawClient.refusal(front.hub(`access_token=${forged}`));
      expect(status).toBe(401);
    }
  });

  test('is no connection token, and a connection token is none', async () => {
    const key = await front.createKey();
    const token = await tokenOf(key);
    const { connectionToken } = await front.negotiate(key);
    await expect(
      RawClient.refusal(front.hub(`id=${token.key}`), { authorization: `Bearer ${key.key}` }),
    ).resolves.toMatchObject({ status: 404 });
    await expect(RawClient.refusal(front.hub(`access_token=${connectionToken}`))).resolves.toMatchObject({
      status: 401,
    });
  });

  test('opens no route of the operator, and makes no other token', async () => {
    const { key: token } = await tokenOf(await front.createKey());
    const { token: ofMaster } = (await (await ask(MASTER_KEY)).json()) as Token;
    for (const secret of [token, ofMaster]) {
      for (const [method, path] of [
        ['GET', '/v1/admin/keys'],
        ['POST', '/v1/events'],
        ['POST', '/v1/tokens'],
      ] as const) {
        const response = await fetch(front.url + path, { method, headers: { authorization: `Bearer ${secret}` } });
        await expectProblem(response, 403, { type: 'urn:conduit:problem:forbidden' });
      }
      const asMaster = await fetch(`${front.url}/v1/admin/keys`, { headers: { 'x-master-key': secret } });
      expect(asMaster.status).toBe(401);
    }
  });

  test('of a key that is disabled or deleted later opens nothing, and its connection is closed', async () => {
    for (const withdraw of [
      (key: Key) => front.patchKey(key, { enabled: false }),
      async (key: Key) => void (await front.admin('DELETE', `/v1/admin/keys/${key.id}`)),
    ]) {
      const key = await front.createKey();
      const token = await tokenOf(key);
      const client = await front.raw(token);
      await withdraw(key);
      await client.end();
      const refused = await RawClient.refusal(front.hub(), { authorization: `Bearer ${token.key}` });
      expect(refused.status).toBe(401);
    }
  });

  test('reaches no line of the log', async () => {
    const { key: token } = await tokenOf(await front.createKey());
    await RawClient.refusal(front.hub(`access_token=${token}x`));
    await fetch(`${front.url}/v1/admin/keys`, { headers: { authorization: `Bearer ${token}` } });
    const last = await fetch(`${front.url}/v1/tokens?access_token=${token}`, { method: 'POST' });
    const lines = async () => front.instance.log.map(({ message }) => message);
    const requestId = last.headers.get('x-request-id') ?? '';
    const isThere = (all: string[]) => all.some((line) => line.includes(requestId));
    const all = await eventually('the line of the last request', lines, isThere);
    for (const line of all) expect(line).not.toContain(token.slice(0, 60));
  });
});

describe.each(PROTOCOLS)('with restrictions, in %s', (protocol) => {
  test('a task is followed that the token names, or whose type it names', async () => {
    const key = await front.createKey();
    for (const [taskId, taskType] of [
      ['named', 'other'],
      ['of-type', 'video'],
      ['neither', 'image'],
    ]) {
      await front.tell(key, 'TaskStarted', { taskId, taskType });
    }
    const token = await tokenOf(key, { taskIds: ['named', 'not there yet'], taskTypes: ['video'] });
    const client = await front.official(token, { protocol });
    await client.invoke('SubscribeToTask', 'named');
    await client.invoke('SubscribeToTask', 'of-type');
    for (const hidden of ['neither', 'unknown', 'not there yet']) {
      await expect(client.invoke('SubscribeToTask', hidden)).rejects.toThrow(
        refusal('SubscribeToTask', 'Task not found'),
      );
    }
    await front.tell(key, 'TaskProgress', { taskId: 'neither', percentComplete: 1 });
    await front.tell(key, 'TaskProgress', { taskId: 'of-type', percentComplete: 2 });
    await client.events.find('the progress', ([name]) => name === 'TaskProgress');
    expect(client.events.all).toEqual([
      ['TaskStarted', 'named', 'other', {}],
      ['TaskStarted', 'of-type', 'video', {}],
      ['TaskProgress', 'of-type', 2, null],
    ]);
    await client.stop();
  });

  test('a type is followed that the token names, and never all types', async () => {
    const key = await front.createKey();
    const client = await front.official(await tokenOf(key, { taskTypes: ['video'], taskIds: ['a'] }), { protocol });
    for (const type of ['*', 'image', 'Video']) {
      await expect(client.invoke('SubscribeToTaskType', type)).rejects.toThrow(
        refusal('SubscribeToTaskType', 'Unauthorized access to task type'),
      );
    }
    await expect(client.invoke('SubscribeToTaskType', ' ')).rejects.toThrow(
      refusal('SubscribeToTaskType', 'Invalid task type'),
    );
    await client.invoke('SubscribeToTaskType', 'video');
    await client.invoke('UnsubscribeFromTaskType', '*');
    await front.tell(key, 'TaskStarted', { taskId: 'i', taskType: 'image' });
    await front.tell(key, 'TaskStarted', { taskId: 'v', taskType: 'video' });
    await expect(client.events.next()).resolves.toEqual(['TaskStarted', 'v', 'video', {}]);
    await client.stop();
  });

  test('they are remembered while the key’s object sleeps', async () => {
    const key = await front.createKey();
    await front.tell(key, 'TaskStarted', { taskId: 'ä🦀', taskType: 'image' });
    await front.tell(key, 'TaskStarted', { taskId: 'other', taskType: 'image' });
    const client = await front.official(await tokenOf(key, { taskIds: ['ä🦀'] }), { protocol });
    await front.sleep(key);
    await expect(client.invoke('SubscribeToTask', 'other')).rejects.toThrow('Task not found');
    await expect(client.invoke('SubscribeToTaskType', '*')).rejects.toThrow('Unauthorized access to task type');
    await client.invoke('SubscribeToTask', 'ä🦀');
    await expect(client.events.next()).resolves.toEqual(['TaskStarted', 'ä🦀', 'image', {}]);
    await client.stop();
  });
});

describe('restrictions', () => {
  test('hold where negotiation is skipped, and for a connection that the key itself negotiated', async () => {
    const key = await front.createKey();
    const token = await tokenOf(key, { taskIds: [] });
    const { connectionToken } = await front.negotiate(key);
    for (const query of ['', `id=${connectionToken}`]) {
      const client = await front.raw(token, 'json', query);
      await expect(client.invoke('SubscribeToTaskType', '*')).rejects.toThrow('Unauthorized access to task type');
      await client.close(1000);
    }
  });

  test.each([['TaskHub'], ['tasks'], ['task-notifications']])('to the hub %s open it', async (hub) => {
    const client = await front.raw(await tokenOf(await front.createKey(), { hubs: [hub] }));
    await client.invoke('SubscribeToTaskType', '*');
    await client.close(1000);
  });

  test('may be long', async () => {
    const taskIds = Array.from({ length: 100 }, (_, index) => `task-${index}-of-many`);
    const key = await front.createKey();
    await front.tell(key, 'TaskRegistered', { taskId: 'task-99-of-many', taskType: 'test' });
    const client = await front.raw(await tokenOf(key, { taskIds }));
    await client.invoke('SubscribeToTask', 'task-99-of-many');
    await client.close(1000);
  });

  test('too long for a URL are refused with 413', async () => {
    const taskIds = Array.from({ length: 100 }, (_, index) => `${index}`.padEnd(200, 'x'));
    const response = await ask((await front.createKey()).key, { taskIds });
    await expectProblem(response, 413, {
      type: 'urn:conduit:problem:content-too-large',
      detail: expect.stringMatching(/4096/),
    });
  });
});

describe('the master key', () => {
  test('makes tokens of a virtual key that it names', async () => {
    const key = await front.createKey();
    const response = await ask(MASTER_KEY, { virtualKeyId: key.id, taskTypes: ['video'], hubs: ['tasks'] });
    expect(response.status).toBe(200);
    const { token } = (await response.json()) as Token;
    const client = await front.raw({ id: key.id, key: token });
    await client.invoke('SubscribeToTaskType', 'video');
    await expect(client.invoke('SubscribeToTaskType', '*')).rejects.toThrow('Unauthorized access to task type');
    await client.close(1000);
  });

  test('makes tokens that open no hub of a virtual key', async () => {
    const response = await ask(MASTER_KEY);
    expect(response.status).toBe(200);
    const { token } = (await response.json()) as Token;
    const refused = await RawClient.refusal(front.hub(`access_token=${token}`));
    expect(refused).toMatchObject({ status: 403, body: '' });
  });

  test.each([
    [{ hubs: ['tasks'] }, 'hubs[0]', /virtual key/],
    [{ taskIds: ['a'] }, 'taskIds', /virtual key/],
    [{ taskTypes: ['a'] }, 'taskTypes', /virtual key/],
    [{ virtualKeyId: 'nobody' }, 'virtualKeyId', /no such/],
    [{ virtualKeyId: '' }, 'virtualKeyId', /blank/],
  ])('makes none of %j', async (body, field, detail) => {
    const type = 'urn:conduit:problem:invalid-field';
    await expectProblem(await ask(MASTER_KEY, body), 400, { type, field, detail: expect.stringMatching(detail) });
  });

  test('makes none of a disabled key', async () => {
    const key = await front.createKey({ enabled: false });
    await expectProblem(await ask(MASTER_KEY, { virtualKeyId: key.id }), 400, {
      field: 'virtualKeyId',
      detail: expect.stringMatching(/disabled/),
    });
  });
});

describe('a virtual key', () => {
  test('names no other, nor itself', async () => {
    const [key, other] = [await front.createKey(), await front.createKey()];
    for (const virtualKeyId of [other.id, key.id]) {
      await expectProblem(await ask(key.key, { virtualKeyId }), 403, { type: 'urn:conduit:problem:forbidden' });
    }
  });

  test('that is disabled or deleted makes no token', async () => {
    const disabled = await front.createKey({ enabled: false });
    const deleted = await front.createKey();
    await front.admin('DELETE', `/v1/admin/keys/${deleted.id}`);
    for (const { key } of [disabled, deleted]) {
      await expectProblem(await ask(key), 401, { type: 'urn:conduit:problem:unauthorized' });
    }
  });

  test('that has as many connections as it may makes tokens all the same', async () => {
    const key = await front.createKey({ limits: { connections: 1 } });
    const client = await front.raw(key);
    expect((await ask(key.key)).status).toBe(200);
    await client.close(1000);
  });

  test.each([
    [{ colour: 1 }, 'colour', /unknown/],
    [{ hubs: ['nothing'] }, 'hubs[0]', /no such hub/],
    [{ hubs: 'tasks' }, 'hubs', /./],
    [{ hubs: [] }, 'hubs', /must name a hub/],
    [{ hubs: null }, 'hubs', /./],
    [{ taskIds: [1.5] }, 'taskIds[0]', /./],
    [{ taskIds: ['a', ' '] }, 'taskIds[1]', /blank/],
    [{ taskIds: Array(101).fill('a') }, 'taskIds', /100/],
    [{ taskTypes: ['*'] }, 'taskTypes[0]', /\*/],
    [{ ttlSeconds: 0 }, 'ttlSeconds', /1 to 3600/],
    [{ ttlSeconds: 3_601 }, 'ttlSeconds', /1 to 3600/],
    [{ ttlSeconds: '60' }, 'ttlSeconds', /./],
  ])('makes no token of %j and learns which field is wrong', async (body, field, detail) => {
    const { key } = await front.createKey();
    const type = 'urn:conduit:problem:invalid-field';
    await expectProblem(await ask(key, body), 400, { type, field, detail: expect.stringMatching(detail) });
  });

  test.each(['', '{', '[]', 'null'])('makes no token of the body %s', async (body) => {
    const { key } = await front.createKey();
    await expectProblem(await ask(key, body), 400, { type: 'urn:conduit:problem:malformed-body' });
  });
});

test('without a key, with a wrong one or with one in the query there is no token', async () => {
  const { key } = await front.createKey();
  for (const [query, headers] of [
    ['', {}],
    ['', { authorization: 'Bearer wrong' }],
    [`?access_token=${key}`, {}],
  ] as [string, Record<string, string>][]) {
    const response = await fetch(`${front.url}/v1/tokens${query}`, { method: 'POST', headers, body: '{}' });
    await expectProblem(response, 401, { type: 'urn:conduit:problem:unauthorized' });
  }
});

test('the route takes POST', async () => {
  const response = await front.admin('GET', '/v1/tokens');
  expect(response.headers.get('allow')).toBe('POST');
  await expectProblem(response, 405, { type: 'urn:conduit:problem:method-not-allowed' });
});
