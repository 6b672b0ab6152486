// What a key's holder reads of its past and of its tasks: GET /v1/history, GET /v1/tasks and GET /v1/tasks/{id}.

import { describe, expect, test } from 'vitest';
import { cloudEvent } from '../harness/cloudEvents.ts';
import { edge, type Key, MASTER_KEY } from '../harness/edge.ts';
import { heard, META } from '../harness/keyHubs.ts';

const front = edge();

interface Entry {
  hub: string;
  event: string;
  arguments: unknown[];
  timestamp: string;
  eventId: string;
  correlationId?: string;
}

interface Page<T> {
  items: T[];
  next?: string;
}

interface Task {
  taskId: string;
  taskType: string;
  state: string;
  [member: string]: unknown;
}

const get = (path: string, headers: Record<string, string> = {}) => fetch(front.url + path, { headers });
const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

/** All items of a list, page by page. */
async function all<T>(key: Key, path: string, limit: number): Promise<T[]> {
  const items: T[] = [];
  let after: string | undefined;
  do {
    const query = `${path.includes('?') ? '&' : '?'}limit=${limit}`;
    const cursor = after === undefined ? '' : `&after=${encodeURIComponent(after)}`;
    const page: Page<T> = await front.read(key, path + query + cursor);
    expect(page.items.length).toBeLessThanOrEqual(limit);
    items.push(...page.items);
    after = page.next;
  } while (after !== undefined);
  return items;
}

const history = async (key: Key, query = '') => (await front.read<Page<Entry>>(key, `/v1/history${query}`)).items;
const brief = (entries: Entry[]) => entries.map(({ hub, event }) => `${hub} ${event}`);

const withToken = async (key: Key, restrictions: object): Promise<Key> => ({
  ...key,
  key: await front.clientToken(key, restrictions),
});

const URL = 'https://example.com/hook';

/** A key of which every hub told something. */
async function eventful(): Promise<Key> {
  const key = await front.createKey();
  const events: [type: string, data: object][] = [
    ['TaskStarted', { taskId: 'a', taskType: 'x' }],
    ['TaskProgress', { taskId: 'a', percentComplete: 50 }],
    ['VideoStarted', { requestId: 'b' }],
    ['ImageStarted', { taskId: 'c' }],
    ['RateLimitWarning', { endpoint: '/v1', remaining: 7, resetTime: '2026-01-31T12:01:00.000Z' }],
    ['SpendRecorded', { amount: 1 }],
    ['WebhookDeliveryAttempted', { deliveryId: 'd', url: URL, eventType: 'e', attempt: 1 }],
    ['TaskCompleted', { taskId: 'a', result: { n: 1 } }],
    ['VideoCancelled', { requestId: 'b', reason: 'r' }],
  ];
  for (const [type, data] of events) await front.tell(key, type, data, { correlationid: `c-${type}` });
  return key;
}

/** What those are in the journal; of a video or images, its own hub and the task hub tell in either order. */
const EVENTFUL = [
  'TaskHub TaskStarted',
  'VideoGenerationHub VideoStarted',
  'TaskHub TaskStarted',
  'ImageGenerationHub ImageStarted',
  'TaskHub TaskStarted',
  'SystemNotificationHub RateLimitWarning',
  'SpendNotificationHub SpendUpdate',
  'WebhookDeliveryHub DeliveryAttempted',
  'TaskHub TaskCompleted',
  'VideoGenerationHub VideoCancelled',
  'TaskHub TaskCancelled',
];

async function expectProblem(response: Response, status: number, expected: object = {}): Promise<void> {
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  await expect(response.json()).resolves.toMatchObject({ status, type: expect.any(String), ...expected });
}

