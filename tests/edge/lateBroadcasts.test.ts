// What concerns everybody, while it is still on its way to a key: who reads the past meanwhile takes it from nobody.

import { expect, test } from 'vitest';
import type { Key } from '../harness/edge.ts';
import { flaky } from '../harness/flakyObjects.ts';

interface Entry {
  eventId: string;
  event: string;
  arguments: unknown[];
}

const front = flaky();

const connect = (key: Key) => front.officialAt('notifications', key, ['SystemAnnouncement'], { query: 'meta=1' });

const announce = (title: string) =>
  front.announce('SystemAnnouncement', { title, message: 'for everybody', severity: 'Low' });

const history = async (key: Key): Promise<Entry[]> =>
  (await front.read<{ items: Entry[] }>(key, '/v1/history?hub=SystemNotificationHub')).items;

const announced = (title: string) => ['SystemAnnouncement', title, 'for everybody', 'Low', expect.anything()];

test('a reader of the history does not keep it from clients, and later finds it there once', async () => {
  const key = await front.createKey();
  const client = await connect(key);
  await front.break(key, 'throws', '/deliver');
  await announce('late');
  await expect(history(key)).resolves.toEqual([]);
  await front.break(key, null, '/deliver');

  const told = await client.events.next();
  expect(told).toEqual(announced('late'));
  const { eventId } = told.at(-1) as unknown as Entry;
  await expect(history(key)).resolves.toMatchObject([{ eventId, event: 'SystemAnnouncement' }]);
  await announce('last');
  await expect(client.events.next()).resolves.toEqual(announced('last'));
  await client.stop();
});

test('a client that resumes does not keep it from others, and each is told once', async () => {
  const key = await front.createKey();
  const [stays, leaves] = await Promise.all([connect(key), connect(key)]);
  const { resumeToken } = await leaves.invoke<{ resumeToken: string }>('GetResumeToken');
  await leaves.stop();
  await announce('missed');
  await expect(stays.events.next()).resolves.toEqual(announced('missed'));
  await front.break(key, 'throws', '/deliver');
  await announce('late');

  const comes = await connect(key);
  await expect(comes.invoke('Resume', resumeToken)).resolves.toMatchObject({ recovered: true, replayed: 1 });
  await expect(comes.events.next()).resolves.toEqual(announced('missed'));
  await front.break(key, null, '/deliver');
  for (const client of [stays, comes]) await expect(client.events.next()).resolves.toEqual(announced('late'));
  await announce('last');
  for (const client of [stays, comes]) await expect(client.events.next()).resolves.toEqual(announced('last'));
  await Promise.all([stays.stop(), comes.stop()]);
});
