// What operators hear: of keys, of providers, of what a backend thinks they should know.

import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { eventually } from '../harness/deadline.ts';
import { edge, type Key, MASTER_KEY } from '../harness/edge.ts';
import { localProvider } from '../harness/localProvider.ts';
import type { Event, OfficialClient } from '../harness/officialClient.ts';
import { PROTOCOLS } from '../harness/protocol.ts';
import { RawClient } from '../harness/rawClient.ts';

const front = edge({ vars: { ALLOW_PRIVATE_TARGETS: 'true' } });
const local = localProvider();

const ROUTE = 'admin-notifications';

const EVENTS = [
  'InitialProviderHealth',
  'ProviderHealthStatus',
  'ProviderHealthRefreshed',
  'VirtualKeyCreated',
  'VirtualKeyUpdated',
  'VirtualKeyDeleted',
  'ConnectionCountChanged',
  'RealtimeSessionChanged',
  'SystemAlert',
  'ConfigurationChanged',
  'Error',
  'SubscribedToVirtualKey',
  'UnsubscribedFromVirtualKey',
  'SubscribedToProvider',
  'UnsubscribedFromProvider',
  'BudgetAlert',
  'HighSpendAlert',
] as const;

const CONDUIT_EVENTS = [...EVENTS, 'VirtualKeyUpdate', 'ProviderHealthUpdate', 'SystemAnnouncement'] as const;

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** What every event that is one object has among its own. */
const META = { timestamp: expect.stringMatching(TIME), eventId: expect.stringMatching(/^[0-9A-HJKMNP-TV-Z]{26}$/) };

/** An operator, who has read the greeting. */
async function operator(protocol: 'json' | 'messagepack' = 'json'): Promise<OfficialClient> {
  const client = await front.officialMaster(ROUTE, EVENTS, { protocol });
  await client.events.find('the greeting', named('InitialProviderHealth'));
  return client;
}

/** An operator who follows a key. */
async function follower(key: Key): Promise<OfficialClient> {
  const client = await operator();
  await client.invoke('SubscribeToVirtualKey', key.id);
  await client.events.find('the subscription', named('SubscribedToVirtualKey'));
  return client;
}

const named =
  (name: string) =>
  ([event]: Event) =>
    event === name;

/** Whether an event is of a key, whichever it is. */
const of =
  (key: Key) =>
  ([, first]: Event) =>
    (first as { virtualKeyId?: string } | undefined)?.virtualKeyId === key.id;

const stop = (...clients: OfficialClient[]) => Promise.all(clients.map((client) => client.stop()));

async function refresh(client: OfficialClient): Promise<unknown[]> {
  await client.invoke('RefreshProviderHealth');
  const [, records] = await client.events.find('the answer', named('ProviderHealthRefreshed'));
  return records as unknown[];
}

