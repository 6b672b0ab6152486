// Resume: a client that was away gets its groups back, and what it missed; nobody else gets them.

import { describe, expect, test } from 'vitest';
import { eventually } from '../harness/deadline.ts';
import { edge, type Key } from '../harness/edge.ts';
import { answersTo, heard, KEY_HUBS, type KeyRoute, refusal } from '../harness/keyHubs.ts';
import type { ClientOptions, OfficialClient } from '../harness/officialClient.ts';
import { PROTOCOLS } from '../harness/protocol.ts';
import { RawClient } from '../harness/rawClient.ts';

const front = edge();

interface ResumeToken {
  connectionId: string;
  resumeToken: string;
}

interface Resumed {
  recovered: boolean;
  restoredGroups: string[];
  replayed: number;
}

/** An event as a client got it: its name, then its arguments, the last of which has its id. */
type Told = unknown[];

const idOf = (event: Told | undefined) => ((event ?? []).at(-1) as { eventId: string }).eventId;
const isDurable = ([name]: Told) => !/Progress$|NavigationUpdated|PreferencesUpdated/.test(String(name));

const connect = (route: KeyRoute, key: Key, options: ClientOptions = {}) =>
  front.officialAt(route, key, KEY_HUBS[route].events, { query: 'meta=1', ...options });

async function tokenOf(client: { invoke(method: string): Promise<unknown> }): Promise<string> {
  return ((await client.invoke('GetResumeToken')) as ResumeToken).resumeToken;
}

const resume = (client: OfficialClient, ...args: unknown[]) => client.invoke<Resumed>('Resume', ...args);

const INVALID = refusal('Resume', 'Invalid resume token');

async function stop(...clients: OfficialClient[]): Promise<void> {
  await Promise.all(clients.map((client) => client.stop()));
}

/** Waits until the Worker knows that nobody of a key is connected. */
async function untilOffline(key: Key): Promise<void> {
  const read = async () =>
    (await front.admin('GET', `/v1/admin/keys/${key.id}`)).json() as Promise<{ connections: number }>;
  await eventually('the connections to be gone', read, ({ connections }) => connections === 0);
}

const URL = 'https://example.com/hook';

const start = (key: Key, step: number, taskId = 't') =>
  front.tell(key, 'TaskStarted', { taskId, taskType: 'x', metadata: { step } });
const progress = (key: Key, percentComplete: number, taskId = 't') =>
  front.tell(key, 'TaskProgress', { taskId, percentComplete });

/** How a hub is resumed: what a client subscribes to, the groups that have names of the contract, and what happens. */
interface Scene {
  route: KeyRoute;
  subscriptions?: [method: string, argument: unknown][];
  groups: string[];
  fields?: object;
  /** Of each of five steps, what is told is durable. */
  step: (key: Key, step: number) => Promise<unknown>;
}

const SCENES: Scene[] = [
  {
    route: 'tasks',
    subscriptions: [
      ['SubscribeToTask', 'tasks'],
      ['SubscribeToTaskType', '*'],
    ],
    groups: [],
    step: (key, step) => start(key, step, step % 2 === 0 ? 'tasks' : 'another'),
  },
  {
    route: 'video-generation',
    subscriptions: [['SubscribeToRequest', 'video']],
    groups: ['video-video'],
    step: (key, step) => front.tell(key, 'VideoStarted', { requestId: 'video', provider: `${step}` }),
  },
  {
    route: 'image-generation',
    subscriptions: [['SubscribeToTask', 'image']],
    groups: ['image-image'],
    step: (key, step) => front.tell(key, 'ImageStarted', { taskId: 'image', provider: `${step}` }),
  },
  {
    route: 'webhooks',
    subscriptions: [['SubscribeToWebhooks', [URL, '*']]],
    groups: [],
    step: (key, step) =>
      front.tell(key, 'WebhookDeliveryAttempted', { deliveryId: 'd', url: URL, eventType: 'e', attempt: step + 1 }),
  },
  {
    route: 'spend',
    groups: [],
    fields: { budget: { limit: 100, period: 'none' } },
    // The first is told at once; each other one reaches a threshold: an alert, and with it an update.
    step: (key, step) => front.tell(key, 'SpendRecorded', { amount: [1, 49, 25, 15, 10][step] }),
  },
  {
    route: 'notifications',
    groups: ['system-notifications'],
    step: (key, step) =>
      front.tell(key, 'RateLimitWarning', { endpoint: '/v1', remaining: step, resetTime: '2026-01-31T12:01:00.000Z' }),
  },
];

