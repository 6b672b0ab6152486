// VideoGenerationHub: who subscribes to a video hears how its making goes, and nobody else does.

import { describe, expect, test } from 'vitest';
import { cloudEvent } from '../harness/cloudEvents.ts';
import { edge, type Key } from '../harness/edge.ts';
import { answersTo, heard, KEY_HUBS, META, refusal, TRACES } from '../harness/keyHubs.ts';
import type { ClientOptions, OfficialClient } from '../harness/officialClient.ts';
import { PROTOCOLS } from '../harness/protocol.ts';

const front = edge();

const ROUTE = 'video-generation';
const { events } = KEY_HUBS[ROUTE];

/** The three names of one subscription: to subscribe, to unsubscribe, and how a video of nobody's is refused. */
const NAMES = [
  ['SubscribeToRequest', 'UnsubscribeFromRequest', 'Unauthorized access to request'],
  ['SubscribeToVideoGeneration', 'UnsubscribeFromVideoGeneration', 'Access denied to video generation request'],
  ['SubscribeToTask', 'UnsubscribeFromTask', 'Unauthorized access to task'],
] as const;

const connect = (key: Key, options: ClientOptions & { query?: string } = {}) =>
  front.officialAt(ROUTE, key, events, options);

/** A key with a video that is known and did not begin. */
async function keyWithVideo(requestId: string | number = 'v'): Promise<Key> {
  const key = await front.createKey();
  await front.tell(key, 'TaskRegistered', { taskId: requestId, taskType: 'video' });
  return key;
}

/** A client that follows the video `v` of a key. */
async function follower(key: Key, options?: ClientOptions): Promise<OfficialClient> {
  const client = await connect(key, options);
  await client.invoke('SubscribeToRequest', 'v');
  return client;
}

const meta = {
  timestamp: expect.stringMatching(META.timestamp),
  eventId: expect.stringMatching(META.eventId),
};

const STARTED = { requestId: 'v', provider: 'replicate', model: 'minimax-video', estimatedSeconds: 90 };
const PROGRESS = { requestId: 'v', percentage: 42.5, status: 'rendering', framesCompleted: 51, totalFrames: 120 };