function masterToken(body: object): Promise<Response> {
  const headers = { authorization: `Bearer ${MASTER_KEY}`, 'content-type': 'application/json' };
  return fetch(`${front.url}/v1/tokens`, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function tokenOfMaster(body: object): Promise<string> {
  const response = await masterToken(body);
  expect(response.status).toBe(200);
  return ((await response.json()) as { token: string }).token;
}

async function putProvider(name: string, healthUrl: string): Promise<void> {
  const response = await front.admin('PUT', `/v1/admin/providers/${name}`, { healthUrl });
  expect(response.status).toBe(201);
}

const deleteProvider = (name: string) => front.admin('DELETE', `/v1/admin/providers/${name}`);

describe('the hub is opened', () => {
  test.each([
    ['Authorization: Bearer', '', { authorization: `Bearer ${MASTER_KEY}` }],
    ['X-Master-Key', '', { 'x-master-key': MASTER_KEY }],
    ['X-API-Key', '', { 'x-api-key': MASTER_KEY }],
    ['access_token', `access_token=${MASTER_KEY}`, {}],
    ['api_key', `api_key=${MASTER_KEY}`, {}],
  ] as [string, string, Record<string, string>][])('by the master key in %s', async (_, query, headers) => {
    const negotiate = `${front.url}/hubs/${ROUTE}/negotiate?negotiateVersion=1&${query}`;
    const response = await fetch(negotiate, { method: 'POST', headers });
    expect(response.status).toBe(200);
    const { connectionToken } = (await response.json()) as { connectionToken: string };
    for (const id of ['', `&id=${connectionToken}`]) {
      const client = await RawClient.connect(`${front.url}/hubs/${ROUTE}?${query}${id}`, 'json', headers);
      await expect(client.event('InitialProviderHealth')).resolves.toEqual([expect.any(Array)]);
      await client.close(1000);
    }
  });

  test.each([{}, { hubs: ['AdminNotificationHub'] }, { hubs: ['metrics', ROUTE] }])(
    'by a client token of the master key of %j',
    async (body) => {
      const key = { id: '', key: await tokenOfMaster(body) };
      const client = await front.officialAt(ROUTE, key, EVENTS);
      await expect(client.events.next()).resolves.toEqual(['InitialProviderHealth', expect.any(Array)]);
      await client.stop();
    },
  );

  test('by nobody else: 403 where the key is somebody’s, 401 where it is nobody’s', async () => {
    const key = await front.createKey();
    const other = await tokenOfMaster({ hubs: ['MetricsHub'] });
    for (const [secret, status] of [
      [key.key, 403],
      [await front.clientToken(key), 403],
      [other, 403],
      ['condt_nobody', 401],
      [undefined, 401],
    ] as const) {
      const headers: Record<string, string> = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
      const negotiate = await fetch(`${front.url}/hubs/${ROUTE}/negotiate`, { method: 'POST', headers });
      const upgrade = await RawClient.refusal(`${front.url}/hubs/${ROUTE}`, headers);
      expect([negotiate.status, upgrade.status]).toEqual([status, status]);
    }
  });

  test('neither by a token of a virtual key that names it: there is none', async () => {
    const key = await front.createKey();
    const headers = { authorization: `Bearer ${key.key}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ hubs: ['AdminNotificationHub'] });
    const response = await fetch(`${front.url}/v1/tokens`, { method: 'POST', headers, body });
    expect(response.status).toBe(400);
    await expect(response.json()).resolves.toMatchObject({ field: expect.stringMatching(/^hubs/) });
  });
});

describe('of a key', () => {
  test.each(PROTOCOLS)('its making, changes and end are told once on every connection (%s)', async (protocol) => {
    const client = await operator(protocol);
    const key = await front.createKey({ name: 'first' });
    const both = await follower(key);
    await front.patchKey(key, { name: 'second', enabled: false, limits: { connections: 3 } });
    await front.patchKey(key, { name: 'second', enabled: true });
    await front.admin('DELETE', `/v1/admin/keys/${key.id}`);
    const [other] = [await front.createKey({ name: 'the end' })];

    const about = { virtualKeyId: key.id, ...META };
    const changes = [
      ['VirtualKeyUpdated', { ...about, name: 'second', changedProperties: ['name', 'enabled', 'limits.connections'] }],
      ['VirtualKeyUpdated', { ...about, name: 'second', changedProperties: ['enabled'] }],
      ['VirtualKeyDeleted', { ...about, name: 'second' }],
    ];
    for (const one of [client, both]) await one.events.find('the end', of(other));
    expect(client.events.all.filter(of(key))).toEqual([['VirtualKeyCreated', { ...about, name: 'first' }], ...changes]);
    const heard = both.events.all.filter(of(key)).filter(([name]) => name !== 'ConnectionCountChanged');
    expect(heard).toEqual(changes);
    const ids = client.events.all.filter(of(key)).map(([, event]) => (event as { eventId: string }).eventId);
    expect(ids).toEqual([...new Set(ids)].sort());
    await stop(client, both);
  });

  test('an import and another secret are told as well, and no secret is', async () => {
    const client = await operator();
    const id = `imported-${randomUUID()}`;
    await front.admin('POST', '/v1/admin/keys', { name: 'imported', id, keySha256: 'ab'.repeat(32) });
    await client.events.find(
      'the import',
      ([name, event]) => name === 'VirtualKeyCreated' && of({ id, key: '' })([name, event]),
    );
    const key = await front.createKey({ name: 'rotated' });
    const rotated = await front.admin('POST', `/v1/admin/keys/${key.id}/rotate`, {});
    const secret = ((await rotated.json()) as Key).key;
    const [, updated] = await client.events.find(
      'the change',
      ([name, event]) => name === 'VirtualKeyUpdated' && of(key)([name, event]),
    );
    expect(updated).toMatchObject({ name: 'rotated', changedProperties: ['key'] });
    expect(JSON.stringify(client.events.all)).not.toMatch(/condt_|abababab/);
    expect(secret).toMatch(/^condt_/);
    await client.stop();
  });

  test('that there is not, an event says so, and the invocation completes', async () => {
    const client = await operator();
    const deleted = await front.createKey();
    await front.admin('DELETE', `/v1/admin/keys/${deleted.id}`);
    for (const id of ['nobody', deleted.id, 7]) {
      await expect(client.invoke('SubscribeToVirtualKey', id)).resolves.toBe(null);
      const [, error] = await client.events.find('the error', named('Error'));
      expect(error).toEqual({ message: `Virtual key ${id} not found`, ...META });
    }
    expect(client.events.all.some(named('SubscribedToVirtualKey'))).toBe(false);
    await client.stop();
  });

  test('its connections are counted for those who follow it, until they follow it no more', async () => {
    const key = await front.createKey();
    const [following, other] = [await follower(key), await operator()];
    const count = async (connections: number) => {
      const isIt = ([name, event]: Event) =>
        name === 'ConnectionCountChanged' && (event as { connections: number }).connections === connections;
      const [, event] = await following.events.find(`${connections} connections`, isIt);
      expect(event).toEqual({ virtualKeyId: key.id, connections, ...META });
    };
    const first = await front.raw(key);
    await count(1);
    const second = await front.officialAt('notifications', key, []);
    await count(2);
    await first.close(1000);
    await count(1);
    await front.sleep(key);
    await second.stop();
    await count(0);

    await following.invoke('UnsubscribeFromVirtualKey', key.id);
    await expect(following.events.next()).resolves.toEqual(['UnsubscribedFromVirtualKey', key.id]);
    const last = await front.raw(key);
    await front.patchKey(key, { name: 'the end' });
    for (const client of [following, other]) {
      const [name, event] = await client.events.find('what comes next of the key', of(key));
      expect([name, event]).toEqual(['VirtualKeyUpdated', expect.objectContaining({ name: 'the end' })]);
    }
    await last.close(1000);
    await stop(following, other);
  });

  test('both subscription events carry its id, and a number is one', async () => {
    const id = `${Date.now()}`;
    await front.admin('POST', '/v1/admin/keys', { name: 'numbered', id, keySha256: id.padStart(64, '0') });
    const client = await operator();
    await client.invoke('SubscribeToVirtualKey', Number(id));
    await expect(client.events.find('it', named('SubscribedToVirtualKey'))).resolves.toEqual([
      'SubscribedToVirtualKey',
      id,
    ]);
    await client.invoke('UnsubscribeFromVirtualKey', Number(id));
    await expect(client.events.find('it', named('UnsubscribedFromVirtualKey'))).resolves.toEqual([
      'UnsubscribedFromVirtualKey',
      id,
    ]);
    await client.stop();
  });

  test('whoever was away is told by Resume what it missed, and follows it again', async () => {
    const key = await front.createKey({ name: 'followed' });
    const before = await follower(key);
    const { resumeToken } = await before.invoke<{ resumeToken: string }>('GetResumeToken');
    await before.stop();
    await front.patchKey(key, { enabled: false });
    await front.patchKey(key, { enabled: true });
    // Its object tells of its connections, and learns that nobody listens.
    const first = await front.raw(key);

    const after = await operator();
    const resumed = await after.invoke('Resume', resumeToken);
    expect(resumed).toMatchObject({ recovered: true, restoredGroups: ['admin', `admin-vkey-${key.id}`] });
    const missed = after.events.all.filter(of(key)).filter(named('VirtualKeyUpdated'));
    expect(missed.map(([, event]) => event)).toMatchObject([
      { changedProperties: ['enabled'] },
      { changedProperties: ['enabled'] },
    ]);
    const second = await front.raw(key);
    const [, event] = await after.events.find('the count', ([name, event]) => {
      return name === 'ConnectionCountChanged' && (event as { connections: number }).connections === 2;
    });
    expect(event).toMatchObject({ virtualKeyId: key.id });
    await Promise.all([first.close(1000), second.close(1000), after.stop()]);
  });

  test('its followers hear of it after a sleep of the object that serves them', async () => {
    const key = await front.createKey();
    const [following, other] = [await follower(key), await operator()];
    await front.instance.sleep('Administration', 'administration');
    const client = await front.raw(key);
    await following.events.find('the count', named('ConnectionCountChanged'));
    await front.patchKey(key, { name: 'awake' });
    for (const one of [following, other]) {
      const [, event] = await one.events.find('the change', named('VirtualKeyUpdated'));
      expect(event).toMatchObject({ virtualKeyId: key.id, name: 'awake' });
    }
    expect(other.events.all.some(named('ConnectionCountChanged'))).toBe(false);
    await client.close(1000);
    await stop(following, other);
  });
});

describe('of a provider', () => {
  const record = (provider: string, status: string, others: object = {}) => ({
    provider,
    status,
    isHealthy: status === 'Healthy',
    checkedAt: expect.stringMatching(TIME),
    ...others,
  });
  const answered = { responseTimeMs: expect.any(Number) };

  test('every check is told to those who follow it, a change to all operators and all clients, each once', async () => {
    const provider = `checked-${randomUUID()}`;
    const ofIt = ([name, first]: Event) =>
      name === 'ProviderHealthChanged'
        ? first === provider
        : (first as { provider?: string } | undefined)?.provider === provider;
    const client = await front.officialAt('notifications', await front.createKey(), ['ProviderHealthChanged']);
    const other = await operator();
    local.status = 200;
    await putProvider(provider, local.url());
    // One that is new is asked at once.
    await other.events.find('its first check', ofIt);
    const following = await operator();
    await following.invoke('SubscribeToProvider', provider);
    await expect(following.events.take(2)).resolves.toEqual([
      ['ProviderHealthStatus', { ...record(provider, 'Healthy', answered), ...META }],
      ['SubscribedToProvider', provider],
    ]);

    const refused = { message: 'answered with 500', ...answered };
    for (const [status, expected] of [
      [200, record(provider, 'Healthy', answered)],
      [500, record(provider, 'Degraded', refused)],
      [500, record(provider, 'Degraded', refused)],
      [undefined, record(provider, 'Unhealthy', { message: 'could not be reached' })],
      [undefined, record(provider, 'Unhealthy', { message: 'could not be reached' })],
      [302, record(provider, 'Healthy', answered)],
    ] as const) {
      local.status = status;
      await expect(refresh(following)).resolves.toEqual([expected]);
    }
    expect(local.asked.get('/elsewhere')).toBe(undefined);
    await following.invoke('UnsubscribeFromProvider', provider);
    await expect(following.events.next()).resolves.toEqual(['UnsubscribedFromProvider', provider]);
    await refresh(following);
    await front.announce('ProviderHealthChanged', { provider: 'the end', status: 'Healthy' });

    const isEnd = ([name, first]: Event) =>
      first === 'the end' ||
      (name === 'ProviderHealthStatus' && (first as { provider: string }).provider === 'the end');
    for (const one of [client, following, other]) await one.events.find('the end', isEnd);
    const statuses = (one: OfficialClient) =>
      one.events.all
        .filter(ofIt)
        .filter(named('ProviderHealthStatus'))
        .map(([, event]) => (event as { status: string }).status);
    expect(statuses(other)).toEqual(['Healthy', 'Degraded', 'Unhealthy', 'Healthy']);
    // The first is what was known when it subscribed, then the six checks.
    expect(statuses(following)).toEqual([
      'Healthy',
      'Healthy',
      'Degraded',
      'Degraded',
      'Unhealthy',
      'Unhealthy',
      'Healthy',
    ]);
    expect(client.events.all.filter(ofIt)).toEqual([
      ['ProviderHealthChanged', provider, 'Healthy', null],
      ['ProviderHealthChanged', provider, 'Degraded', 'answered with 500'],
      ['ProviderHealthChanged', provider, 'Unhealthy', 'could not be reached'],
      ['ProviderHealthChanged', provider, 'Healthy', null],
    ]);
    await deleteProvider(provider);
    await stop(client, following, other);
  });

  test('whoever connects hears how all are', async () => {
    const provider = `known-${randomUUID()}`;
    await front.announce('ProviderHealthChanged', { provider, status: 'Degraded', message: 'every third fails' });
    const client = await front.officialMaster(ROUTE, EVENTS);
    const [name, records] = await client.events.next();
    expect(name).toBe('InitialProviderHealth');
    expect(records).toContainEqual(record(provider, 'Degraded', { message: 'every third fails' }));
    await client.stop();
  });

  test('a backend’s word is told to operators if it is news, and to followers in any case', async () => {
    const provider = `reported-${randomUUID()}`;
    const ofIt = ([name, event]: Event) =>
      name === 'ProviderHealthStatus' && (event as { provider: string }).provider === provider;
    const [following, other] = [await operator(), await operator()];
    await following.invoke('SubscribeToProvider', provider);
    await expect(following.events.next()).resolves.toEqual(['SubscribedToProvider', provider]);
    for (const status of ['Unhealthy', 'Unhealthy', 'Healthy']) {
      await front.announce('ProviderHealthChanged', { provider, status });
    }
    const seen = async (client: OfficialClient) => {
      await client.events.find('the last', (event) => ofIt(event) && (event[1] as { isHealthy: boolean }).isHealthy);
      return client.events.all.filter(ofIt).map(([, event]) => event);
    };
    const told = (status: string) => ({ ...record(provider, status), ...META });
    await expect(seen(other)).resolves.toEqual([told('Unhealthy'), told('Healthy')]);
    await expect(seen(following)).resolves.toEqual([told('Unhealthy'), told('Unhealthy'), told('Healthy')]);
    await stop(following, other);
  });

  test('whose name can be none, an event says so', async () => {
    const client = await operator();
    for (const method of ['SubscribeToProvider', 'UnsubscribeFromProvider']) {
      for (const name of ['', ' ', 'x'.repeat(201)]) {
        await expect(client.invoke(method, name)).resolves.toBe(null);
        await expect(client.events.next()).resolves.toEqual(['Error', { message: expect.any(String), ...META }]);
      }
    }
    await client.stop();
  });

  test('that was deleted is asked no more, and nobody hears of it', async () => {
    const provider = `gone-${randomUUID()}`;
    const path = `/${provider}`;
    const client = await operator();
    local.status = 200;
    await putProvider(provider, local.url(path));
    await eventually(
      'its first check',
      async () => local.asked.get(path),
      (asked) => asked === 1,
    );
    await client.events.find('its first check', named('ProviderHealthStatus'));
    expect((await deleteProvider(provider)).status).toBe(204);
    expect(JSON.stringify(await refresh(client))).not.toContain(provider);
    expect(local.asked.get(path)).toBe(1);
    await client.stop();
  });
});

describe('a backend tells operators', () => {
  test('of an alert and of a changed setting, once, and no client of a key', async () => {
    const clients = [await operator(), await operator('messagepack')];
    const key = await front.createKey();
    const others = await Promise.all(
      ['notifications', 'tasks'].map((route) => front.officialAt(route, key, [...EVENTS, 'SystemAnnouncement'])),
    );
    const alert = { severity: 'High', title: 'Cache', message: 'Half of all look-ups miss.', source: 'core-api-2' };
    const id = randomUUID();
    for (let count = 0; count < 2; count++) {
      const told = await front.announce('SystemAlert', alert, { id, correlationid: 'c-1' });
      expect(told).toEqual({ id, status: count === 0 ? 'delivered' : 'duplicate' });
    }
    await front.announce('ConfigurationChanged', { setting: 'cache.size', changedBy: 'somebody' });
    await front.announce('ConfigurationChanged', { setting: 'cache.age' });
    for (const client of clients) {
      const heard = async () => {
        const [name, event] = await client.events.find('one of them', ([name]) => !name.startsWith('VirtualKey'));
        return [name, event];
      };
      expect(await heard()).toEqual(['SystemAlert', { ...alert, correlationId: 'c-1', ...META }]);
      expect(await heard()).toEqual([
        'ConfigurationChanged',
        { setting: 'cache.size', changedBy: 'somebody', ...META },
      ]);
      expect(await heard()).toEqual(['ConfigurationChanged', { setting: 'cache.age', ...META }]);
    }
    await front.announce('SystemAnnouncement', { title: 'the end', message: 'M', severity: 'Low' });
    const [system, tasks] = others as [OfficialClient, OfficialClient];
    await expect(system.events.next()).resolves.toEqual(['SystemAnnouncement', 'the end', 'M', 'Low']);
    await tasks.invoke('GetResumeToken');
    expect(tasks.events.all).toEqual([]);
    await stop(...clients, ...others);
  });

  test.each([
    ['SystemAlert', { severity: 'Huge', title: 'T', message: 'M', source: 'S' }, 'data.severity'],
    ['SystemAlert', { severity: 'Low', title: 'T', message: 'M' }, 'data.source'],
    ['ConfigurationChanged', {}, 'data.setting'],
    ['ConfigurationChanged', { setting: 's', value: 'secret' }, 'data.value'],
  ])('nothing by %s of %j: %s is wrong', async (type, data, field) => {
    await expect(front.announce(type, data)).rejects.toThrow(`"field":"${field}"`);
  });

  test('what has changed in the providers is a setting, too', async () => {
    const client = await operator();
    const name = `setting-${randomUUID()}`;
    await front.admin('PUT', `/v1/admin/providers/${name}`, {});
    await front.admin('DELETE', `/v1/admin/providers/${name}`);
    for (let count = 0; count < 2; count++) {
      const [, event] = await client.events.find('the change', named('ConfigurationChanged'));
      expect(event).toEqual({ setting: expect.stringContaining(name), changedBy: expect.any(String), ...META });
    }
    await client.stop();
  });
});

test('with ?dialect=conduit the same goes by the original’s names, and by no other', async () => {
  const provider = `conduit-${randomUUID()}`;
  await front.announce('ProviderHealthChanged', { provider, status: 'Unhealthy', message: 'dead' });
  const client = await front.officialMaster(ROUTE, CONDUIT_EVENTS, { query: 'dialect=conduit' });
  const [greeting, records] = await client.events.next();
  expect(greeting).toBe('InitialProviderHealth');
  expect(records).toContainEqual({
    id: null,
    providerId: provider,
    status: 1,
    isOnline: false,
    statusMessage: 'dead',
    timestampUtc: expect.stringMatching(TIME),
    responseTimeMs: null,
    errorCategory: null,
    errorDetails: null,
    endpointUrl: null,
  });
  const key = await front.createKey({ name: 'first' });
  await front.patchKey(key, { name: 'second' });
  await front.admin('DELETE', `/v1/admin/keys/${key.id}`);
  await front.announce('ProviderHealthChanged', { provider, status: 'Healthy' });
  await front.announce('SystemAlert', { severity: 'Critical', title: 'T', message: 'M', source: 'S' });
  const update = (updateType: string, name: string, priority: number, changedProperties: string[] | null) => [
    'VirtualKeyUpdate',
    {
      ...META,
      id: META.eventId,
      type: 'VirtualKeyUpdate',
      priority,
      virtualKeyId: key.id,
      updateType,
      details: { name, changedProperties },
    },
  ];
  const healthData = {
    responseTimeMs: null,
    errorCategory: null,
    timestamp: expect.stringMatching(TIME),
    message: null,
  };
  await expect(client.events.take(5)).resolves.toEqual([
    update('created', 'first', 1, null),
    update('updated', 'second', 1, ['name']),
    update('deleted', 'second', 2, null),
    ['ProviderHealthUpdate', { ...META, providerId: provider, status: 'Healthy', isHealthy: true, healthData }],
    ['SystemAnnouncement', { ...META, message: 'M', priority: 3, category: 'general', title: 'T', source: 'S' }],
  ]);
  await client.invoke('SubscribeToVirtualKey', key.id);
  const error = ['Error', expect.objectContaining({ message: `Virtual key ${key.id} not found` })];
  await expect(client.events.next()).resolves.toEqual(error);
  expect(client.events.unread).toEqual([]);
  await client.stop();
});

test('what was told while nobody was there is told by Resume, once', async () => {
  const before = await operator();
  const { resumeToken } = await before.invoke<{ resumeToken: string }>('GetResumeToken');
  await before.stop();
  const titles = ['one', 'two', 'three'];
  for (const title of titles)
    await front.announce('SystemAlert', { severity: 'Low', title, message: 'M', source: 'S' });
  const after = await operator();
  await expect(after.invoke('Resume', resumeToken)).resolves.toEqual({
    recovered: true,
    restoredGroups: ['admin'],
    replayed: 3,
  });
  expect(after.events.all.filter(named('SystemAlert')).map(([, event]) => (event as { title: string }).title)).toEqual(
    titles,
  );
  await expect(after.invoke('Resume', resumeToken)).rejects.toThrow('Invalid resume token');
  await after.stop();
});
