// A connection reads events in one dialect: the contract's own, the original system's or the implementation guide's.
// Each event of the hubs that a virtual key opens is told in all three, under one name and in one shape.

import { describe, expect, test } from 'vitest';
import {
  connectIn,
  DIALECTS,
  meta,
  rateLimit,
  SCENES,
  type Scene,
  type Step,
  toldIn,
  URL,
  VIDEO,
  WEBHOOKS,
} from '../harness/dialectScenes.ts';
import { edge, type Key } from '../harness/edge.ts';
import { answersTo, heard, KEY_HUBS, type KeyRoute } from '../harness/keyHubs.ts';
import type { OfficialClient } from '../harness/officialClient.ts';
import { PROTOCOLS } from '../harness/protocol.ts';
import { RawClient } from '../harness/rawClient.ts';

const front = edge();

/** A key with a video or image `v` that may be subscribed to. */
async function keyFor({ route }: Scene): Promise<Key> {
  const key = await front.createKey();
  const taskType = { 'video-generation': 'video', 'image-generation': 'image' }[route as string];
  if (taskType !== undefined) await front.tell(key, 'TaskRegistered', { taskId: 'v', taskType });
  return key;
}

describe.each(PROTOCOLS)('in %s', (protocol) => {
  test.each(SCENES)('%s is told in each dialect by its names, in its shapes, and once', async (_, scene) => {
    const { route, subscription, steps } = scene;
    const key = await keyFor(scene);
    const clients = await Promise.all(DIALECTS.map((dialect) => connectIn(dialect, protocol, front, route, key)));
    if (subscription !== undefined) for (const client of clients) await client.invoke(...subscription);
    for (const step of steps) {
      await step.happens(front, key);
      for (const client of clients) await client.events.next();
    }
    for (const [index, dialect] of DIALECTS.entries()) {
      const told = await heard(clients[index] as OfficialClient);
      expect([dialect, told]).toStrictEqual([dialect, steps.map((step) => toldIn(step, dialect))]);
    }
    await Promise.all(clients.map((client) => client.stop()));
  });

  test.each(DIALECTS)('a snapshot is in %s as well', async (dialect) => {
    const key = await keyFor(VIDEO);
    const [started, progress] = VIDEO.steps as [Step, Step];
    await started.happens(front, key);
    await progress.happens(front, key);
    const client = await connectIn(dialect, protocol, front, 'video-generation', key);
    await client.invoke('SubscribeToRequest', 'v');
    expect(client.events.all).toStrictEqual([toldIn(started, dialect), toldIn(progress, dialect)]);
    await client.stop();
  });

  test.each(DIALECTS)('what is replayed is in %s as well, whatever it was told in before', async (dialect) => {
    const key = await front.createKey();
    const before = await connectIn(dialect === 'conduit' ? 'guide' : 'conduit', protocol, front, 'webhooks', key);
    await before.invoke('SubscribeToWebhooks', [URL]);
    const { resumeToken } = await before.invoke<{ resumeToken: string }>('GetResumeToken');
    await before.stop();
    for (const step of WEBHOOKS.steps) await step.happens(front, key);
    await front.sleep(key);
    const client = await connectIn(dialect, protocol, front, 'webhooks', key);
    await client.invoke('Resume', resumeToken);
    expect(client.events.all).toStrictEqual(WEBHOOKS.steps.map((step) => toldIn(step, dialect)));
    await client.stop();
  });

  test.each(DIALECTS)('a connection in %s keeps to it while its key sleeps', async (dialect) => {
    const key = await keyFor(VIDEO);
    const client = await connectIn(dialect, protocol, front, 'video-generation', key);
    await client.invoke('SubscribeToTask', 'v');
    for (const step of VIDEO.steps) {
      await front.sleep(key);
      await step.happens(front, key);
      await expect(client.events.next()).resolves.toStrictEqual(toldIn(step, dialect));
    }
    await client.stop();
  });

  test('preferences are told in the original’s dialect with the number of the priority, and taken so', async () => {
    const key = await front.createKey();
    const clients = await Promise.all(
      DIALECTS.map((dialect) => connectIn(dialect, protocol, front, 'notifications', key)),
    );
    for (const client of clients) {
      // As the original system's clients write them.
      await client.invoke('UpdatePreferences', { enabledTypes: ['rate_limit'], minimumPriority: 2 });
    }
    const told = await Promise.all(clients.map(heard));
    const preferences = { enabledTypes: ['rate_limit'], minimumPriority: 'High' };
    expect(told).toStrictEqual([
      [['PreferencesUpdated', preferences]],
      [['PreferencesUpdated', { ...preferences, minimumPriority: 2, ...meta }]],
      [['PreferencesUpdated', preferences]],
    ]);
    await Promise.all(clients.map((client) => client.stop()));
  });

  test('a navigation state is the same in every dialect', async () => {
    const key = await front.createKey();
    const clients = await Promise.all(
      DIALECTS.map((dialect) => connectIn(dialect, protocol, front, 'navigation-state', key)),
    );
    const sender = await connectIn('contract', protocol, front, 'navigation-state', key);
    const state = { page: 'chat', priority: 'High' };
    await sender.invoke('UpdateNavigation', state);
    for (const client of clients) {
      await expect(client.events.next()).resolves.toStrictEqual(['NavigationUpdated', state]);
      await expect(heard(client)).resolves.toHaveLength(1);
    }
    await Promise.all([sender, ...clients].map((client) => client.stop()));
  });
});

