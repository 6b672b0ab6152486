// /api: backends that use Azure SignalR's management SDKs send, ask, and manage groups as they do with Azure.

import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  AzureBackend,
  type AzureOptions,
  outcome,
  PRIMARY_KEY,
  path,
  SECONDARY_KEY,
  signed,
} from '../harness/azureBackend.ts';
import { edge, type Key } from '../harness/edge.ts';
import { withFailing } from '../harness/failingObjects.ts';
import { KEY_HUBS } from '../harness/keyHubs.ts';
import type { ClientOptions, OfficialClient } from '../harness/officialClient.ts';

const front = edge();
const azure = new AzureBackend(() => front.url);

const LIMIT = 3;
const limited = edge({ vars: { AUTH_FAILURES_PER_MINUTE: `${LIMIT}` } });
const azureOfLimited = new AzureBackend(() => limited.url);
const closed = edge({ vars: { AZURE_ACCESS_KEY: '' } });
const withoutRegistry = withFailing('ADMINISTRATION', { missing: ['EVENTS'] });

const user = (key: Key) => path('users', key.id);
const group = (key: Key, name: string) => path('groups', `${key.id}:${name}`);
const idOf = ({ connection }: OfficialClient) => connection.connectionId ?? '';

/** A client of a key that hears of all its tasks. */
async function follower(key: Key, options: ClientOptions = {}): Promise<OfficialClient> {
  const client = await front.official(key, options);
  await client.invoke('SubscribeToTaskType', '*');
  return client;
}

async function stop(...clients: OfficialClient[]): Promise<void> {
  await Promise.all(clients.map((client) => client.stop()));
}

/** Sends, which must be accepted. */
async function send(to: string, target: string, args: unknown[], hub = 'tasks', options?: AzureOptions): Promise<void> {
  expect(await outcome(azure.send(hub, to, target, args, options))).toEqual([202, undefined]);
}

/** Shows that nothing more came: what is sent next comes next. */
async function expectNothingBut(client: OfficialClient, key: Key, taskId: string): Promise<void> {
  await front.tell(key, 'TaskStarted', { taskId, taskType: 'last' });
  expect(await client.events.next()).toEqual(['TaskStarted', taskId, 'last', {}]);
}

