// What `/openapi.json` says is what is served: every route, and its main refusals.

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { Validator } from '@seriousme/openapi-schema-validator';
import { beforeAll, describe, expect, test } from 'vitest';
import { cloudEvent } from '../harness/cloudEvents.ts';
import { eventually } from '../harness/deadline.ts';
import { edge, type FrontDoor, type Key, MASTER_KEY } from '../harness/edge.ts';
import { withFailing } from '../harness/failingObjects.ts';
import { flaky } from '../harness/flakyObjects.ts';
import { localProvider } from '../harness/localProvider.ts';
import { OPENAPI_FILE, OpenApi, type Route } from '../harness/openApi.ts';
import { OpenAiProvider } from '../harness/realtime/openAiProvider.ts';
import { running } from '../harness/realtime/providerDouble.ts';
import { VoiceClient, voiceKey } from '../harness/realtime/voiceClient.ts';

const front = flaky({ ALLOW_PRIVATE_TARGETS: 'true', QUEUE_MAX_ATTEMPTS: '1' });
const limited = edge({ vars: { AUTH_FAILURES_PER_MINUTE: '1' } });
const withoutRegistry = withFailing('ADMINISTRATION', { vars: { ALLOW_PRIVATE_TARGETS: 'true' } });
const withoutKeys = withFailing('VIRTUAL_KEY', { missing: ['EVENTS'] });
const local = localProvider();
const voices = running(new OpenAiProvider());
const voiced = edge({ vars: voices.vars });

const openApi = new OpenApi();
const isHub = ({ path }: Route) => path.startsWith('/hubs/');
/** A route that answers nothing but a WebSocket. */
const isSocket = ({ operation }: Route) => '101' in operation.responses;
const REST = openApi.routes.filter((route) => !isHub(route) && !isSocket(route));
const GUARDED = REST.filter(({ operation }) => operation.security.length > 0);
const named = (route: Route) => [route.operation.operationId, route] as const;

let key: Key;
beforeAll(async () => {
  key = await front.createKey();
  await front.tell(key, 'TaskStarted', { taskId: 'task', taskType: 'x', metadata: { a: 1 } });
  await front.tell(key, 'SpendRecorded', { amount: '0.25', model: 'm', provider: 'p' });
  await front.tell(key, 'WebhookDeliveryAttempted', {
    deliveryId: 'd',
    url: 'https://example.com/hook',
    eventType: 'TaskCompleted',
    attempt: 1,
  });
});

interface Asking {
  path?: Record<string, string>;
  query?: string;
  secret?: string;
  body?: unknown;
  /** A body as it is, whatever it is. */
  text?: string;
  headers?: Record<string, string>;
  at?: FrontDoor;
}

const mediaTypeOf = ({ operation }: Route) =>
  Object.keys(operation.requestBody?.content ?? { 'application/json': {} })[0] as string;

/** Asks a route something. */
function ask(route: Route, { path = {}, query, secret, body, text, headers = {}, at = front }: Asking = {}) {
  const filled = route.path.replace(/\{(\w+)\}/g, (_, name: string) => path[name] ?? 'nobody');
  const init: RequestInit = {
    method: route.method,
    headers: {
      ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }),
      ...(route.operation.requestBody === undefined ? {} : { 'content-type': mediaTypeOf(route) }),
      ...headers,
    },
  };
  if (route.method !== 'GET') init.body = text ?? (body === undefined ? null : JSON.stringify(body));
  return fetch(`${at.url}${filled}${query === undefined ? '' : `?${query}`}`, init);
}

const faults = (route: Route, response: Response) => openApi.faults(route, response);

/** Whose secret opens a route. */
function opening({ operation }: Route): string {
  return operation.security.some((one) => 'masterKey' in one) ? MASTER_KEY : key.key;
}

/** A secret that is good, but not for this route. */
async function closing(route: Route): Promise<string> {
  if (opening(route) !== MASTER_KEY) return MASTER_KEY;
  const opensWithKey = route.operation.security.some((one) => 'virtualKey' in one);
  return opensWithKey ? front.clientToken(key) : key.key;
}