/** A key with a task of each type that scenes know. */
async function keyFor({ fields }: Partial<Scene> = {}): Promise<Key> {
  const key = await front.createKey(fields);
  for (const taskType of ['tasks', 'video', 'image']) {
    await front.tell(key, 'TaskRegistered', { taskId: taskType, taskType });
  }
  return key;
}

async function subscribe(client: { invoke: OfficialClient['invoke'] }, { subscriptions = [] }: Scene): Promise<void> {
  for (const [method, argument] of subscriptions) await client.invoke(method, argument);
}

/** A client of the key on the task hub that follows the task `t`. */
async function follower(key: Key, options?: ClientOptions): Promise<OfficialClient> {
  const client = await connect('tasks', key, options);
  await client.invoke('SubscribeToTask', 't');
  return client;
}

describe.each(PROTOCOLS)('in %s', (protocol) => {
  describe.each(SCENES.map((scene) => [KEY_HUBS[scene.route].hub, scene] as const))('at %s', (_, scene) => {
    const { route, groups, step } = scene;

    test('a client that was cut off gets exactly what came after the last event that it saw, and goes on', async () => {
      const key = await keyFor(scene);
      const stayed = await connect(route, key, { protocol });
      await subscribe(stayed, scene);
      const headers = { authorization: `Bearer ${key.key}` };
      const cut = await RawClient.connect(`${front.url}/hubs/${route}?meta=1`, protocol, headers);
      await subscribe({ invoke: (method, ...args) => cut.invoke(method, ...args) as never }, scene);
      const token = await tokenOf(cut);
      const before = (await heard(stayed)).length;
      await step(key, 0);
      await step(key, 1);
      const lastSeen = idOf((await heard(stayed))[before]);
      await cut.kill();
      await step(key, 2);
      await step(key, 3);
      const missed = (await heard(stayed)).filter((event) => idOf(event) > lastSeen);
      expect(missed.length).toBeGreaterThanOrEqual(3);

      const back = await connect(route, key, { protocol });
      const greeted = (await heard(back)).length;
      const resumed = await resume(back, token, lastSeen);
      expect(resumed).toEqual({
        recovered: true,
        restoredGroups: expect.arrayContaining(groups),
        replayed: missed.length,
      });
      expect((await heard(back)).slice(greeted).filter(isDurable)).toStrictEqual(missed);
      const sofar = [stayed, back].map((client) => client.events.all.length);
      await step(key, 4);
      const [later, again] = await Promise.all([stayed, back].map(heard));
      expect(later?.length).toBeGreaterThan(sofar[0] ?? 0);
      expect(again?.slice(sofar[1])).toStrictEqual(later?.slice(sofar[0]));
      await stop(stayed, back);
    });

    test.each(['was cut off', 'closed'])(
      'a client that %s and does not say what it saw misses nothing',
      async (how) => {
        const key = await keyFor(scene);
        const [stayed, away] = await Promise.all([
          connect(route, key, { protocol }),
          connect(route, key, { protocol }),
        ]);
        await subscribe(stayed, scene);
        const headers = { authorization: `Bearer ${key.key}` };
        const gone = await RawClient.connect(`${front.url}/hubs/${route}?meta=1`, protocol, headers);
        await subscribe({ invoke: (method, ...args) => gone.invoke(method, ...args) as never }, scene);
        const token = await tokenOf(gone);
        await step(key, 0);
        const known = (await heard(stayed)).length;
        if (how === 'closed') await gone.close(1000);
        else await gone.kill();
        await front.sleep(key);
        await step(key, 1);
        await step(key, 2);
        const missed = (await heard(stayed)).slice(known);
        const greeted = (await heard(away)).length;
        // null is as if it were left out.
        const resumed = await (how === 'closed' ? resume(away, token, null) : resume(away, token));
        expect(resumed.recovered).toBe(true);
        const replayed = (await heard(away)).slice(greeted).filter(isDurable);
        expect(replayed.length).toBe(resumed.replayed);
        expect(replayed.slice(-missed.length)).toStrictEqual(missed);
        await stop(stayed, away);
      },
    );
  });

  test('behind what was missed comes the latest progress of each task that runs', async () => {
    const key = await keyFor();
    await Promise.all([start(key, 0), start(key, 0, 'ended')]);
    const away = await follower(key, { protocol });
    await away.invoke('SubscribeToTask', 'ended');
    const token = await tokenOf(away);
    const lastSeen = idOf((await heard(away)).at(-1));
    await stop(away);
    for (const percent of [10, 20, 30]) {
      await progress(key, percent);
      await progress(key, percent, 'ended');
    }
    await start(key, 1);
    await front.tell(key, 'TaskCancelled', { taskId: 'ended' });
    await progress(key, 40);
    const back = await connect('tasks', key, { protocol });
    await expect(resume(back, token, lastSeen)).resolves.toMatchObject({ recovered: true, replayed: 2 });
    expect((await heard(back)).map((event) => event.slice(0, -1))).toStrictEqual([
      ['TaskStarted', 't', 'x', { step: 1 }],
      ['TaskCancelled', 'ended', null],
      ['TaskProgress', 't', 40, null],
    ]);
    await stop(back);
  });

  test.each([
    ['VideoGenerationHub', 'video-generation', 'SubscribeToRequest', 'Video', 'requestId'],
    ['ImageGenerationHub', 'image-generation', 'SubscribeToTask', 'Image', 'taskId'],
  ] as const)('the latest progress comes at %s too', async (_, route, method, name, id) => {
    const key = await keyFor();
    await front.tell(key, `${name}Started`, { [id]: 'm' });
    const away = await connect(route, key, { protocol });
    await away.invoke(method, 'm');
    const token = await tokenOf(away);
    const lastSeen = idOf((await heard(away)).at(-1));
    await stop(away);
    for (const percentage of [10, 20]) await front.tell(key, `${name}Progress`, { [id]: 'm', percentage, status: 's' });
    const back = await connect(route, key, { protocol });
    await expect(resume(back, token, lastSeen)).resolves.toMatchObject({ recovered: true, replayed: 0 });
    const [told, ...more] = await heard(back);
    expect(told).toMatchObject([`${name}Progress`, { [id]: 'm', percentage: 20, status: 's' }]);
    expect(more).toEqual([]);
    await stop(back);
  });
});

