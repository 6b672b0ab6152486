// ImageGenerationHub: who subscribes to images in the making hears how that goes, and nobody else does.

import { describe, expect, test } from 'vitest';
import { cloudEvent } from '../harness/cloudEvents.ts';
import { edge, type Key } from '../harness/edge.ts';
import { answersTo, heard, KEY_HUBS, META, refusal, TRACES } from '../harness/keyHubs.ts';
import type { ClientOptions, OfficialClient } from '../harness/officialClient.ts';
import { PROTOCOLS } from '../harness/protocol.ts';

const front = edge();

const ROUTE = 'image-generation';
const { events } = KEY_HUBS[ROUTE];

const connect = (key: Key, options: ClientOptions & { query?: string } = {}) =>
  front.officialAt(ROUTE, key, events, options);

/** A key with images that are known and did not begin. */
async function keyWithImages(taskId: string | number = 'i'): Promise<Key> {
  const key = await front.createKey();
  await front.tell(key, 'TaskRegistered', { taskId, taskType: 'image' });
  return key;
}

/** A client that follows the images `i` of a key. */
async function follower(key: Key, options?: ClientOptions): Promise<OfficialClient> {
  const client = await connect(key, options);
  await client.invoke('SubscribeToTask', 'i');
  return client;
}

const meta = {
  timestamp: expect.stringMatching(META.timestamp),
  eventId: expect.stringMatching(META.eventId),
};

const URLS = ['https://media.example.com/1.png', 'https://media.example.com/2.png'];
const STARTED = { taskId: 'i', provider: 'replicate', model: 'flux-schnell', estimatedSeconds: 12, totalImages: 4 };
const PROGRESS = { taskId: 'i', percentage: 50, status: 'processing', imagesCompleted: 2, totalImages: 4 };