describe('an event of a task', () => {
  test.each([
    ['its user', (key: Key) => user(key)],
    ['its group', (key: Key) => group(key, 'task:t')],
    ['the group of all tasks', (key: Key) => group(key, 'task-type:*')],
    ['the group of the key', (key: Key) => group(key, `vkey-${key.id}`)],
    ['a connection of it', (_: Key, client: OfficialClient) => path('connections', idOf(client))],
  ])('that is sent to %s is told as if it had been posted, and is the state of the task', async (_, to) => {
    const key = await front.createKey();
    const client = await follower(key);
    await send(to(key, client), 'TaskStarted', ['t', 'video', { rows: 3 }]);
    await send(to(key, client), 'TaskProgress', ['t', 50, null]);
    await send(to(key, client), 'TaskCompleted', ['t', { url: 'x' }]);
    expect(await client.events.take(3)).toEqual([
      ['TaskStarted', 't', 'video', { rows: 3 }],
      ['TaskProgress', 't', 50, null],
      ['TaskCompleted', 't', { url: 'x' }],
    ]);
    const { items } = await front.read<{ items: object[] }>(key, '/v1/tasks');
    expect(items).toMatchObject([{ taskId: 't', state: 'completed' }]);
    await send(to(key, client), 'TaskProgress', ['t', 70]);
    await expectNothingBut(client, key, 'last');
    await stop(client);
  });

  test('reaches nobody of another key', async () => {
    const [key, other] = [await front.createKey(), await front.createKey()];
    const [client, stranger] = [await follower(key), await follower(other)];
    await send(user(key), 'TaskStarted', ['t', 'video', {}]);
    await send(path('connections', idOf(client)), 'TaskProgress', ['t', 5]);
    expect(await client.events.take(2)).toHaveLength(2);
    await expectNothingBut(stranger, other, 'last');
    expect((await front.read<{ items: object[] }>(other, '/v1/tasks')).items).toHaveLength(1);
    await stop(client, stranger);
  });

  test('can come as the bytes of both hub protocols', async () => {
    const key = await front.createKey();
    const [client, packed] = [await follower(key), await follower(key, { protocol: 'messagepack' })];
    const json = Buffer.from('{"type":1,"target":"TaskStarted","arguments":["t","x",{"a":1}]}\x1e');
    const body = Buffer.concat([
      Buffer.from([0x81, 0xa4]),
      Buffer.from('json'),
      Buffer.from([0xc4, json.length]),
      json,
    ]);
    const headers = { 'content-type': 'application/octet-stream' };
    const options = { body: new Uint8Array(body), headers };
    expect(await outcome(azure.ask('POST', 'tasks', `${user(key)}/:send`, options))).toEqual([202, undefined]);
    for (const one of [client, packed]) expect(await one.events.next()).toEqual(['TaskStarted', 't', 'x', { a: 1 }]);
    await stop(client, packed);
  });

  test('that is sent again under its request id counts once, and another with that id for itself', async () => {
    const key = await front.createKey();
    const client = await follower(key);
    const options = { headers: { 'x-ms-client-request-id': randomUUID() } };
    for (let time = 0; time < 2; time++) await send(user(key), 'TaskStarted', ['t', 'x', {}], 'tasks', options);
    await send(user(key), 'TaskStarted', ['u', 'x', {}], 'tasks', options);
    expect((await client.events.take(2)).map(([, id]) => id)).toEqual(['t', 'u']);
    await expectNothingBut(client, key, 'last');
    await stop(client);
  });

  test('of a video or an image is told on its hub, and as the task that it is as well', async () => {
    const key = await front.createKey();
    const client = await follower(key);
    const video = { requestId: 'v', provider: 'p' };
    await send(user(key), 'VideoStarted', [video], 'video-generation');
    expect(await client.events.next()).toMatchObject(['TaskStarted', 'v', 'video', {}]);
    const { events } = KEY_HUBS['video-generation'];
    const watcher = await front.officialAt('video-generation', key, events);
    await watcher.invoke('SubscribeToRequest', 'v');
    expect(await watcher.events.next()).toMatchObject(['VideoStarted', video]);
    // Azure's names of hubs have no hyphen.
    await send(user(key), 'VideoFailed', [{ requestId: 'v', error: 'no', isRetryable: false }], 'video_generation');
    expect(await watcher.events.next()).toMatchObject(['VideoFailed', { requestId: 'v', error: 'no' }]);
    await stop(client, watcher);
  });

  test('of a webhook becomes the delivery that it tells of', async () => {
    const key = await front.createKey();
    const client = await front.officialAt('webhooks', key, KEY_HUBS.webhooks.events);
    await client.invoke('SubscribeToWebhooks', ['*']);
    const delivery = { deliveryId: 'd', url: 'https://example.com/hook', eventType: 'task.completed', attempt: 1 };
    await send(user(key), 'DeliveryAttempted', [delivery], 'webhooks');
    expect(await client.events.next()).toMatchObject(['DeliveryAttempted', delivery]);
    const { items } = await front.read<{ items: object[] }>(key, '/v1/webhooks');
    expect(items).toMatchObject([{ url: 'https://example.com/hook', pendingDeliveries: 1 }]);
    await stop(client);
  });
});