test('who follows a type of tasks gets the latest progress of those that run, as who follows the task does', async () => {
  const key = await keyFor();
  await start(key, 0);
  const away = await connect('tasks', key);
  await away.invoke('SubscribeToTaskType', 'x');
  const token = await tokenOf(away);
  await stop(away);
  await progress(key, 40);
  const back = await connect('tasks', key);
  await resume(back, token);
  expect((await heard(back)).map((event) => event.slice(0, 3))).toContainEqual(['TaskProgress', 't', 40]);
  await stop(back);
});

test('a client that closes while it is being told, and does not say what it saw, misses nothing', async () => {
  const key = await keyFor();
  for (const round of [1, 2, 3]) {
    const client = await connect('tasks', key);
    await client.invoke('SubscribeToTaskType', '*');
    const token = await tokenOf(client);
    const ids = Array.from({ length: 40 }, (_, index) => `task ${index} of round ${round}`);
    const telling = ids.map((taskId) => start(key, 0, taskId));
    await client.events.next();
    await stop(client);
    const seen = client.events.all.map(([, id]) => id);
    await Promise.all(telling);
    const back = await connect('tasks', key);
    await resume(back, token);
    const replayed = (await heard(back)).map(([, id]) => id);
    expect(ids.filter((id) => !seen.includes(id) && !replayed.includes(id))).toEqual([]);
    await stop(back);
  }
});

test('groups are as they were at last: those left are not restored, those joined after the token are', async () => {
  const key = await keyFor();
  for (const id of ['t', 'left', 'joined']) await start(key, 0, id);
  const away = await follower(key);
  await away.invoke('SubscribeToTask', 'left');
  const token = await tokenOf(away);
  await away.invoke('UnsubscribeFromTask', 'left');
  await away.invoke('SubscribeToTask', 'joined');
  const lastSeen = idOf((await heard(away)).at(-1));
  await stop(away);
  for (const id of ['t', 'left', 'joined']) await start(key, 1, id);
  const back = await connect('tasks', key);
  await expect(resume(back, token, lastSeen)).resolves.toMatchObject({ recovered: true, replayed: 2 });
  for (const id of ['left', 't', 'joined']) await front.tell(key, 'TaskCompleted', { taskId: id });
  expect((await heard(back)).map(([name, id]) => `${name} ${id}`)).toEqual([
    'TaskStarted t',
    'TaskStarted joined',
    'TaskCompleted t',
    'TaskCompleted joined',
  ]);
  await stop(back);
});