describe('the document', () => {
  test('is a valid one of OpenAPI 3.1, and is what is served', async () => {
    const text = readFileSync(OPENAPI_FILE, 'utf8');
    const { valid, errors } = await new Validator().validate(JSON.parse(text));
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
    const response = await fetch(`${front.url}/openapi.json`);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    await expect(response.text()).resolves.toBe(text);
    const headers = { 'if-none-match': response.headers.get('etag') ?? '' };
    expect((await fetch(`${front.url}/openapi.json`, { headers })).status).toBe(304);
  });

  test('finds an answer that is not as it says', async () => {
    const route = REST.find(({ operation }) => operation.operationId === 'readSpend') as Route;
    const answer = (body: object, status = 200) => faults(route, Response.json(body, { status }));
    const spend = {
      currentSpend: 1,
      periodStart: '2026-01-01T00:00:00.000Z',
      requests: 1,
      topModels: [],
      topProviders: [],
    };
    await expect(answer(spend)).resolves.toEqual([]);
    await expect(answer({ ...spend, currentSpend: '1' })).resolves.not.toEqual([]);
    await expect(answer({ ...spend, more: 1 })).resolves.not.toEqual([]);
    await expect(answer({ ...spend, periodStart: 'today' })).resolves.not.toEqual([]);
    await expect(answer(spend, 201)).resolves.not.toEqual([]);
  });
});

/** What the operator is answered while the registry is not there. */
const WITHOUT_REGISTRY = [
  'listConnections',
  'readKeyAudit',
  'listRealtimeSessions',
  'endRealtimeSession',
  'listPastRealtimeSessionsOfKey',
  'playRecordingOfKey',
  'deleteRecordingOfKey',
];

/** How each route is asked so that it does what it is for. */
const SERVED: Record<string, () => Asking | Promise<Asking>> = {
  publishEvents: () => ({ body: cloudEvent(key.id, 'TaskStarted', { taskId: randomUUID(), taskType: 'x' }) }),
  issueToken: () => ({ secret: key.key, body: { hubs: ['tasks'], taskIds: ['a', 1], ttlSeconds: 60 } }),
  listTasks: () => ({ query: 'limit=1&state=running&type=x' }),
  readTask: () => ({ path: { id: 'task' } }),
  readSpend: () => ({}),
  readHistory: () => ({ query: 'limit=1' }),
  listWebhooks: () => ({ query: 'limit=1&period=day' }),
  rotateWebhookSecret: () => ({ secret: key.key }),
  listRealtimeConnections: () => ({}),
  endRealtimeConnection: async () => {
    const { key, id } = await realtimeSession();
    return { path: { id }, secret: key.key, at: voiced };
  },
  listPastRealtimeSessions: async () => ({ secret: (await recordedSession()).key.key, at: voiced }),
  playRecording: async () => {
    const { key, id } = await recordedSession();
    return { path: { id }, secret: key.key, at: voiced };
  },
  deleteRecording: async () => {
    const { key, id } = await recordedSession();
    return { path: { id }, secret: key.key, at: voiced };
  },
  listPastRealtimeSessionsOfKey: async () => ({ path: { id: (await recordedSession()).key.id }, at: voiced }),
  playRecordingOfKey: async () => {
    const { key, id } = await recordedSession();
    return { path: { id: key.id, session: id }, at: voiced };
  },
  deleteRecordingOfKey: async () => {
    const { key, id } = await recordedSession();
    return { path: { id: key.id, session: id }, at: voiced };
  },
  listRealtimeSessions: async () => {
    await realtimeSession();
    return { query: 'limit=1', at: voiced };
  },
  endRealtimeSession: async () => ({ path: { id: (await realtimeSession()).id }, at: voiced }),
  createKey: () => ({
    body: {
      name: 'x',
      budget: { limit: '10.5', period: 'daily' },
      limits: { connections: 5 },
      allowedModels: ['gpt-*'],
      expiresAt: '2999-01-01T00:00:00Z',
    },
  }),
  listKeys: () => ({ query: 'limit=1' }),
  readKey: () => ({ path: { id: key.id } }),
  changeKey: async () => ({
    path: { id: (await front.createKey({ budget: { limit: 1 } })).id },
    body: { name: 'y', budget: null, limits: { connections: null } },
  }),
  deleteKey: async () => ({ path: { id: (await front.createKey()).id } }),
  rotateKey: async () => ({ path: { id: (await front.createKey()).id }, body: { graceSeconds: 60 } }),
  disconnectKey: () => ({ path: { id: key.id } }),
  readKeyAudit: () => ({ path: { id: key.id } }),
  createServiceToken: () => ({
    body: { name: 'x', eventTypes: ['TaskStarted'], virtualKeyIds: [key.id], expiresAt: '2999-01-01T00:00:00Z' },
  }),
  listServiceTokens: () => ({ query: 'limit=1' }),
  readServiceToken: async () => ({ path: { id: await serviceTokenId() } }),
  revokeServiceToken: async () => ({ path: { id: await serviceTokenId() } }),
  listProviders: () => ({}),
  readProvider: async () => ({ path: { name: await provider() } }),
  setProvider: () => ({ path: { name: `new-${randomUUID()}` }, body: { healthUrl: local.url() } }),
  deleteProvider: async () => ({ path: { name: await provider() } }),
  readAudit: () => ({ query: 'limit=5' }),
  listConnections: () => ({}),
  listDeadLetters: async () => ({ query: `kind=event&virtualKeyId=${await deadLetter()}` }),
  readDeadLetter: async () => ({ path: { id: await deadLetter() } }),
  deleteDeadLetter: async () => ({ path: { id: await deadLetter() } }),
  replayDeadLetter: async () => ({ path: { id: await deadLetter() } }),
  replayDeadLetters: () => ({}),
  readQueues: () => ({}),
  readMetrics: () => ({}),
  readHealth: () => ({}),
  readReadiness: () => ({}),
  readHealthOfHubs: () => ({}),
  readLiveness: () => ({}),
  readOpenApi: () => ({}),
  readAsyncApi: () => ({}),
  readClient: () => ({}),
  readComponents: () => ({}),
};