describe('an event of the system', () => {
  test('for everybody is sent to all', async () => {
    const [key, other] = [await front.createKey(), await front.createKey()];
    const { events } = KEY_HUBS.notifications;
    const clients = [
      await front.officialAt('notifications', key, events),
      await front.officialAt('notifications', other, events),
    ];
    const title = randomUUID();
    await send('', 'SystemAnnouncement', [title, 'soon', 'High'], 'notifications');
    for (const client of clients) {
      const isIt = ([, one]: unknown[]) => one === title;
      expect(await client.events.find(title, isIt)).toEqual(['SystemAnnouncement', title, 'soon', 'High']);
    }
    await stop(...clients);
  });

  test('of one key is sent to its user, by the alias of the hub too', async () => {
    const key = await front.createKey();
    const client = await front.officialAt('notifications', key, KEY_HUBS.notifications.events);
    const warning = ['/v1/chat', 3, '2026-01-31T12:01:00.000Z'];
    await send(user(key), 'RateLimitWarning', warning, 'system-notifications');
    expect(await client.events.find('the warning', ([name]) => name === 'RateLimitWarning')).toEqual([
      'RateLimitWarning',
      ...warning,
    ]);
    await stop(client);
  });

  test('for operators is sent to all of their hub', async () => {
    const operator = await front.officialMaster('admin-notifications', ['SystemAlert']);
    const alert = { severity: 'High', title: randomUUID(), message: 'half of all look-ups miss', source: 'core' };
    await send('', 'SystemAlert', [alert], 'admin-notifications');
    expect(
      await operator.events.find('the alert', ([, one]) => (one as typeof alert).title === alert.title),
    ).toMatchObject(['SystemAlert', alert]);
    await stop(operator);
  });
});

describe('what is refused says what is wrong', () => {
  const announcement = ['t', 'm', 'High'];

  test.each<[what: string, hub: string, to: string, target: string, args: unknown[], named: string, text: RegExp]>([
    ['an event of another hub', 'tasks', '/users/1', 'VideoStarted', [{}], 'target', /no event of TaskHub, which has/],
    ['a name in another case', 'tasks', '/users/1', 'taskstarted', [], 'target', /no event of TaskHub/],
    ['money', 'spend', '/users/1', 'SpendUpdate', [{}], 'target', /post SpendRecorded to \/v1\/events/],
    ['what only Conduit tells', 'notifications', '/users/1', 'PreferencesUpdated', [{}], 'target', /told by Conduit/],
    ['a wrong argument', 'tasks', '/users/1', 'TaskProgress', ['t', 101], 'arguments[1]', /100/],
    ['a missing argument', 'tasks', '/users/1', 'TaskStarted', ['t'], 'arguments[1]', /missing/],
    ['too many arguments', 'tasks', '/users/1', 'TaskTimedOut', ['t', 1], 'arguments', /too many/],
    [
      'an unknown member',
      'image-generation',
      '/users/1',
      'ImageStarted',
      [{ taskId: 't', x: 1 }],
      'arguments[0].x',
      /unk/,
    ],
    ['a task sent to all', 'tasks', '', 'TaskTimedOut', ['t'], 'target', /send it to a user, a group or a connection/],
    ['an announcement to one', 'notifications', '/users/1', 'SystemAnnouncement', announcement, 'target', /to all/],
    ['a group without a key', 'tasks', '/groups/task:t', 'TaskTimedOut', ['t'], 'group', /no group of TaskHub/],
    ['a group that is none', 'tasks', '/groups/1:team', 'TaskTimedOut', ['t'], 'group', /task:\{taskId\}/],
    ['another task’s group', 'tasks', '/groups/1:task:u', 'TaskTimedOut', ['t'], 'target', /not told in the group/],
    ['another key’s group', 'tasks', '/groups/1:vkey-2', 'TaskTimedOut', ['t'], 'group', /no group/],
  ])('%s', async (_, hub, to, target, args, named, text) => {
    const answer = await azure.send(hub, to, target, args);
    expect(answer.headers.get('x-ms-error-code')).toBe('Error.Request.Invalid');
    expect(answer.headers.get('content-type')).toBe('application/json');
    const [status, error] = await outcome(answer);
    expect([status, error?.code, error?.target]).toEqual([400, 'Error.Request.Invalid', named]);
    expect(error?.message).toMatch(text);
  });

  test('an event that is not for some, a question, a stream', async () => {
    const key = await front.createKey();
    const client = await follower(key);
    const excluded = { query: { excluded: idOf(client) } };
    const ofGroup = azure.send('tasks', group(key, 'task-type:*'), 'TaskTimedOut', ['t'], excluded);
    expect(await outcome(ofGroup)).toMatchObject([400, { target: 'excluded' }]);
    const body = JSON.stringify({ target: 'Sum', arguments: [] });
    const json = { 'content-type': 'application/json' };
    const connection = path('connections', idOf(client));
    const asked = azure.ask('POST', 'tasks', `${connection}/:invoke`, { body, headers: json });
    expect(await outcome(asked)).toMatchObject([400, { target: 'hub' }]);
    const streamed = azure.ask('POST', 'tasks', `${connection}/streams/1/:send`, { body });
    expect(await outcome(streamed)).toMatchObject([501, { code: 'Error.Request.NotSupported' }]);
    await stop(client);
  });

  test('an event of a key that is not there, a hub that is not there', async () => {
    const unknown = azure.send('tasks', '/users/nobody', 'TaskTimedOut', ['t']);
    expect(await outcome(unknown)).toMatchObject([404, { code: 'Warning.User.NotExisted' }]);
    const nowhere = azure.send('nothing', '/users/1', 'TaskTimedOut', ['t']);
    expect(await outcome(nowhere)).toMatchObject([404, { code: 'Error.Hub.NotExisted' }]);
    const lost = azure.send('tasks', '/connections/nope', 'TaskTimedOut', ['t']);
    expect(await outcome(lost)).toMatchObject([404, { code: 'Error.Connection.NotExisted' }]);
  });

  test('connections of operators, which this door does not reach', async () => {
    const operator = await front.officialMaster('admin-notifications');
    for (const [method, rest] of [
      ['DELETE', path('connections', idOf(operator))],
      ['POST', '/:closeConnections'],
      ['PUT', `${path('groups', 'admin-vkey-1')}${path('connections', idOf(operator))}`],
    ] as const) {
      expect(await outcome(azure.ask(method, 'admin-notifications', rest))).toMatchObject([400, { target: 'hub' }]);
    }
    await stop(operator);
  });
});