describe.each(PROTOCOLS)('in %s', (protocol) => {
  test.each([
    ['blank', ' \t'],
    ['empty', ''],
    ['null', null],
  ])('SubscribeToTask refuses an id that is %s', async (_, id) => {
    const client = await connect(await keyWithImages(), { protocol });
    await expect(client.invoke('SubscribeToTask', id)).rejects.toThrow(refusal('SubscribeToTask', 'Invalid task ID'));
    await client.stop();
  });

  test('SubscribeToTask refuses what is unknown, another key’s, or no image, as if there were none', async () => {
    const [key, other] = await Promise.all([keyWithImages('mine'), keyWithImages('theirs')]);
    await front.tell(other, 'ImageStarted', { taskId: 'began' });
    await front.tell(key, 'VideoStarted', { requestId: 'video' });
    const client = await connect(key, { protocol });
    const refused = refusal('SubscribeToTask', 'Unauthorized access to task');
    for (const id of ['unknown', 'MINE', 'theirs', 'began', 'video', 7]) {
      await expect(client.invoke('SubscribeToTask', id)).rejects.toThrow(refused);
    }
    await client.stop();
  });

  test('SubscribeToTask refuses what the client’s token does not name', async () => {
    const key = await keyWithImages('named');
    await front.tell(key, 'TaskRegistered', { taskId: 'unnamed', taskType: 'image' });
    const byId = await front.clientToken(key, { taskIds: ['named'] });
    const byType = await front.clientToken(key, { taskTypes: ['image'] });
    const [one, all] = await Promise.all([byId, byType].map((token) => connect({ ...key, key: token }, { protocol })));
    const refused = refusal('SubscribeToTask', 'Unauthorized access to task');
    await one?.invoke('SubscribeToTask', 'named');
    await expect(one?.invoke('SubscribeToTask', 'unnamed')).rejects.toThrow(refused);
    await all?.invoke('SubscribeToTask', 'unnamed');
    await Promise.all([one?.stop(), all?.stop()]);
  });

  test('SubscribeToTask goes by the type that the task was given, as the task hub does', async () => {
    const key = await front.createKey();
    await front.tell(key, 'TaskRegistered', { taskId: 'large', taskType: 'Image' });
    await front.tell(key, 'TaskRegistered', { taskId: 'small', taskType: 'image' });
    for (const [type, own, other] of [
      ['Image', 'large', 'small'],
      ['image', 'small', 'large'],
    ] as const) {
      const token = await front.clientToken(key, { taskTypes: [type] });
      const clients = [
        await connect({ ...key, key: token }, { protocol }),
        await front.official({ ...key, key: token }),
      ];
      for (const client of clients) {
        await client.invoke('SubscribeToTask', own);
        await expect(client.invoke('SubscribeToTask', other)).rejects.toThrow('HubException');
      }
      await Promise.all(clients.map((client) => client.stop()));
    }
  });

  test('UnsubscribeFromTask ends a subscription, and refuses nothing', async () => {
    const key = await keyWithImages();
    const client = await follower(key, { protocol });
    for (const id of ['never', '', ' ', null, 7, 'x'.repeat(300)]) {
      await expect(client.invoke('UnsubscribeFromTask', id)).resolves.toBeNull();
    }
    await expect(front.tell(key, 'ImageStarted', STARTED)).resolves.toMatchObject({ recipients: 1 });
    await client.invoke('UnsubscribeFromTask', 'i');
    await expect(front.tell(key, 'ImageProgress', PROGRESS)).resolves.toMatchObject({ recipients: 0 });
    expect((await heard(client)).map(([name]) => name)).toEqual(['ImageStarted']);
    await client.stop();
  });

  test.each([
    ['ImageStarted', { provider: 'replicate', model: 'flux-schnell', estimatedSeconds: 12, totalImages: 4 }, {}],
    ['ImageStarted', {}, {}],
    [
      'ImageProgress',
      {
        percentage: 33.3,
        status: 'processing',
        message: '2 of 4',
        imagesCompleted: 2,
        totalImages: 4,
        imageUrls: URLS,
      },
      {},
    ],
    ['ImageProgress', { percentage: 0, status: 'queued' }, { imageUrls: [] }],
    [
      'ImageCompleted',
      {
        imageUrls: URLS,
        previewUrl: 'https://media.example.com/1.jpg',
        durationSeconds: 8.5,
        resolution: '1024x1024',
        fileSize: 1_048_576,
        cost: 0.04,
        provider: 'replicate',
        model: 'flux-schnell',
      },
      {},
    ],
    ['ImageCompleted', { imageUrls: [] }, {}],
    [
      'ImageFailed',
      {
        error: 'the provider refused the prompt',
        errorCode: 'content_policy',
        isRetryable: true,
        retryCount: 1,
        maxRetries: 3,
        nextRetryAt: '2026-01-31T13:00:00+01:00',
      },
      { nextRetryAt: '2026-01-31T12:00:00.000Z' },
    ],
    ['ImageFailed', { error: 'no luck', isRetryable: false }, {}],
    ['ImageCancelled', { reason: 'by its owner' }, {}],
    ['ImageCancelled', {}, {}],
  ])('%s %j arrives as one object with what it is and its metadata', async (name, data, rendered) => {
    const key = await keyWithImages();
    const client = await follower(key, { protocol });
    await front.tell(key, name, { taskId: 'i', ...data }, { correlationid: 'c-1' });
    const event = await client.events.next();
    expect(event).toStrictEqual([name, { taskId: 'i', ...data, ...rendered, ...meta, correlationId: 'c-1' }]);
    await client.stop();
  });

  test('an event without a correlation has none, and a number for an id is text', async () => {
    const key = await keyWithImages(7);
    const client = await connect(key, { protocol });
    await client.invoke('SubscribeToTask', 7);
    await front.tell(key, 'ImageStarted', { taskId: 7 });
    await expect(client.events.next()).resolves.toStrictEqual(['ImageStarted', { taskId: '7', ...meta }]);
    await client.stop();
  });

  test('who subscribes reads where the work stands before the subscription completes', async () => {
    const started = ['ImageStarted', { ...STARTED, ...meta }];
    const progress = ['ImageProgress', { ...PROGRESS, percentage: 75, imageUrls: URLS, ...meta }];
    const completed = ['ImageCompleted', { taskId: 'i', imageUrls: URLS, ...meta }];
    const key = await keyWithImages();
    const snapshot = () => answersTo(front, ROUTE, key, protocol, 'SubscribeToTask', 'i');
    await expect(snapshot()).resolves.toStrictEqual([['completion']]);
    await front.tell(key, 'ImageStarted', STARTED);
    await expect(snapshot()).resolves.toStrictEqual([started, ['completion']]);
    await front.tell(key, 'ImageProgress', PROGRESS);
    await front.tell(key, 'ImageProgress', { ...PROGRESS, percentage: 75, imageUrls: URLS });
    await expect(snapshot()).resolves.toStrictEqual([started, progress, ['completion']]);
    await front.tell(key, 'ImageCompleted', { taskId: 'i', imageUrls: URLS });
    await expect(snapshot()).resolves.toStrictEqual([started, completed, ['completion']]);
    await front.sleep(key);
    await expect(snapshot()).resolves.toStrictEqual([started, completed, ['completion']]);
  });

  test.each([
    ['ImageFailed', { taskId: 'i', error: 'no luck', isRetryable: false }],
    ['ImageCancelled', { taskId: 'i', reason: 'by its owner' }],
  ])('the snapshot of images that ended by %s is their start and that', async (name, data) => {
    const key = await front.createKey();
    await front.tell(key, 'ImageStarted', STARTED);
    await front.tell(key, 'ImageProgress', PROGRESS);
    await front.tell(key, name, data);
    await expect(answersTo(front, ROUTE, key, protocol, 'SubscribeToTask', 'i')).resolves.toStrictEqual([
      ['ImageStarted', { ...STARTED, ...meta }],
      [name, { ...data, ...meta }],
      ['completion'],
    ]);
  });
});