/** A voice session that goes on. */
async function realtimeSession(): Promise<{ key: Key; id: string }> {
  const key = await voiceKey(voiced);
  const client = await VoiceClient.connect(voiced, key);
  await client.hear('session.created');
  const path = '/v1/realtime/connections';
  const { activeConnections } = await voiced.read<{ activeConnections: { connectionId: string }[] }>(key, path);
  return { key, id: activeConnections[0]?.connectionId as string };
}

/** A voice session that is over, and was recorded. */
async function recordedSession(): Promise<{ key: Key; id: string }> {
  const key = await voiceKey(voiced, { recording: true });
  const client = await VoiceClient.connect(voiced, key);
  await client.hear('session.created');
  client.send({ type: 'input_audio_buffer.append', audio: Buffer.alloc(4_800, 1).toString('base64') });
  client.leave();
  const { items } = await eventually(
    'the session',
    () => voiced.read<{ items: { connectionId: string; figures?: object }[] }>(key, '/v1/realtime/sessions'),
    ({ items }) => items[0]?.figures !== undefined,
  );
  return { key, id: items[0]?.connectionId as string };
}

async function serviceTokenId(): Promise<string> {
  const made = await front.admin('POST', '/v1/admin/service-tokens', { name: 'x' });
  return ((await made.json()) as { id: string }).id;
}

async function provider(): Promise<string> {
  const name = `p-${randomUUID()}`;
  await front.admin('PUT', `/v1/admin/providers/${name}`, { healthUrl: local.url() });
  return name;
}

/** A dead letter of a key: an event that its object did not take, though it would now. */
async function deadLetter(ofKey?: Key): Promise<string> {
  const owner = ofKey ?? (await front.createKey());
  await front.break(owner, 'throws');
  const event = JSON.stringify(cloudEvent(owner.id, 'TaskStarted', { taskId: 't', taskType: 'x' }));
  await front.post('application/cloudevents+json', event, {}, '?delivery=queue');
  const list = async () => (await front.admin('GET', `/v1/admin/dead-letters?virtualKeyId=${owner.id}`)).json();
  const { items } = await eventually(
    'a dead letter',
    list as () => Promise<{ items: { id: string }[] }>,
    (page) => page.items.length > 0,
  );
  await front.break(owner, null);
  return items[0]?.id ?? '';
}

test('every route is asked', () => {
  expect(Object.keys(SERVED).sort()).toEqual(REST.map(({ operation }) => operation.operationId).sort());
});

test.each(REST.map(named))('%s takes and answers what is described', async (id, route) => {
  const asking = (await SERVED[id]?.()) ?? {};
  if (asking.body !== undefined) {
    expect(openApi.faultsOfBody(route, mediaTypeOf(route), asking.body)).toEqual([]);
  }
  const secret = route.operation.security.length > 0 ? opening(route) : undefined;
  const response = await ask(route, { ...(secret === undefined ? {} : { secret }), ...asking });
  expect(response.status).toBeLessThan(300);
  await expect(faults(route, response)).resolves.toEqual([]);
});