describe.each(PROTOCOLS)('in %s', (protocol) => {
  describe.each(NAMES)('%s', (subscribe, unsubscribe, unauthorized) => {
    test.each([
      ['blank', ' \t'],
      ['empty', ''],
      ['null', null],
    ])('refuses an id that is %s', async (_, id) => {
      const client = await connect(await keyWithVideo(), { protocol });
      await expect(client.invoke(subscribe, id)).rejects.toThrow(refusal(subscribe, 'Request ID is required'));
      await client.stop();
    });

    test('refuses a video that is unknown, another key’s, or no video, as if there were none', async () => {
      const [key, other] = await Promise.all([keyWithVideo('mine'), keyWithVideo('theirs')]);
      await front.tell(other, 'VideoStarted', { requestId: 'began' });
      await front.tell(key, 'ImageStarted', { taskId: 'image' });
      const client = await connect(key, { protocol });
      for (const id of ['unknown', 'MINE', 'theirs', 'began', 'image', 7]) {
        await expect(client.invoke(subscribe, id)).rejects.toThrow(refusal(subscribe, unauthorized));
      }
      await client.stop();
    });

    test('refuses a video that the client’s token does not name', async () => {
      const key = await keyWithVideo('named');
      await front.tell(key, 'TaskRegistered', { taskId: 'unnamed', taskType: 'video' });
      const token = await front.clientToken(key, { taskIds: ['named'] });
      const client = await connect({ ...key, key: token }, { protocol });
      await client.invoke(subscribe, 'named');
      await expect(client.invoke(subscribe, 'unnamed')).rejects.toThrow(refusal(subscribe, unauthorized));
      await client.stop();
    });

    test('joins who is told, until any of the names ends it', async () => {
      const key = await keyWithVideo();
      const client = await connect(key, { protocol });
      const others = NAMES.map(([, name]) => name).filter((name) => name !== unsubscribe);
      let percentage = 0;
      for (const end of [unsubscribe, ...others]) {
        await client.invoke(subscribe, 'v');
        const told = await front.tell(key, 'VideoProgress', { requestId: 'v', percentage: ++percentage, status: 's' });
        expect(told.recipients).toBe(1);
        await client.invoke(end, 'v');
        const untold = await front.tell(key, 'VideoProgress', {
          requestId: 'v',
          percentage: ++percentage,
          status: 's',
        });
        expect(untold.recipients).toBe(0);
      }
      // Once told, and once more in the snapshot of each later subscription.
      const percentages = (await heard(client)).map(([, event]) => (event as { percentage: number }).percentage);
      expect(percentages).toEqual([1, 2, 3, 4, 5]);
      await client.stop();
    });

    test(`has ${unsubscribe} that refuses nothing`, async () => {
      const client = await connect(await front.createKey(), { protocol });
      for (const id of ['never', '', ' ', null, 7, 'x'.repeat(300)]) {
        await expect(client.invoke(unsubscribe, id)).resolves.toBeNull();
      }
      await client.stop();
    });
  });

  test.each([
    ['VideoStarted', { provider: 'replicate', model: 'minimax-video', estimatedSeconds: 90 }, {}],
    ['VideoStarted', {}, {}],
    [
      'VideoProgress',
      { percentage: 42.5, status: 'rendering', message: 'frame 51', framesCompleted: 51, totalFrames: 120 },
      {},
    ],
    ['VideoProgress', { percentage: 0, status: 'queued' }, {}],
    [
      'VideoCompleted',
      {
        videoUrl: 'https://media.example.com/1.mp4',
        previewUrl: 'https://media.example.com/1.jpg',
        durationSeconds: 6,
        resolution: '1280x720',
        fileSize: 2_048_000,
        cost: '0.2500000001',
        provider: 'replicate',
        model: 'minimax-video',
      },
      { cost: 0.2500000001 },
    ],
    ['VideoCompleted', { videoUrl: 'https://media.example.com/1.mp4' }, {}],
    [
      'VideoFailed',
      {
        error: 'the provider refused the prompt',
        errorCode: 'content_policy',
        isRetryable: true,
        retryCount: 1,
        maxRetries: 3,
        nextRetryAt: '2026-01-31T12:00:00Z',
      },
      { nextRetryAt: '2026-01-31T12:00:00.000Z' },
    ],
    ['VideoFailed', { error: 'no luck', isRetryable: false }, {}],
    ['VideoCancelled', { reason: 'by its owner' }, {}],
    ['VideoCancelled', {}, {}],
  ])('%s %j arrives as one object with what it is and its metadata', async (name, data, rendered) => {
    const key = await keyWithVideo();
    const client = await follower(key, { protocol });
    await front.tell(key, name, { requestId: 'v', ...data }, { correlationid: 'c-1' });
    const event = await client.events.next();
    expect(event).toStrictEqual([name, { requestId: 'v', ...data, ...rendered, ...meta, correlationId: 'c-1' }]);
    await client.stop();
  });

  test('an event without a correlation has none, and a number for an id is text', async () => {
    const key = await keyWithVideo(7);
    const client = await connect(key, { protocol });
    await client.invoke('SubscribeToRequest', 7);
    await front.tell(key, 'VideoStarted', { requestId: 7 });
    await expect(client.events.next()).resolves.toStrictEqual(['VideoStarted', { requestId: '7', ...meta }]);
    await client.stop();
  });

  test('who subscribes reads where the video stands before the subscription completes', async () => {
    const started = ['VideoStarted', { ...STARTED, ...meta }];
    const progress = ['VideoProgress', { ...PROGRESS, percentage: 60, ...meta }];
    const completed = ['VideoCompleted', { requestId: 'v', videoUrl: 'https://media.example.com/1.mp4', ...meta }];
    const key = await keyWithVideo();
    const snapshot = () => answersTo(front, ROUTE, key, protocol, 'SubscribeToRequest', 'v');
    await expect(snapshot()).resolves.toStrictEqual([['completion']]);
    await front.tell(key, 'VideoStarted', STARTED);
    await expect(snapshot()).resolves.toStrictEqual([started, ['completion']]);
    await front.tell(key, 'VideoProgress', PROGRESS);
    await front.tell(key, 'VideoProgress', { ...PROGRESS, percentage: 60 });
    await expect(snapshot()).resolves.toStrictEqual([started, progress, ['completion']]);
    await front.tell(key, 'VideoCompleted', { requestId: 'v', videoUrl: 'https://media.example.com/1.mp4' });
    await expect(snapshot()).resolves.toStrictEqual([started, completed, ['completion']]);
    await front.sleep(key);
    await expect(snapshot()).resolves.toStrictEqual([started, completed, ['completion']]);
  });

  test.each([
    ['VideoFailed', { requestId: 'v', error: 'no luck', isRetryable: false }],
    ['VideoCancelled', { requestId: 'v', reason: 'by its owner' }],
  ])('the snapshot of a video that ended by %s is its start and that', async (name, data) => {
    const key = await front.createKey();
    await front.tell(key, 'VideoStarted', STARTED);
    await front.tell(key, 'VideoProgress', PROGRESS);
    await front.tell(key, name, data);
    await expect(answersTo(front, ROUTE, key, protocol, 'SubscribeToTask', 'v')).resolves.toStrictEqual([
      ['VideoStarted', { ...STARTED, ...meta }],
      [name, { ...data, ...meta }],
      ['completion'],
    ]);
  });
});