describe('who is there', () => {
  test('is answered for a user, a group and a connection', async () => {
    const key = await front.createKey();
    const exists = async (rest: string) => {
      const answer = await azure.ask('HEAD', 'tasks', rest);
      return [answer.status, answer.headers.get('x-ms-error-code')];
    };
    expect(await exists(user(key))).toEqual([404, 'Warning.User.NotExisted']);
    expect(await exists(group(key, 'task-type:*'))).toEqual([404, 'Warning.Group.NotExisted']);
    const client = await follower(key);
    const connection = path('connections', idOf(client));
    for (const rest of [user(key), group(key, 'task-type:*'), connection])
      expect(await exists(rest)).toEqual([200, null]);
    // It is of another hub.
    expect((await azure.ask('HEAD', 'spend', connection)).status).toBe(404);
    await client.stop();
    expect(await exists(path('connections', `${'0'.repeat(32)}-${Buffer.from(key.id).toString('base64url')}`))).toEqual(
      [404, 'Warning.Connection.NotExisted'],
    );
  });

  test('finds a connection that skipped negotiation', async () => {
    const key = await front.createKey();
    const client = await follower(key, { skipNegotiation: true });
    const { connectionId } = await client.invoke<{ connectionId: string }>('GetResumeToken');
    expect((await azure.ask('HEAD', 'tasks', path('connections', connectionId))).status).toBe(200);
    await stop(client);
  });

  test('is listed for a group, page by page', async () => {
    const key = await front.createKey();
    const clients = [await follower(key), await follower(key), await follower(key)];
    const rest = `${group(key, 'task-type:*')}/connections`;
    const first = await azure.ask('GET', 'tasks', rest, { query: { maxPageSize: '2' } });
    const page = (await first.json()) as { value: { connectionId: string; userId: string }[]; nextLink: string };
    const token = new URL(page.nextLink).searchParams.get('continuationToken') ?? '';
    const second = await azure.ask('GET', 'tasks', rest, { query: { maxPageSize: '2', continuationToken: token } });
    const last = (await second.json()) as typeof page;
    expect(last.nextLink).toBeUndefined();
    const listed = [...page.value, ...last.value];
    expect(listed.map(({ connectionId }) => connectionId)).toEqual(clients.map(idOf).sort());
    expect(new Set(listed.map(({ userId }) => userId))).toEqual(new Set([key.id]));
    await stop(...clients);
  });
});

