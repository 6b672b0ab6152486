// Resume after a power cut: the whole process group is killed and started again on the same folder, and clients miss nothing.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Key } from '../harness/edge.ts';
import { EdgeProcess } from '../harness/edgeProcess.ts';
import { heard, KEY_HUBS, type KeyRoute, refusal } from '../harness/keyHubs.ts';
import type { OfficialClient } from '../harness/officialClient.ts';

let folder: string;
let front: EdgeProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conduit-edge-resume-'));
  front = await EdgeProcess.start(folder);
});

afterAll(async () => {
  await front?.kill();
  await rm(folder, { recursive: true, force: true });
});

async function powerCut(): Promise<void> {
  const { port } = front;
  await front.kill();
  front = await EdgeProcess.start(folder, port);
}

interface Resumed {
  recovered: boolean;
  restoredGroups: string[];
  replayed: number;
}

const URL = 'https://example.com/hook';

/** What a client subscribes to at a hub, and how the steps happen there that it is told of. */
const SCENES: [
  route: KeyRoute,
  subscription: [string, unknown] | undefined,
  type: string,
  data: object,
  step: string,
][] = [
  ['tasks', ['SubscribeToTask', 'task'], 'TaskStarted', { taskId: 'task', taskType: 'x' }, 'metadata'],
  ['video-generation', ['SubscribeToRequest', 'video'], 'VideoStarted', { requestId: 'video' }, 'estimatedSeconds'],
  ['image-generation', ['SubscribeToTask', 'image'], 'ImageStarted', { taskId: 'image' }, 'estimatedSeconds'],
  [
    'webhooks',
    ['SubscribeToWebhooks', ['*']],
    'WebhookDeliveryAttempted',
    { deliveryId: 'd', url: URL, eventType: 'e' },
    'attempt',
  ],
  [
    'notifications',
    undefined,
    'RateLimitWarning',
    { endpoint: '/v1', resetTime: '2026-01-31T12:01:00.000Z' },
    'remaining',
  ],
];

const connect = (route: KeyRoute, key: Key) =>
  front.officialAt(route, key, KEY_HUBS[route].events, { query: 'meta=1' });

const tokenOf = async (client: OfficialClient) =>
  (await client.invoke<{ resumeToken: string }>('GetResumeToken')).resumeToken;

const idOf = (event: unknown[] = []) => (event.at(-1) as { eventId: string }).eventId;

test('clients of every hub get what came after the last event that they saw, before and after the cut', async () => {
  const key = await front.createKey();
  for (const [taskId, taskType] of [
    ['task', 'x'],
    ['video', 'video'],
    ['image', 'image'],
  ]) {
    await front.tell(key, 'TaskRegistered', { taskId, taskType });
  }
  const happen = async (number: number) => {
    for (const [, , type, data, step] of SCENES) await front.tell(key, type, { ...data, [step]: number });
  };
  const away = await Promise.all(
    SCENES.map(async ([route, subscription]) => {
      const client = await connect(route, key);
      if (subscription !== undefined) await client.invoke(...subscription);
      return { route, client, token: await tokenOf(client) };
    }),
  );
  for (const number of [1, 2, 3]) await happen(number);
  const seen = await Promise.all(away.map(({ client }) => heard(client)));
  expect(seen.map(({ length }) => length)).toEqual(SCENES.map(() => 3));

  await powerCut();
  await happen(4);

  for (const [index, { route, token }] of away.entries()) {
    const before = seen[index] ?? [];
    const back = await connect(route, key);
    const resumed = await back.invoke<Resumed>('Resume', token, idOf(before[0]));
    expect([route, resumed.recovered, resumed.replayed]).toEqual([route, true, 3]);
    const told = await heard(back);
    // The second and the third as they were told before the cut, then what came after it.
    expect(told.slice(0, 2)).toStrictEqual(before.slice(1));
    expect(told).toHaveLength(3);
    expect(JSON.stringify(told[2])).toMatch(/[:,]4[,}]/);
    await back.stop();
  }
});

test('a client that does not say what it saw misses nothing, and a token that was used stays used', async () => {
  const key = await front.createKey();
  const start = (number: number) =>
    front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'x', metadata: { number } });
  await start(0);
  const away = await connect('tasks', key);
  await away.invoke('SubscribeToTask', 't');
  const token = await tokenOf(away);
  await start(1);
  await powerCut();
  await start(2);
  await front.tell(key, 'TaskProgress', { taskId: 't', percentComplete: 5 });
  const back = await connect('tasks', key);
  const resumed = await back.invoke<Resumed>('Resume', token);
  expect(resumed.recovered).toBe(true);
  const told = (await heard(back)).map((event) => event.slice(0, -1));
  expect(told).toContainEqual(['TaskStarted', 't', 'x', { number: 2 }]);
  expect(told.at(-1)).toStrictEqual(['TaskProgress', 't', 5, null]);
  await powerCut();
  const late = await connect('tasks', key);
  await expect(late.invoke('Resume', token)).rejects.toThrow(refusal('Resume', 'Invalid resume token'));
  await expect(heard(late)).resolves.toEqual([]);
  await late.stop();
});