test('only who subscribed to that video is told, and each connection once, also after a sleep', async () => {
  const key = await keyWithVideo();
  await front.tell(key, 'TaskRegistered', { taskId: 'other', taskType: 'video' });
  const [json, messagepack, idle] = await Promise.all([
    follower(key),
    follower(key, { protocol: 'messagepack' }),
    connect(key),
  ]);
  for (const [method] of NAMES) await json.invoke(method, 'v');
  await front.sleep(key);
  await expect(front.tell(key, 'VideoStarted', STARTED)).resolves.toMatchObject({ recipients: 2 });
  await expect(front.tell(key, 'VideoStarted', { requestId: 'other' })).resolves.toMatchObject({ recipients: 0 });
  for (const client of [json, messagepack]) {
    await expect(heard(client)).resolves.toStrictEqual([['VideoStarted', { ...STARTED, ...meta }]]);
  }
  await expect(heard(idle)).resolves.toEqual([]);
  await Promise.all([json, messagepack, idle].map((client) => client.stop()));
});

test('a snapshot goes to who asked for it only', async () => {
  const key = await keyWithVideo();
  const early = await follower(key);
  await front.tell(key, 'VideoStarted', STARTED);
  const late = await follower(key);
  await expect(heard(early)).resolves.toHaveLength(1);
  await expect(heard(late)).resolves.toHaveLength(1);
  await Promise.all([early.stop(), late.stop()]);
});

test('ids of events are unique, and sort as the events came', async () => {
  const key = await keyWithVideo();
  const client = await follower(key);
  const steps = Array.from({ length: 20 }, (_, index) => index);
  await front.publish(
    steps.map((percentage) => cloudEvent(key.id, 'VideoProgress', { requestId: 'v', percentage, status: 's' })),
  );
  await front.tell(key, 'VideoCancelled', { requestId: 'v' });
  await client.events.find('the end', ([name]) => name === 'VideoCancelled');
  const ids = client.events.all.map(([, event]) => (event as { eventId: string }).eventId);
  expect(ids.length).toBeGreaterThan(1);
  expect(ids).toEqual([...new Set(ids)].sort());
  await client.stop();
});

test('the work on a video is a task too: TaskHub tells of it, and the list of tasks has it', async () => {
  const key = await front.createKey();
  const tasks = await front.official(key);
  await tasks.invoke('SubscribeToTaskType', 'video');
  const told = async () => tasks.events.next();
  const read = async (id: string) => front.read<Record<string, unknown>>(key, `/v1/tasks/${id}`);

  await front.tell(key, 'VideoStarted', STARTED);
  const metadata = expect.objectContaining({ provider: 'replicate', model: 'minimax-video' });
  await expect(told()).resolves.toEqual(['TaskStarted', 'v', 'video', metadata]);
  await expect(read('v')).resolves.toMatchObject({ taskId: 'v', taskType: 'video', state: 'running' });
  await front.tell(key, 'VideoProgress', { ...PROGRESS, message: 'frame 51 of 120' });
  await expect(told()).resolves.toEqual(['TaskProgress', 'v', 42.5, 'frame 51 of 120']);
  await expect(read('v')).resolves.toMatchObject({ percentComplete: 42.5 });
  await front.tell(key, 'VideoCompleted', { requestId: 'v', videoUrl: 'https://media.example.com/1.mp4' });
  const result = expect.objectContaining({ videoUrl: 'https://media.example.com/1.mp4' });
  await expect(told()).resolves.toEqual(['TaskCompleted', 'v', result]);
  await expect(read('v')).resolves.toMatchObject({ state: 'completed', result });

  await front.tell(key, 'VideoFailed', { requestId: 'w', error: 'no luck', isRetryable: true });
  await expect(told()).resolves.toEqual(['TaskFailed', 'w', 'no luck', null]);
  await expect(read('w')).resolves.toMatchObject({ taskType: 'video', state: 'failed', error: 'no luck' });
  await front.tell(key, 'VideoCancelled', { requestId: 'x', reason: 'by its owner' });
  await expect(told()).resolves.toEqual(['TaskCancelled', 'x', 'by its owner']);
  await expect(read('x')).resolves.toMatchObject({ taskType: 'video', state: 'cancelled', reason: 'by its owner' });

  const { items } = await front.read<{ items: { taskId: string }[] }>(key, '/v1/tasks?type=video');
  expect(items.map(({ taskId }) => taskId)).toEqual(['v', 'w', 'x']);
  await tasks.stop();
});

