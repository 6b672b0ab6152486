// What was answered outlives a power cut: the whole process group is killed, and started again on the same folder.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cloudEvent } from '../harness/cloudEvents.ts';
import type { Key } from '../harness/edge.ts';
import { EdgeProcess } from '../harness/edgeProcess.ts';

let folder: string;
let front: EdgeProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conduit-edge-killed-'));
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

test('keys, tasks and what was seen of events are there again, and a client comes back by itself', async () => {
  const [key, disabled, deleted] = await Promise.all([front.createKey(), front.createKey(), front.createKey()]);
  const events = [
    cloudEvent(key.id, 'TaskStarted', { taskId: 'runs', taskType: 'video', metadata: { model: 'm' } }),
    cloudEvent(key.id, 'TaskProgress', { taskId: 'runs', percentComplete: 40, message: 'at 40' }),
    cloudEvent(key.id, 'TaskStarted', { taskId: 'ended', taskType: 'video' }),
    cloudEvent(key.id, 'TaskCompleted', { taskId: 'ended', result: { url: 'u' } }),
    cloudEvent(key.id, 'TaskRegistered', { taskId: 'registered', taskType: 'video' }),
  ];
  const snapshots = async () => Promise.all(['runs', 'ended', 'registered'].map((taskId) => snapshot(key, taskId)));
  const before = await front.publish(events);
  expect(before.results.map((result) => result.status)).toEqual(events.map(() => 'delivered'));
  await front.patchKey(disabled, { enabled: false });
  await front.admin('DELETE', `/v1/admin/keys/${deleted.id}`);
  const shown = await snapshots();
  expect(shown.map((notices) => notices.length)).toEqual([2, 2, 0]);
  const client = await front.official(key, { reconnect: Array.from({ length: 100 }, () => 100) });
  await client.invoke('SubscribeToTask', 'runs');

  await powerCut();

  await client.life.find('the reconnection', (event) => event === 'reconnected');
  expect(client.life.all).toEqual(['reconnecting', 'reconnected']);
  await client.invoke('SubscribeToTaskType', 'video');
  await front.tell(key, 'TaskProgress', { taskId: 'runs', percentComplete: 50 });
  await client.events.find('the event after the cut', ([, , percent]) => percent === 50);

  const after = await front.publish(events);
  expect(after.results.map((result) => result.status)).toEqual(events.map(() => 'duplicate'));
  const again = await snapshots();
  expect(again[0]).toEqual([shown[0]?.[0], ['TaskProgress', 'runs', 50, null]]);
  expect(again.slice(1)).toEqual(shown.slice(1));

  await expect(front.official(disabled)).rejects.toThrow('401');
  await expect(front.official(deleted)).rejects.toThrow('401');
  await front.patchKey(disabled, { enabled: true });
  await (await front.official(disabled)).stop();
  await client.stop();
});

test('a deadline that falls into the cut is kept afterwards', async () => {
  const key = await front.createKey();
  await front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'video', deadlineSeconds: 1 });
  await powerCut();
  const client = await front.official(key);
  await client.invoke('SubscribeToTask', 't');
  await client.events.find('the end', ([name]) => name === 'TaskTimedOut');
  await client.stop();
});

async function snapshot(key: Key, taskId: string): Promise<unknown[]> {
  const client = await front.official(key);
  await client.invoke('SubscribeToTask', taskId);
  const events = [...client.events.all];
  await client.stop();
  return events;
}