describe('a backend', () => {
  test('has a connection follow a task, which is audited, and be resumed with it', async () => {
    const key = await front.createKey();
    await front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'x' });
    const client = await front.official(key);
    const { resumeToken } = await client.invoke<{ resumeToken: string }>('GetResumeToken');
    const rest = `${group(key, 'task:t')}${path('connections', idOf(client))}`;
    expect((await azure.ask('PUT', 'tasks', rest)).status).toBe(200);
    await front.tell(key, 'TaskProgress', { taskId: 't', percentComplete: 5 });
    expect(await client.events.next()).toEqual(['TaskProgress', 't', 5, null]);
    const again = await front.official(key);
    const { restoredGroups } = await again.invoke<{ restoredGroups: string[] }>('Resume', resumeToken);
    expect(restoredGroups).toContain('task:t');
    const audit = await front.admin('GET', `/v1/admin/keys/${key.id}/audit`);
    const { items } = (await audit.json()) as { items: object[] };
    expect(items).toContainEqual(
      expect.objectContaining({
        actor: 'backend',
        action: 'subscription.added',
        subject: expect.stringMatching(/^task:t /),
      }),
    );
    await stop(client, again);
  });

  test('has a user follow a task with every connection, those to come too, until it leaves', async () => {
    const key = await front.createKey();
    await front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'x' });
    const rest = `${user(key)}${group(key, 'task:t')}`;
    expect((await azure.ask('PUT', 'tasks', rest)).status).toBe(200);
    const client = await front.official(key);
    await front.tell(key, 'TaskProgress', { taskId: 't', percentComplete: 5 });
    expect(await client.events.next()).toEqual(['TaskProgress', 't', 5, null]);
    await front.sleep(key);
    const second = await front.official(key);
    await front.tell(key, 'TaskProgress', { taskId: 't', percentComplete: 6 });
    for (const one of [client, second]) expect(await one.events.next()).toEqual(['TaskProgress', 't', 6, null]);
    expect((await azure.ask('GET', 'tasks', rest)).status).toBe(200);
    expect((await azure.ask('DELETE', 'tasks', `${user(key)}/groups`)).status).toBe(204);
    expect((await azure.ask('HEAD', 'tasks', rest)).status).toBe(404);
    await front.tell(key, 'TaskProgress', { taskId: 't', percentComplete: 7 });
    await client.invoke('SubscribeToTaskType', '*');
    await expectNothingBut(client, key, 'last');
    await stop(client, second);
  });

  test('takes nobody out of the group that all connections of a key are in', async () => {
    const key = await front.createKey();
    const client = await follower(key);
    expect((await azure.ask('DELETE', 'tasks', `${path('connections', idOf(client))}/groups`)).status).toBe(200);
    expect((await azure.ask('HEAD', 'tasks', group(key, 'task-type:*'))).status).toBe(404);
    const ofKey = group(key, `vkey-${key.id}`);
    expect((await azure.ask('DELETE', 'tasks', `${ofKey}${path('connections', idOf(client))}`)).status).toBe(200);
    expect((await azure.ask('HEAD', 'tasks', ofKey)).status).toBe(200);
    await stop(client);
  });

  test('gives a client token no group that the token does not allow', async () => {
    const key = await front.createKey();
    const token = await front.clientToken(key, { taskIds: ['a'] });
    const client = await front.official(key, { accessTokenFactory: () => token });
    const join = (task: string) =>
      outcome(azure.ask('PUT', 'tasks', `${group(key, `task:${task}`)}${path('connections', idOf(client))}`));
    expect(await join('a')).toEqual([200, undefined]);
    expect(await join('b')).toMatchObject([400, { message: 'The connection may not be in that group' }]);
    expect((await azure.ask('PUT', 'tasks', `${user(key)}${group(key, 'task:b')}`)).status).toBe(200);
    expect((await azure.ask('HEAD', 'tasks', group(key, 'task:b'))).status).toBe(404);
    await stop(client);
  });

  test('adds nobody to a group of another key', async () => {
    const [key, other] = [await front.createKey(), await front.createKey()];
    const client = await front.official(other);
    for (const rest of [
      `${group(key, 'task:t')}${path('connections', idOf(client))}`,
      `${user(other)}${group(key, 'task:t')}`,
    ]) {
      expect(await outcome(azure.ask('PUT', 'tasks', rest))).toMatchObject([400, { target: 'group' }]);
    }
    await stop(client);
  });

  test.each([
    ['a connection', 'DELETE', (_: Key, client: OfficialClient) => path('connections', idOf(client)), 200],
    ['a user', 'POST', (key: Key) => `${user(key)}/:closeConnections`, 204],
    ['a group', 'POST', (key: Key) => `${group(key, 'task-type:*')}/:closeConnections`, 204],
    ['a hub', 'POST', () => '/:closeConnections', 204],
  ])('closes the connections of %s, with a reason, and the audit trail says so', async (what, method, to, status) => {
    const [key, other] = [await front.createKey(), await front.createKey()];
    const [client, stranger] = [await follower(key), await follower(other)];
    const elsewhere = await front.officialAt('spend', key, []);
    // Of a closed hub nobody else is to be disturbed: those of the other key are excluded.
    const query = { reason: 'see you', excluded: [idOf(stranger)] };
    expect((await azure.ask(method, 'tasks', to(key, client), { query })).status).toBe(status);
    expect(String(await client.end())).toContain('see you');
    await expectNothingBut(stranger, other, 'last');
    expect((await azure.ask('HEAD', 'spend', user(key))).status).toBe(200);
    const { items } = (await (await front.admin('GET', '/v1/admin/audit')).json()) as { items: object[] };
    const subject = { 'a connection': 'TaskHub connection', 'a user': `TaskHub user ${key.id}` }[what] ?? 'TaskHub';
    expect(items[0]).toMatchObject({
      actor: 'backend',
      action: 'connections.closed',
      subject: expect.stringContaining(subject),
    });
    await stop(stranger, elsewhere);
  });

  test('gets a client token of a key for one hub', async () => {
    const key = await front.createKey();
    const query = { userId: key.id, minutesToExpire: '5' };
    const answer = await azure.ask('POST', 'tasks', '/:generateToken', { query });
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
    const { token } = (await answer.json()) as { token: string };
    const client = await front.official(key, { accessTokenFactory: () => token });
    await client.invoke('SubscribeToTaskType', '*');
    const refused = front.officialAt('spend', key, [], { accessTokenFactory: () => token });
    await expect(refused).rejects.toThrow(/403/);
    for (const [wrong, target] of [
      [{}, 'userId'],
      [{ userId: 'nobody' }, 'userId'],
      [{ ...query, minutesToExpire: '61' }, 'minutesToExpire'],
    ] as const) {
      const refusal = azure.ask('POST', 'tasks', '/:generateToken', { query: wrong });
      expect(await outcome(refusal)).toMatchObject([400, { target }]);
    }
    const ofOperators = azure.ask('POST', 'metrics', '/:generateToken', { query });
    expect(await outcome(ofOperators)).toMatchObject([400, { target: 'hub' }]);
    await stop(client);
  });

  test('is told to come again where an object does not answer', async () => {
    const unanswered = new AzureBackend(() => withoutRegistry.url);
    const answer = await unanswered.send('notifications', '', 'ServiceRestored', ['images']);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
  });
});