describe('GET /v1/history', () => {
  test('has what the key’s clients were told and must not miss, in order, whether or not anybody was there', async () => {
    const key = await eventful();
    const entries = await history(key);
    expect(brief(entries).sort()).toEqual([...EVENTFUL].sort());
    const ids = entries.map(({ eventId }) => eventId);
    expect(ids).toEqual([...new Set(ids)].sort());
    const times = entries.map(({ timestamp }) => timestamp);
    expect(times).toEqual([...times].sort());
    const first = { timestamp: expect.stringMatching(META.timestamp), eventId: expect.stringMatching(META.eventId) };
    expect(entries[0]).toStrictEqual({
      ...first,
      correlationId: 'c-TaskStarted',
      hub: 'TaskHub',
      event: 'TaskStarted',
      arguments: ['a', 'x', {}],
    });
    const cancelled = entries.find(({ event }) => event === 'VideoCancelled');
    const { timestamp, eventId, correlationId } = cancelled as Entry;
    expect(cancelled?.arguments).toStrictEqual([{ requestId: 'b', reason: 'r', timestamp, eventId, correlationId }]);
    expect(correlationId).toBe('c-VideoCancelled');
  });

  test('has the ids under which clients were told, and is the same after a sleep', async () => {
    const key = await front.createKey();
    const client = await front.official(key, { query: 'meta=1' });
    await client.invoke('SubscribeToTaskType', '*');
    for (const taskId of ['1', '2', '3']) await front.tell(key, 'TaskStarted', { taskId, taskType: 'x' });
    const told = (await heard(client)).map((event) => (event.at(-1) as { eventId: string }).eventId);
    const before = await history(key);
    expect(before.map(({ eventId }) => eventId)).toEqual(told);
    await client.stop();
    await front.sleep(key);
    await expect(history(key)).resolves.toEqual(before);
    await expect(history(key, `?after=${told[1]}`)).resolves.toEqual(before.slice(2));
    await expect(history(key, `?after=${told[2]}`)).resolves.toEqual([]);
  });

  test.each([
    ['TaskHub', ['TaskStarted', 'TaskStarted', 'TaskStarted', 'TaskCompleted', 'TaskCancelled']],
    ['VideoGenerationHub', ['VideoStarted', 'VideoCancelled']],
    ['ImageGenerationHub', ['ImageStarted']],
    ['SystemNotificationHub', ['RateLimitWarning']],
    ['SpendNotificationHub', ['SpendUpdate']],
    ['WebhookDeliveryHub', ['DeliveryAttempted']],
    ['NavigationStateHub', []],
  ])('of %s has only what that hub told', async (hub, events) => {
    const key = await eventful();
    await expect(history(key, `?hub=${hub}`)).resolves.toMatchObject(events.map((event) => ({ hub, event })));
    for (const limit of [1, 2, 1_000]) {
      const paged = await all<Entry>(key, `/v1/history?hub=${hub}`, limit);
      expect(paged.map(({ event }) => event)).toEqual(events);
    }
  });

  test('comes page by page, all of it and each once', async () => {
    const key = await eventful();
    const whole = await history(key);
    for (const limit of [1, 2, 3, whole.length - 1, whole.length, whole.length + 1]) {
      await expect(all<Entry>(key, '/v1/history', limit)).resolves.toEqual(whole);
    }
    const first = await front.read<Page<Entry>>(key, '/v1/history?limit=2');
    expect(first.next).toEqual(expect.any(String));
    expect((await front.read<Page<Entry>>(key, '/v1/history')).next).toBeUndefined();
  });

  test('pages do not end early where one call brought many events', async () => {
    const key = await front.createKey();
    const events = Array.from({ length: 250 }, (_, index) =>
      cloudEvent(key.id, 'TaskStarted', { taskId: `${index}`, taskType: 'x' }),
    );
    await front.publish(events);
    const entries = await all<Entry>(key, '/v1/history', 100);
    expect(entries.map(({ arguments: [taskId] }) => taskId)).toEqual(events.map((_, index) => `${index}`));
    // A hundred, where nobody says how many.
    expect(await history(key)).toHaveLength(100);
  });

  test('has what everybody was told since somebody of the key was there first', async () => {
    const key = await front.createKey();
    const client = await front.officialAt('notifications', key, ['ServiceRestored', 'ServiceDegraded']);
    await front.announce('ServiceDegraded', { service: 'there', reason: 'r' }, { correlationid: 'c-there' });
    await client.events.next();
    await client.stop();
    await front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'x' });
    await front.announce('ServiceDegraded', { service: 'away', reason: 'r' }, { correlationid: 'c-away' });
    const entries = await history(key, '?hub=SystemNotificationHub');
    expect(entries.map(({ event, arguments: [service], correlationId }) => [event, service, correlationId])).toEqual([
      ['ServiceDegraded', 'there', 'c-there'],
      ['ServiceDegraded', 'away', 'c-away'],
    ]);
    const services = (await history(key)).map(({ event }) => event);
    expect(services.filter((event) => event === 'ServiceDegraded')).toHaveLength(2);
    expect(services).toContain('TaskStarted');
  });

  test('has the time at which something was accepted, also where it was fetched later', async () => {
    const key = await front.createKey();
    await (await front.officialAt('notifications', key, [])).stop();
    await front.announce('ServiceRestored', { service: 'early' });
    const accepted = new Date().toISOString();
    // What comes now is later.
    await front.createKey();
    await front.tell(key, 'TaskStarted', { taskId: 'late', taskType: 'x' });
    const entries = await history(key);
    const early = entries.find(({ event }) => event === 'ServiceRestored');
    const late = entries.find(({ event }) => event === 'TaskStarted');
    const order = [early?.timestamp ?? '', accepted, late?.timestamp ?? ''];
    expect(order).toEqual([...order].sort());
  });

  test('has nothing of another key', async () => {
    const [key, other] = await Promise.all([front.createKey(), eventful()]);
    await front.tell(key, 'TaskStarted', { taskId: 'a', taskType: 'mine' });
    await expect(history(key)).resolves.toMatchObject([{ event: 'TaskStarted', arguments: ['a', 'mine', {}] }]);
    const [entry] = await history(other);
    // Another key's cursor is a place in time and opens nothing.
    const page = await history(key, `?after=${entry?.eventId}`);
    expect(page.every(({ arguments: [, taskType] }) => taskType === 'mine')).toBe(true);
  });

  test.each([
    [
      { taskIds: ['a'] },
      ['TaskHub a', 'TaskHub a', 'SystemNotificationHub', 'SpendNotificationHub', 'WebhookDeliveryHub'],
    ],
    [{ taskIds: ['a'], hubs: ['TaskHub'] }, ['TaskHub a', 'TaskHub a']],
    [
      { taskTypes: ['video'], hubs: ['TaskHub', 'VideoGenerationHub', 'ImageGenerationHub'] },
      ['TaskHub b', 'TaskHub b', 'VideoGenerationHub', 'VideoGenerationHub'],
    ],
    [{ taskIds: ['c'], hubs: ['ImageGenerationHub', 'VideoGenerationHub'] }, ['ImageGenerationHub']],
    [{ taskIds: [], hubs: ['TaskHub', 'SpendNotificationHub'] }, ['SpendNotificationHub']],
    [{ hubs: ['WebhookDeliveryHub'] }, ['WebhookDeliveryHub']],
    [{ hubs: ['NavigationStateHub'] }, []],
  ])('of a token with %j has what that may see', async (restrictions, expected) => {
    const key = await withToken(await eventful(), restrictions);
    const shown = (entry: Entry) => (entry.hub === 'TaskHub' ? `TaskHub ${entry.arguments[0]}` : entry.hub);
    const paged = await all<Entry>(key, '/v1/history', 1);
    expect(paged.map(shown).sort()).toEqual([...expected].sort());
    await expect(history(key)).resolves.toEqual(paged);
  });

  test.each(['hub=NoSuchHub', 'hub=vkey-1', 'limit=0', 'limit=-1', 'limit=1001', 'limit=1.5', 'limit=many'])(
    'refuses %s, naming what is wrong',
    async (query) => {
      const key = await front.createKey();
      const response = await get(`/v1/history?${query}`, bearer(key.key));
      const detail = expect.stringContaining(query.split('=')[0] ?? '');
      await expectProblem(response, 400, { type: 'urn:conduit:problem:invalid-parameter', detail });
    },
  );
});