test('who resumed may be cut off again, and resumes from there', async () => {
  const key = await keyFor();
  await start(key, 0);
  let client = await follower(key);
  let lastSeen = idOf((await heard(client)).at(-1));
  for (let round = 1; round <= 3; round++) {
    const token = await tokenOf(client);
    await stop(client);
    await front.sleep(key);
    await start(key, round);
    client = await connect('tasks', key);
    await expect(resume(client, token, lastSeen)).resolves.toMatchObject({ recovered: true, replayed: 1 });
    const [told, ...more] = await heard(client);
    expect(told?.slice(0, -1)).toStrictEqual(['TaskStarted', 't', 'x', { step: round }]);
    expect(more).toEqual([]);
    lastSeen = idOf(told);
  }
  await stop(client);
});

test('what everybody was told while nobody of the key was connected is replayed too', async () => {
  const key = await keyFor();
  for (const route of ['notifications', 'navigation-state'] as const) {
    const away = await connect(route, key);
    await front.announce('ModelMappingChanged', { model: 'seen' });
    const lastSeen = idOf(await away.events.next());
    const token = await tokenOf(away);
    await stop(away);
    await untilOffline(key);
    const models = [1, 2, 3].map((number) => `missed ${number}`);
    for (const model of models) await front.announce('ModelMappingChanged', { model });
    const back = await connect(route, key);
    const resumed = await resume(back, token, lastSeen);
    expect([route, resumed.replayed, resumed.recovered]).toEqual([route, 3, true]);
    expect((await heard(back)).map(([name, model]) => [name, model])).toEqual(
      models.map((model) => ['ModelMappingChanged', model]),
    );
    await stop(back);
    await untilOffline(key);
  }
});

test('what the key’s preferences do not want is not replayed', async () => {
  const key = await keyFor();
  const away = await connect('notifications', key);
  const token = await tokenOf(away);
  await stop(away);
  const stayed = await connect('notifications', key);
  await front.announce('ServiceRestored', { service: 'unwanted' });
  await front.announce('ServiceDegraded', { service: 'wanted', reason: 'r' });
  await stayed.events.find('the last of them', ([name]) => name === 'ServiceDegraded');
  await stayed.invoke('UpdatePreferences', { enabledTypes: ['service_degradation'], minimumPriority: 'High' });
  const back = await connect('notifications', key);
  await resume(back, token);
  expect((await heard(back)).map(([name, service]) => [name, service])).toEqual([['ServiceDegraded', 'wanted']]);
  await stop(stayed, back);
});

test('what one connection missed, another one of the key is not sent', async () => {
  const key = await keyFor();
  await start(key, 0);
  const [away, other] = await Promise.all([follower(key), follower(key)]);
  const token = await tokenOf(away);
  await stop(away);
  await start(key, 1);
  const known = (await heard(other)).length;
  const back = await connect('tasks', key);
  await resume(back, token);
  expect((await heard(other)).length).toBe(known);
  await stop(back, other);
});

test('a connection that hangs is closed when another one takes its place', async () => {
  const key = await keyFor();
  await start(key, 0);
  const hanging = await follower(key);
  const token = await tokenOf(hanging);
  const back = await connect('tasks', key);
  await resume(back, token);
  await hanging.end();
  await expect(start(key, 1)).resolves.toMatchObject({ recipients: 1 });
  await stop(back);
});