test('only who subscribed to those images is told, and each connection once, also after a sleep', async () => {
  const key = await keyWithImages();
  await front.tell(key, 'TaskRegistered', { taskId: 'other', taskType: 'image' });
  const [json, messagepack, idle] = await Promise.all([
    follower(key),
    follower(key, { protocol: 'messagepack' }),
    connect(key),
  ]);
  await json.invoke('SubscribeToTask', 'i');
  await front.sleep(key);
  await expect(front.tell(key, 'ImageStarted', STARTED)).resolves.toMatchObject({ recipients: 2 });
  await expect(front.tell(key, 'ImageStarted', { taskId: 'other' })).resolves.toMatchObject({ recipients: 0 });
  for (const client of [json, messagepack]) {
    await expect(heard(client)).resolves.toStrictEqual([['ImageStarted', { ...STARTED, ...meta }]]);
  }
  await expect(heard(idle)).resolves.toEqual([]);
  await Promise.all([json, messagepack, idle].map((client) => client.stop()));
});

test('the work on images is a task too: TaskHub tells of it, and the list of tasks has it', async () => {
  const key = await front.createKey();
  const tasks = await front.official(key);
  await tasks.invoke('SubscribeToTaskType', 'image');
  const told = async () => tasks.events.next();
  const read = async (id: string) => front.read<Record<string, unknown>>(key, `/v1/tasks/${id}`);

  await front.tell(key, 'ImageStarted', STARTED);
  const metadata = expect.objectContaining({ provider: 'replicate', model: 'flux-schnell' });
  await expect(told()).resolves.toEqual(['TaskStarted', 'i', 'image', metadata]);
  await expect(read('i')).resolves.toMatchObject({ taskId: 'i', taskType: 'image', state: 'running' });
  await front.tell(key, 'ImageProgress', { ...PROGRESS, message: '2 of 4' });
  await expect(told()).resolves.toEqual(['TaskProgress', 'i', 50, '2 of 4']);
  await expect(read('i')).resolves.toMatchObject({ percentComplete: 50 });
  await front.tell(key, 'ImageCompleted', { taskId: 'i', imageUrls: URLS });
  const result = expect.objectContaining({ imageUrls: URLS });
  await expect(told()).resolves.toEqual(['TaskCompleted', 'i', result]);
  await expect(read('i')).resolves.toMatchObject({ state: 'completed', result });

  await front.tell(key, 'ImageFailed', { taskId: 'j', error: 'no luck', isRetryable: true });
  await expect(told()).resolves.toEqual(['TaskFailed', 'j', 'no luck', null]);
  await expect(read('j')).resolves.toMatchObject({ taskType: 'image', state: 'failed', error: 'no luck' });
  await front.tell(key, 'ImageCancelled', { taskId: 'k', reason: 'by its owner' });
  await expect(told()).resolves.toEqual(['TaskCancelled', 'k', 'by its owner']);
  await expect(read('k')).resolves.toMatchObject({ taskType: 'image', state: 'cancelled', reason: 'by its owner' });

  const { items } = await front.read<{ items: { taskId: string }[] }>(key, '/v1/tasks?type=image');
  expect(items.map(({ taskId }) => taskId)).toEqual(['i', 'j', 'k']);
  await tasks.stop();
});