describe('GET /v1/tasks', () => {
  const STATES = ['registered', 'running', 'completed', 'failed', 'cancelled', 'timedOut'];

  /** A key with a task in each state, named after it. */
  async function keyWithTasks(): Promise<Key> {
    const key = await front.createKey();
    await front.tell(key, 'TaskRegistered', { taskId: 'registered', taskType: 'x' });
    for (const taskId of STATES.slice(1)) {
      const taskType = taskId === 'running' ? 'y' : 'x';
      await front.tell(key, 'TaskStarted', { taskId, taskType, metadata: { of: taskId } });
      await front.tell(key, 'TaskProgress', { taskId, percentComplete: 25, message: 'a quarter' });
    }
    await front.tell(key, 'TaskCompleted', { taskId: 'completed', result: { n: 1 } }, { correlationid: 'c-1' });
    await front.tell(key, 'TaskFailed', { taskId: 'failed', error: 'no luck', details: 'd', isRetryable: true });
    await front.tell(key, 'TaskCancelled', { taskId: 'cancelled', reason: 'r' });
    await front.tell(key, 'TaskTimedOut', { taskId: 'timedOut' });
    return key;
  }

  const tasks = async (key: Key, query = '') => (await front.read<Page<Task>>(key, `/v1/tasks${query}`)).items;
  const ids = (list: Task[]) => list.map(({ taskId }) => taskId);

  test('has the key’s tasks, each with its latest state', async () => {
    const key = await keyWithTasks();
    const list = await tasks(key);
    expect(ids(list)).toEqual([...STATES].sort());
    for (const { taskId, state } of list) expect(state).toBe(taskId);
    const of = (id: string) => list.find(({ taskId }) => taskId === id);
    expect(of('running')).toMatchObject({
      taskType: 'y',
      percentComplete: 25,
      message: 'a quarter',
      metadata: { of: 'running' },
      updatedAt: expect.stringMatching(META.timestamp),
    });
    expect(of('completed')).toMatchObject({ result: { n: 1 }, correlationId: 'c-1' });
    expect(of('failed')).toMatchObject({ error: 'no luck', details: 'd', isRetryable: true });
    expect(of('cancelled')).toMatchObject({ reason: 'r' });
    for (const member of ['result', 'error', 'details', 'reason', 'metadata', 'message']) {
      expect(of('registered')).not.toHaveProperty(member);
    }
  });

  test('is narrowed by type and by state, and is the same after a sleep', async () => {
    const key = await keyWithTasks();
    await front.sleep(key);
    await expect(tasks(key, '?type=y').then(ids)).resolves.toEqual(['running']);
    await expect(tasks(key, '?type=nothing')).resolves.toEqual([]);
    for (const state of STATES) await expect(tasks(key, `?state=${state}`).then(ids)).resolves.toEqual([state]);
    await expect(tasks(key, '?type=x&state=running')).resolves.toEqual([]);
    await expect(tasks(key, '?type=x&state=failed').then(ids)).resolves.toEqual(['failed']);
  });

  test('comes page by page, all of it and each once, narrowed or not', async () => {
    const key = await front.createKey();
    const numbers = Array.from({ length: 25 }, (_, index) => `task ${index}`);
    await front.publish(
      numbers.map((taskId, index) => cloudEvent(key.id, 'TaskStarted', { taskId, taskType: index % 5 ? 'x' : 'y' })),
    );
    const whole = await tasks(key);
    expect(ids(whole)).toEqual([...numbers].sort());
    for (const limit of [1, 7, 24, 25, 26]) {
      await expect(all<Task>(key, '/v1/tasks', limit)).resolves.toEqual(whole);
      const narrowed = whole.filter(({ taskType }) => taskType === 'y');
      await expect(all<Task>(key, '/v1/tasks?type=y&state=running', limit)).resolves.toEqual(narrowed);
    }
    expect((await front.read<Page<Task>>(key, '/v1/tasks')).next).toBeUndefined();
  });

  test('has nothing of another key, and to a token shows what that may follow', async () => {
    const [key, other] = await Promise.all([keyWithTasks(), front.createKey()]);
    await expect(front.read(other, '/v1/tasks')).resolves.toEqual({ items: [] });
    for (const [restrictions, expected] of [
      [{ taskIds: ['failed', 'unknown'] }, ['failed']],
      [{ taskTypes: ['y'] }, ['running']],
      [{ taskTypes: ['y'], taskIds: ['registered'] }, ['registered', 'running']],
      [{ taskIds: [] }, []],
      [{ hubs: ['TaskHub'] }, [...STATES].sort()],
    ] as const) {
      const token = await withToken(key, restrictions);
      expect(ids(await all<Task>(token, '/v1/tasks', 1))).toEqual(expected);
    }
  });

  test.each(['state=ended', 'state=Pending', 'limit=0', 'limit=1001', 'limit=x'])(
    'refuses %s, naming what is wrong',
    async (query) => {
      const key = await front.createKey();
      const response = await get(`/v1/tasks?${query}`, bearer(key.key));
      const detail = expect.stringContaining(query.split('=')[0] ?? '');
      await expectProblem(response, 400, { type: 'urn:conduit:problem:invalid-parameter', detail });
    },
  );
});