describe('a token is refused', () => {
  test('that was used', async () => {
    const key = await keyFor();
    await start(key, 0);
    const away = await follower(key);
    const token = await tokenOf(away);
    await stop(away);
    const [first, second] = await Promise.all([connect('tasks', key), connect('tasks', key)]);
    await resume(first, token);
    await expect(resume(second, token)).rejects.toThrow(INVALID);
    await expect(resume(first, token)).rejects.toThrow(INVALID);
    await expect(start(key, 1)).resolves.toMatchObject({ recipients: 1 });
    await stop(first, second);
  });

  test('that several use at once, but by one of them', async () => {
    const key = await keyFor();
    await start(key, 0);
    const away = await follower(key);
    const token = await tokenOf(away);
    await stop(away);
    const clients = await Promise.all(Array.from({ length: 4 }, () => connect('tasks', key)));
    const outcomes = await Promise.allSettled(clients.map((client) => resume(client, token)));
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected']);
    await expect(start(key, 1)).resolves.toMatchObject({ recipients: 1 });
    await stop(...clients);
  });

  test('that is another key’s or another hub’s, and stays good for who has it', async () => {
    const [key, other] = await Promise.all([keyFor(), keyFor()]);
    await start(key, 0);
    const away = await follower(key);
    const token = await tokenOf(away);
    await stop(away);
    const [neighbor, video, own] = await Promise.all([
      connect('tasks', other),
      connect('video-generation', key),
      connect('tasks', key),
    ]);
    await expect(resume(neighbor, token)).rejects.toThrow(INVALID);
    await expect(resume(video, token)).rejects.toThrow(INVALID);
    await expect(start(key, 1)).resolves.toMatchObject({ recipients: 0 });
    await expect(resume(own, token)).resolves.toMatchObject({ recovered: true });
    await expect(heard(neighbor)).resolves.toEqual([]);
    await stop(neighbor, video, own);
  });

  test('that is nobody’s, or the connection’s own', async () => {
    const key = await keyFor();
    await start(key, 0);
    const away = await follower(key);
    const { connectionId, resumeToken } = await away.invoke<ResumeToken>('GetResumeToken');
    const client = await connect('tasks', key);
    const end = resumeToken.endsWith('0') ? '1' : '0';
    for (const garbage of [
      '',
      ' ',
      '.',
      'nonsense',
      7,
      null,
      connectionId,
      `${connectionId}.`,
      `${connectionId}.${'0'.repeat(48)}`,
      resumeToken.slice(0, -1),
      resumeToken.slice(0, -1) + end,
      `${resumeToken}0`,
      'x'.repeat(10_000),
      await tokenOf(client),
    ]) {
      await expect(resume(client, garbage)).rejects.toThrow(INVALID);
    }
    // Whoever guesses closes nobody's connection.
    await expect(start(key, 1)).resolves.toMatchObject({ recipients: 1 });
    await expect(resume(client, resumeToken)).resolves.toMatchObject({ recovered: true });
    await away.end();
    await stop(client);
  });

  test('by a client token that allows less than what had it, and by no other', async () => {
    const key = await keyFor();
    for (const id of ['a', 'b']) await start(key, 0, id);
    const as = async (restrictions: object | undefined) => {
      const secret = restrictions === undefined ? key.key : await front.clientToken(key, restrictions);
      return connect('tasks', { ...key, key: secret });
    };
    for (const [had, has, mayResume] of [
      [undefined, { taskIds: ['a'] }, false],
      [undefined, { taskTypes: ['x'] }, false],
      [{ taskIds: ['a', 'b'] }, { taskIds: ['a'] }, false],
      [{ taskIds: ['a'] }, { taskIds: ['b'] }, false],
      [{ taskIds: ['a'] }, { taskIds: ['a'] }, true],
      [{ taskIds: ['a'] }, { taskIds: ['a', 'b'] }, true],
      [{ taskIds: ['a'] }, undefined, true],
    ]) {
      const away = await as(had as object | undefined);
      await away.invoke('SubscribeToTask', 'a');
      const token = await tokenOf(away);
      await stop(away);
      const back = await as(has as object | undefined);
      if (mayResume) {
        await expect(resume(back, token)).resolves.toMatchObject({ recovered: true });
        await expect(progress(key, 1, 'a')).resolves.toMatchObject({ status: 'delivered', recipients: 1 });
      } else {
        await expect(resume(back, token)).rejects.toThrow(INVALID);
        await expect(progress(key, 1, 'a')).resolves.toMatchObject({ status: 'delivered', recipients: 0 });
      }
      await stop(back);
    }
  });
});

test('what is replayed comes before the invocation completes', async () => {
  const key = await keyFor();
  await start(key, 0);
  const away = await follower(key);
  const token = await tokenOf(away);
  await stop(away);
  await start(key, 1);
  await progress(key, 5);
  const records = await answersTo(front, 'tasks', key, 'json', 'Resume', token);
  expect(records.map(([name]) => name)).toEqual(['TaskStarted', 'TaskProgress', 'completion']);
});