describe('the door', () => {
  const ask = (options: AzureOptions) => azure.send('tasks', '/users/nobody', 'TaskTimedOut', ['t'], options);

  test('opens with either key', async () => {
    expect((await ask({ accessKey: SECONDARY_KEY })).status).toBe(404);
  });

  test.each<[string, AzureOptions]>([
    ['no token', { token: '' }],
    ['another key', { accessKey: 'another-key-that-nobody-has-set-here' }],
    ['a token for something else', { claims: { aud: 'http://127.0.0.1/api/hubs/tasks/:send' } }],
    ['a token that has expired', { claims: { exp: Math.floor(Date.now() / 1000) - 1 } }],
    ['a token without an end', { claims: { exp: undefined } }],
    ['the master key', { token: 'condt_master_known-to-all' }],
  ])('stays shut with %s', async (_, options) => {
    const answer = await ask(options);
    expect(answer.headers.get('x-ms-error-code')).toBe('Error.Request.Unauthorized');
    expect(answer.headers.get('x-request-id')).toBeTruthy();
    expect(await outcome(answer)).toMatchObject([401, { code: 'Error.Request.Unauthorized' }]);
  });

  test('answers health to anybody, and 404 to everything where there is no key', async () => {
    const health = (url: string) => fetch(`${url}/api/health?api-version=2024-12-01`, { method: 'HEAD' });
    expect((await health(front.url)).status).toBe(200);
    expect((await health(closed.url)).status).toBe(404);
    const refused = new AzureBackend(() => closed.url).send('tasks', '/users/1', 'TaskTimedOut', ['t']);
    expect(await outcome(refused)).toMatchObject([404, { message: expect.stringContaining('AZURE_ACCESS_KEY') }]);
  });

  test('counts failed tokens as failed authentications of their address', async () => {
    const from = (address: string, options: AzureOptions = {}) =>
      azureOfLimited.send('tasks', '/users/nobody', 'TaskTimedOut', ['t'], {
        ...options,
        headers: { 'cf-connecting-ip': address },
      });
    const wrong = { accessKey: 'another-key-that-nobody-has-set-here' };
    for (let failure = 0; failure < LIMIT; failure++) expect((await from('192.0.2.1', wrong)).status).toBe(401);
    const refused = await from('192.0.2.1', wrong);
    expect([refused.status, refused.headers.get('x-ms-error-code')]).toEqual([429, 'Error.Request.TooMany']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await from('192.0.2.1')).status).toBe(404);
    for (let time = 0; time <= LIMIT; time++) expect((await from('192.0.2.2', { token: '' })).status).toBe(401);
  });

  test('lets pages that may ask read errors', async () => {
    const asked = { origin: 'https://app.example.com', 'access-control-request-method': 'PUT' };
    const preflight = await fetch(`${front.url}/api/hubs/tasks/:send`, { method: 'OPTIONS', headers: asked });
    expect(preflight.headers.get('access-control-allow-methods')).toContain('PUT');
    const answer = await ask({ headers: { origin: 'https://app.example.com' } });
    expect(answer.headers.get('access-control-expose-headers')).toContain('x-ms-error-code');
  });

  test('is of the size that Azure allows', async () => {
    expect((await ask({ body: 'x'.repeat(1_100_000) })).status).toBe(413);
  });

  test('takes the routes of version 1', async () => {
    const key = await front.createKey();
    const client = await follower(key);
    const url = `${front.url}/api/v1/hubs/tasks/users/${key.id}`;
    const token = signed({ aud: url, exp: Math.floor(Date.now() / 1000) + 60 }, PRIMARY_KEY);
    const body = JSON.stringify({ target: 'TaskStarted', arguments: ['t', 'x', {}] });
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(202);
    expect(await client.events.next()).toEqual(['TaskStarted', 't', 'x', {}]);
    await stop(client);
  });
});