describe('GET /v1/tasks/{id}', () => {
  test.each(['t', '7', 'a/b', 'ü 🦀', '%2F', '?a=b&c#d', 'x'.repeat(200)])('finds the task %j', async (taskId) => {
    const key = await front.createKey();
    await front.tell(key, 'TaskStarted', { taskId, taskType: 'x', metadata: { n: 1 }, deadlineSeconds: 600 });
    const task = await front.read<Task>(key, `/v1/tasks/${encodeURIComponent(taskId)}`);
    expect(task).toMatchObject({
      taskId,
      taskType: 'x',
      state: 'running',
      metadata: { n: 1 },
      deadlineAt: expect.stringMatching(META.timestamp),
    });
    const [listed] = (await front.read<Page<Task>>(key, '/v1/tasks')).items;
    expect(task).toEqual(listed);
  });

  test('of a task that is unknown, another key’s or not the token’s is 404, and nobody can tell which', async () => {
    const [key, other] = await Promise.all([front.createKey(), front.createKey()]);
    await front.tell(other, 'TaskStarted', { taskId: 'theirs', taskType: 'x' });
    await front.tell(key, 'TaskStarted', { taskId: 'mine', taskType: 'x' });
    const token = await front.clientToken(key, { taskIds: ['another'] });
    const answers = await Promise.all([
      get('/v1/tasks/theirs', bearer(key.key)),
      get('/v1/tasks/unknown', bearer(key.key)),
      get('/v1/tasks/mine', bearer(token)),
    ]);
    for (const [index, id] of ['theirs', 'unknown', 'mine'].entries()) {
      await expectProblem(answers[index] as Response, 404, {
        type: 'urn:conduit:problem:not-found',
        detail: `there is no task ${id}`,
      });
    }
  });
});