describe('answers that differ', () => {
  const route = (id: string) => REST.find(({ operation }) => operation.operationId === id) as Route;

  test.each(['readAudit', 'readKeyAudit'])('%s as NDJSON', async (id) => {
    const asking = { path: { id: key.id }, secret: MASTER_KEY, headers: { accept: 'application/x-ndjson' } };
    const response = await ask(route(id), asking);
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    await expect(faults(route(id), response)).resolves.toEqual([]);
  });

  test.each([
    ['application/cloudevents-batch+json', (events: object[]) => JSON.stringify(events)],
    ['application/json', (events: object[]) => JSON.stringify(events)],
    ['application/x-ndjson', (events: object[]) => events.map((event) => JSON.stringify(event)).join('\n')],
  ])('publishEvents of %s: delivered, duplicate, ignored and rejected', async (type, write) => {
    const progress = cloudEvent(key.id, 'TaskProgress', { taskId: randomUUID(), percentComplete: 50 });
    const stale = { ...progress, id: randomUUID(), data: { ...(progress.data as object), percentComplete: 10 } };
    const events = [progress, progress, stale];
    const body = type.endsWith('ndjson') ? write(events) : events;
    expect(openApi.faultsOfBody(route('publishEvents'), type, body)).toEqual([]);
    const text = write([...events, { ...progress, type: 'Nothing' }]);
    const asking = { secret: MASTER_KEY, text, headers: { 'content-type': type } };
    const response = await ask(route('publishEvents'), asking);
    const { results } = (await response.clone().json()) as { results: { status: string }[] };
    expect(results.map(({ status }) => status)).toEqual(['delivered', 'duplicate', 'ignored', 'rejected']);
    await expect(faults(route('publishEvents'), response)).resolves.toEqual([]);
  });

  test('publishEvents through the queue, encoded', async () => {
    const event = JSON.stringify(cloudEvent(key.id, 'TaskStarted', { taskId: randomUUID(), taskType: 'x' }));
    const response = await fetch(`${front.url}/v1/events?delivery=queue`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${MASTER_KEY}`,
        'content-type': 'application/cloudevents+json',
        'content-encoding': 'gzip',
      },
      body: gzipSync(event),
    });
    expect(response.status).toBe(202);
    await expect(response.clone().json()).resolves.toMatchObject({ results: [{ status: 'queued' }] });
    await expect(faults(route('publishEvents'), response)).resolves.toEqual([]);
  });

  test('publishEvents where every event is rejected', async () => {
    const response = await ask(route('publishEvents'), { secret: MASTER_KEY, body: {} });
    expect([response.status, response.headers.get('content-type')]).toEqual([400, 'application/json']);
    await expect(faults(route('publishEvents'), response)).resolves.toEqual([]);
  });

  test('setProvider of one that is there', async () => {
    const asking = { path: { name: await provider() }, secret: MASTER_KEY, body: {} };
    const response = await ask(route('setProvider'), asking);
    expect(response.status).toBe(200);
    await expect(faults(route('setProvider'), response)).resolves.toEqual([]);
  });
});

/** How a route is made to refuse in a way; nothing where that takes more than a request. */
async function provoked(route: Route, type: string): Promise<Asking | undefined> {
  const [secret, path] = [opening(route), { id: key.id, name: 'a' }];
  switch (type) {
    case 'urn:conduit:problem:unauthorized':
      return {};
    case 'urn:conduit:problem:forbidden':
      return { secret: await closing(route) };
    case 'urn:conduit:problem:not-found':
      return { secret, body: {} };
    case 'urn:conduit:problem:invalid-parameter':
      // Each has one of these.
      return { secret, path, query: 'limit=0&delivery=pigeon&kind=x' };
    case 'urn:conduit:problem:invalid-field':
      return { secret, path, body: { colour: 1 } };
    case 'urn:conduit:problem:malformed-body':
      return { secret, path, text: '{' };
    case 'urn:conduit:problem:content-too-large':
      return { secret, path, text: ' '.repeat(1_100_000) };
    case 'urn:conduit:problem:unsupported-media-type':
      return { secret, text: '{}', headers: { 'content-type': 'text/plain' } };
    case 'urn:conduit:problem:conflict': {
      if (route.operation.operationId === 'replayDeadLetter') {
        const gone = await front.createKey();
        const id = await deadLetter(gone);
        await front.admin('DELETE', `/v1/admin/keys/${gone.id}`);
        return { secret, path: { id } };
      }
      return { secret, body: { name: 'x', id: key.id, keySha256: '0'.repeat(64) } };
    }
    case 'urn:conduit:problem:too-many-requests': {
      const headers = { 'cf-connecting-ip': `2001:db8:1:${(++addresses).toString(16)}::1` };
      const guess = () => ask(route, { secret: `condt_${randomUUID()}`, headers, at: limited });
      await guess();
      return { secret: `condt_${randomUUID()}`, headers, at: limited };
    }
    default:
      return undefined;
  }
}

let addresses = 0;

/** What only a fault of our own brings, or objects that do not answer. */
const UNPROVOKED = ['urn:conduit:problem:internal', 'urn:conduit:problem:unavailable'];

const REFUSALS = REST.flatMap((route) =>
  openApi
    .problems(route)
    .filter(({ type }) => !UNPROVOKED.includes(type))
    .map(({ status, type }) => ({ id: route.operation.operationId, route, status, type })),
);

test.each(REFUSALS)('$id refuses with $type as described', async ({ route, status, type }) => {
  const asking = await provoked(route, type);
  if (asking === undefined) throw new Error(`nothing provokes ${type}`);
  if (type.endsWith('invalid-field')) {
    expect(openApi.faultsOfBody(route, 'application/json', asking.body)).not.toEqual([]);
  }
  const response = await ask(route, asking);
  expect(response.status).toBe(status);
  await expect(response.clone().json()).resolves.toMatchObject({ type, status });
  await expect(faults(route, response)).resolves.toEqual([]);
});

test.each(GUARDED.filter(({ path }) => path.startsWith('/v1/admin')).map(named))(
  '%s says that the registry does not answer as described',
  async (id, route) => {
    const asking = (await SERVED[id]?.()) ?? {};
    const response = await ask(route, { ...asking, secret: MASTER_KEY, at: withoutRegistry });
    // The directory, and the keys' own objects, are there.
    if (response.status < 500) expect(WITHOUT_REGISTRY).toContain(id);
    await expect(faults(route, response)).resolves.toEqual([]);
  },
);

test('publishEvents says which events were not taken as described', async () => {
  const route = REST.find(({ operation }) => operation.operationId === 'publishEvents') as Route;
  const body = cloudEvent('1', 'TaskStarted', { taskId: 't', taskType: 'x' });
  const response = await ask(route, { secret: MASTER_KEY, body, at: withoutKeys });
  expect(response.status).toBe(503);
  await expect(response.clone().json()).resolves.toMatchObject({ results: [{ status: 'unavailable' }] });
  await expect(faults(route, response)).resolves.toEqual([]);
});

test.each([...new Set(REST.map(({ path }) => path))])('%s takes the methods that are described', async (path) => {
  const methods = REST.filter((route) => route.path === path).map(({ method }) => method);
  const others = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((method) => !methods.includes(method));
  for (const method of others) {
    const response = await fetch(front.url + path.replace(/\{\w+\}/, 'x'), { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')?.split(', ').sort()).toEqual(methods.toSorted());
  }
});

describe('the hubs', () => {
  const route = (id: string) => openApi.routes.find(({ operation }) => operation.operationId === id) as Route;

  test('negotiate, and end what polls, as described', async () => {
    const path = { hub: 'tasks' };
    const negotiated = await ask(route('negotiate'), { path, secret: key.key, query: 'negotiateVersion=1' });
    expect(negotiated.status).toBe(200);
    const { connectionToken } = (await negotiated.clone().json()) as { connectionToken: string };
    await expect(faults(route('negotiate'), negotiated)).resolves.toEqual([]);
    const asking = { path, secret: key.key, query: `id=${encodeURIComponent(connectionToken)}` };
    for (const [id, more] of [
      ['connect', {}],
      ['send', { text: '{"protocol":"json","version":1}\u001e', headers: { 'content-type': 'text/plain' } }],
      ['connect', {}],
      ['disconnect', {}],
    ] as const) {
      const response = await ask(route(id), { ...asking, ...more });
      expect(response.ok).toBe(true);
      await expect(faults(route(id), response)).resolves.toEqual([]);
    }
  });

  test.each(['negotiate', 'connect', 'refresh'])('%s refuses without a key as described', async (id) => {
    const response = await ask(route(id), { path: { hub: 'tasks' } });
    expect(response.status).toBe(401);
    await expect(faults(route(id), response)).resolves.toEqual([]);
  });
});