test('what is told of a task of that type by TaskHub’s events is not told here, but its end holds', async () => {
  const key = await front.createKey();
  await front.tell(key, 'TaskStarted', { taskId: 'i', taskType: 'image', metadata: { model: 'm' } });
  const client = await follower(key);
  await front.tell(key, 'TaskProgress', { taskId: 'i', percentComplete: 50 });
  await front.tell(key, 'TaskCancelled', { taskId: 'i' });
  await expect(front.tell(key, 'ImageProgress', PROGRESS)).resolves.toMatchObject({
    status: 'ignored',
    reason: 'task ended',
  });
  await expect(heard(client)).resolves.toEqual([]);
  await client.stop();
});

describe('of images', () => {
  test.each([
    ['ImageCompleted', { imageUrls: URLS }],
    ['ImageFailed', { error: 'no luck', isRetryable: true }],
    ['ImageCancelled', {}],
  ])('nothing is told after %s', async (end, data) => {
    const key = await keyWithImages();
    const client = await follower(key);
    await front.tell(key, end, { taskId: 'i', ...data });
    for (const [name, more] of [
      ['ImageStarted', {}],
      ['ImageProgress', { percentage: 99, status: 's' }],
      ['ImageCompleted', { imageUrls: [] }],
      ['ImageFailed', { error: 'again', isRetryable: false }],
      ['ImageCancelled', {}],
    ] as const) {
      await expect(front.tell(key, name, { taskId: 'i', ...more })).resolves.toMatchObject({
        status: 'ignored',
        reason: 'task ended',
      });
    }
    expect((await heard(client)).map(([name]) => name)).toEqual([end]);
    await client.stop();
  });

  test('progress never goes back, and an event that comes twice is told once', async () => {
    const key = await keyWithImages();
    const client = await follower(key);
    const progress = (percentage: number, others: object = {}) =>
      front.tell(key, 'ImageProgress', { taskId: 'i', percentage, status: 's', ...others });
    await progress(50, { timestamp: '2026-01-31T12:00:10.000Z' });
    await expect(progress(49)).resolves.toMatchObject({ status: 'ignored', reason: 'stale' });
    await expect(progress(60, { timestamp: '2026-01-31T12:00:09.000Z' })).resolves.toMatchObject({
      status: 'ignored',
      reason: 'stale',
    });
    const once = cloudEvent(key.id, 'ImageProgress', { taskId: 'i', percentage: 70, status: 's' });
    const { results } = await front.publish([once, once]);
    expect(results.map(({ status }) => status)).toEqual(['delivered', 'duplicate']);
    const percentages = (await heard(client)).map(([, event]) => (event as { percentage: number }).percentage);
    expect(percentages).toEqual([50, 70]);
    await client.stop();
  });
});

test.each(TRACES)('of the failure %j the message is told, and no stack trace', async (error, message, trace) => {
  const key = await keyWithImages();
  const client = await follower(key);
  await front.tell(key, 'ImageFailed', { taskId: 'i', error, isRetryable: false });
  const [, failed] = (await client.events.next()) as unknown as [string, { error: string }];
  expect(failed.error).toContain(message);
  expect(failed.error).not.toMatch(trace);
  await client.stop();
});

test('two keys that have images of the same id hear of their own only', async () => {
  const [mine, theirs] = await Promise.all([keyWithImages(), keyWithImages()]);
  const [my, their] = await Promise.all([follower(mine), follower(theirs, { protocol: 'messagepack' })]);
  await front.tell(mine, 'ImageStarted', { ...STARTED, provider: 'mine' });
  await front.tell(theirs, 'ImageStarted', { ...STARTED, provider: 'theirs' });
  await front.tell(mine, 'ImageCompleted', { taskId: 'i', imageUrls: URLS });
  await front.tell(theirs, 'ImageProgress', PROGRESS);
  await expect(heard(my)).resolves.toStrictEqual([
    ['ImageStarted', { ...STARTED, provider: 'mine', ...meta }],
    ['ImageCompleted', { taskId: 'i', imageUrls: URLS, ...meta }],
  ]);
  await expect(heard(their)).resolves.toStrictEqual([
    ['ImageStarted', { ...STARTED, provider: 'theirs', ...meta }],
    ['ImageProgress', { ...PROGRESS, imageUrls: [], ...meta }],
  ]);
  await Promise.all([my.stop(), their.stop()]);
});