describe.each(['/v1/history', '/v1/tasks', '/v1/tasks/t', '/v1/webhooks', '/v1/spend'])('%s', (path) => {
  test('is 401 without a key that is good', async () => {
    const [disabled, deleted] = await Promise.all([front.createKey(), front.createKey()]);
    for (const key of [disabled, deleted]) await front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'x' });
    await front.patchKey(disabled, { enabled: false });
    await front.admin('DELETE', `/v1/admin/keys/${deleted.id}`);
    const statuses: Record<string, number> = {};
    for (const [whose, key] of Object.entries({
      nobody: 'condt_nobody',
      disabled: disabled.key,
      deleted: deleted.key,
    })) {
      statuses[whose] = (await get(path, bearer(key))).status;
    }
    expect(statuses).toEqual({ nobody: 401, disabled: 401, deleted: 401 });
    await expectProblem(await get(path), 401, { type: 'urn:conduit:problem:unauthorized' });
    await expectProblem(await get(path, { 'x-api-key': 'condt_nobody' }), 401);
    // A key in the query counts for hubs only.
    const good = await front.createKey();
    await expectProblem(await get(`${path}?access_token=${good.key}&api_key=${good.key}`), 401);
  });

  test('is 403 to the master key', async () => {
    for (const name of ['x-master-key', 'x-api-key']) {
      const response = await get(path, { [name]: MASTER_KEY });
      await expectProblem(response, 403, { type: 'urn:conduit:problem:forbidden' });
    }
    await expectProblem(await get(path, bearer(MASTER_KEY)), 403);
  });

  test('is no place to write to', async () => {
    const key = await front.createKey();
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const response = await fetch(front.url + path, { method, headers: bearer(key.key) });
      await expectProblem(response, 405);
    }
  });
});

test('a token that does not open TaskHub reads no tasks: 403', async () => {
  const key = await front.createKey();
  await front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'x' });
  const token = await front.clientToken(key, { hubs: ['SpendNotificationHub'] });
  for (const path of ['/v1/tasks', '/v1/tasks/t']) {
    await expectProblem(await get(path, bearer(token)), 403, { type: 'urn:conduit:problem:forbidden' });
  }
  expect((await get('/v1/tasks', bearer(await front.clientToken(key, { hubs: ['TaskHub'] })))).status).toBe(200);
});