test('what is told of a task of that type by TaskHub’s events is not told here, but its end holds', async () => {
  const key = await front.createKey();
  await front.tell(key, 'TaskStarted', { taskId: 'v', taskType: 'video', metadata: { model: 'm' } });
  const client = await follower(key);
  await front.tell(key, 'TaskProgress', { taskId: 'v', percentComplete: 50 });
  await front.tell(key, 'TaskCompleted', { taskId: 'v' });
  await expect(
    front.tell(key, 'VideoProgress', { requestId: 'v', percentage: 60, status: 's' }),
  ).resolves.toMatchObject({ status: 'ignored', reason: 'task ended' });
  await expect(heard(client)).resolves.toEqual([]);
  await client.stop();
});

test('a video that timed out shows no progress any more', async () => {
  const key = await front.createKey();
  await front.tell(key, 'VideoStarted', STARTED);
  await front.tell(key, 'VideoProgress', PROGRESS);
  await front.tell(key, 'TaskTimedOut', { taskId: 'v' });
  const told = await answersTo(front, ROUTE, key, 'json', 'SubscribeToRequest', 'v');
  expect(told).toStrictEqual([['VideoStarted', { ...STARTED, ...meta }], ['completion']]);
});

describe('of a video', () => {
  test.each([
    ['VideoCompleted', { videoUrl: 'https://media.example.com/1.mp4' }],
    ['VideoFailed', { error: 'no luck', isRetryable: true }],
    ['VideoCancelled', {}],
  ])('nothing is told after %s', async (end, data) => {
    const key = await keyWithVideo();
    const client = await follower(key);
    await front.tell(key, end, { requestId: 'v', ...data });
    for (const [name, more] of [
      ['VideoStarted', {}],
      ['VideoProgress', { percentage: 99, status: 's' }],
      ['VideoCompleted', { videoUrl: 'https://media.example.com/2.mp4' }],
      ['VideoFailed', { error: 'again', isRetryable: false }],
      ['VideoCancelled', {}],
    ] as const) {
      await expect(front.tell(key, name, { requestId: 'v', ...more })).resolves.toMatchObject({
        status: 'ignored',
        reason: 'task ended',
      });
    }
    expect((await heard(client)).map(([name]) => name)).toEqual([end]);
    await client.stop();
  });

  test('progress never goes back, and an event that comes twice is told once', async () => {
    const key = await keyWithVideo();
    const client = await follower(key);
    const progress = (percentage: number, others: object = {}) =>
      front.tell(key, 'VideoProgress', { requestId: 'v', percentage, status: 's', ...others });
    await progress(50, { timestamp: '2026-01-31T12:00:10.000Z' });
    await expect(progress(49)).resolves.toMatchObject({ status: 'ignored', reason: 'stale' });
    await expect(progress(60, { timestamp: '2026-01-31T12:00:09.000Z' })).resolves.toMatchObject({
      status: 'ignored',
      reason: 'stale',
    });
    const once = cloudEvent(key.id, 'VideoProgress', { requestId: 'v', percentage: 70, status: 's' });
    const { results } = await front.publish([once, once]);
    expect(results.map(({ status }) => status)).toEqual(['delivered', 'duplicate']);
    const percentages = (await heard(client)).map(([, event]) => (event as { percentage: number }).percentage);
    expect(percentages).toEqual([50, 70]);
    await client.stop();
  });
});

test.each(TRACES)('of the failure %j the message is told, and no stack trace', async (error, message, trace) => {
  const key = await keyWithVideo();
  const client = await follower(key);
  await front.tell(key, 'VideoFailed', { requestId: 'v', error, isRetryable: false });
  const [, failed] = (await client.events.next()) as unknown as [string, { error: string }];
  expect(failed.error).toContain(message);
  expect(failed.error).not.toMatch(trace);
  const task = await front.read<{ error: string }>(key, '/v1/tasks/v');
  expect(task.error).toBe(failed.error);
  await client.stop();
});

test('two keys that have videos of the same id hear of their own only', async () => {
  const [mine, theirs] = await Promise.all([keyWithVideo(), keyWithVideo()]);
  const [my, their] = await Promise.all([follower(mine), follower(theirs, { protocol: 'messagepack' })]);
  await front.tell(mine, 'VideoStarted', { ...STARTED, provider: 'mine' });
  await front.tell(theirs, 'VideoStarted', { ...STARTED, provider: 'theirs' });
  await front.tell(mine, 'VideoCompleted', { requestId: 'v', videoUrl: 'https://media.example.com/mine.mp4' });
  await front.tell(theirs, 'VideoProgress', PROGRESS);
  await expect(heard(my)).resolves.toStrictEqual([
    ['VideoStarted', { ...STARTED, provider: 'mine', ...meta }],
    ['VideoCompleted', { requestId: 'v', videoUrl: 'https://media.example.com/mine.mp4', ...meta }],
  ]);
  await expect(heard(their)).resolves.toStrictEqual([
    ['VideoStarted', { ...STARTED, provider: 'theirs', ...meta }],
    ['VideoProgress', { ...PROGRESS, ...meta }],
  ]);
  await Promise.all([my.stop(), their.stop()]);
});