describe('a task that timed out without a deadline', () => {
  test('has a whole number of seconds in the original’s dialect all the same', async () => {
    const key = await front.createKey();
    const client = await connectIn('conduit', 'json', front, 'tasks', key);
    await client.invoke('SubscribeToTaskType', '*');
    await front.tell(key, 'TaskTimedOut', { taskId: 't' });
    await expect(client.events.next()).resolves.toStrictEqual(['TaskTimedOut', 't', expect.any(Number)]);
    await client.stop();
  });
});

test('in the original’s dialect the times and ids that an event has several names for are the same', async () => {
  const key = await keyFor(VIDEO);
  const [video, system] = await Promise.all([
    connectIn('conduit', 'json', front, 'video-generation', key),
    connectIn('conduit', 'json', front, 'notifications', key),
  ]);
  await video.invoke('SubscribeToTask', 'v');
  await front.tell(key, 'VideoStarted', { requestId: 'v' }, { correlationid: 'c-1' });
  const [, started] = (await video.events.next()) as unknown as [string, Record<string, string>];
  expect(started.startedAt).toBe(started.timestamp);
  expect(started.correlationId).toBe('c-1');
  await rateLimit(7, 2, 90).happens(front, key);
  const [, warning] = (await system.events.next()) as unknown as [string, Record<string, string>];
  expect(warning.id).toBe(warning.eventId);
  await Promise.all([video.stop(), system.stop()]);
});

describe('?meta=1', () => {
  test.each(DIALECTS)(
    'in %s adds a last argument to events that have no such members of their own',
    async (dialect) => {
      const key = await keyFor(VIDEO);
      const withMeta = (route: KeyRoute) => connectIn(dialect, 'json', front, route, key, 'meta=1');
      const [video, tasks, system] = await Promise.all([
        withMeta('video-generation'),
        withMeta('tasks'),
        withMeta('notifications'),
      ]);
      await video.invoke('SubscribeToRequest', 'v');
      await tasks.invoke('SubscribeToTask', 'v');
      const [started] = VIDEO.steps as [Step];
      await front.tell(
        key,
        'VideoStarted',
        { requestId: 'v', provider: 'replicate', model: 'minimax-video', estimatedSeconds: 90 },
        { correlationid: 'c-1' },
      );
      const [name, object] = toldIn(started, dialect);
      const correlated = { ...meta, correlationId: 'c-1' };
      await expect(video.events.next()).resolves.toStrictEqual([name, { ...(object as object), ...correlated }]);
      const metadata = expect.objectContaining({ provider: 'replicate' });
      await expect(tasks.events.next()).resolves.toStrictEqual(['TaskStarted', 'v', 'video', metadata, correlated]);
      await front.tell(key, 'TaskFailed', { taskId: 'v', error: 'no luck' });
      const last = dialect === 'conduit' ? false : null;
      await expect(tasks.events.next()).resolves.toStrictEqual(['TaskFailed', 'v', 'no luck', last, meta]);
      const warning = rateLimit(7, 2, 90);
      await warning.happens(front, key);
      // The original's one object has them.
      const expected = dialect === 'conduit' ? warning.conduit : [...warning.contract, meta];
      await expect(system.events.next()).resolves.toStrictEqual(expected);
      await Promise.all([video, tasks, system].map((client) => client.stop()));
    },
  );

  test.each(['meta=0', 'meta=', 'meta=true'])('but %s adds nothing', async (query) => {
    const key = await front.createKey();
    const client = await front.official(key, { query });
    await client.invoke('SubscribeToTaskType', '*');
    await front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'x' });
    await expect(client.events.next()).resolves.toStrictEqual(['TaskStarted', 't', 'x', {}]);
    await client.stop();
  });
});

describe('?dialect=', () => {
  test.each(['klingon', '', 'conduit,guide', 'contract1'])(
    '%j is refused with 400, before anything is opened',
    async (name) => {
      const key = await front.createKey();
      const query = `dialect=${encodeURIComponent(name)}`;
      const headers = { authorization: `Bearer ${key.key}` };
      for (const route of Object.keys(KEY_HUBS)) {
        const response = await fetch(`${front.url}/hubs/${route}/negotiate?negotiateVersion=1&${query}`, {
          method: 'POST',
          headers,
        });
        expect([route, response.status]).toEqual([route, 400]);
      }
      const upgrade = await RawClient.refusal(`${front.url}/hubs/tasks?${query}`, headers);
      expect(upgrade.status).toBe(400);
      const record = (await (await front.admin('GET', `/v1/admin/keys/${key.id}`)).json()) as { connections: number };
      expect(record.connections).toBe(0);
    },
  );

  test('is chosen by the connection, whether or not it negotiated', async () => {
    const key = await keyFor(VIDEO);
    await (VIDEO.steps[0] as Step).happens(front, key);
    const raw = await RawClient.connect(`${front.url}/hubs/video-generation?dialect=conduit`, 'json', {
      authorization: `Bearer ${key.key}`,
    });
    await raw.invoke('SubscribeToTask', 'v');
    expect(raw.records.all.map((record) => ('target' in record ? record.target : 'completion'))).toEqual([
      'VideoGenerationStarted',
      'completion',
    ]);
    await raw.close(1000);
    // One connection's dialect is not another's.
    const told = await answersTo(front, 'video-generation', key, 'json', 'SubscribeToTask', 'v');
    expect(told.map(([name]) => name)).toEqual(['VideoStarted', 'completion']);
  });
});
