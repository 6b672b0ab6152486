// Twenty power cuts at seeded random moments while several producers send ten thousand events: every accepted event has its
// effect exactly once, clients see each key's state changes in order, and sums agree.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CloudEvent, cloudEvent, type Published } from '../harness/cloudEvents.ts';
import type { Key } from '../harness/edge.ts';
import { EdgeProcess } from '../harness/edgeProcess.ts';
import { LastingListener } from '../harness/lastingListener.ts';
import { seededRandom } from '../harness/seededRandom.ts';
import { type SpendView, spent } from '../harness/spend.ts';

const SEED = Number(process.env.CONDUIT_SEED ?? 20_260_131);
const CUTS = 20;
const PRODUCERS = 4;
const KEYS_OF_EACH = 2;
/** Each of three state changes, one progress, and one record of money. */
const TASKS_OF_A_KEY = 250;
const EVENTS_OF_A_TASK = 5;
const EVENTS = PRODUCERS * KEYS_OF_EACH * TASKS_OF_A_KEY * EVENTS_OF_A_TASK;

let folder: string;
let front: EdgeProcess;
let isCut = false;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conduit-edge-cuts-'));
  front = await EdgeProcess.start(folder);
});

afterAll(async () => {
  await front?.kill();
  await rm(folder, { recursive: true, force: true });
});

async function powerCut(): Promise<void> {
  const { port } = front;
  isCut = true;
  await front.kill();
  front = await EdgeProcess.start(folder, port);
  isCut = false;
}

/** What happens to a key, in order: its tasks one after another, each with its money. */
function story(key: Key): CloudEvent[] {
  return Array.from({ length: TASKS_OF_A_KEY }, (_, index) => {
    const taskId = `task-${index}`;
    const of = (type: string, data: object = {}) => cloudEvent(key.id, type, { taskId, ...data });
    return [
      of('TaskRegistered', { taskType: 'test' }),
      of('TaskStarted', { taskType: 'test' }),
      of('TaskProgress', { percentComplete: 50 }),
      spent(key, '0.0000000001'),
      of('TaskCompleted'),
    ];
  }).flat();
}

/** Sends a batch until all of it is answered as taken, as a backend does whose request may have been lost. */
async function sendUntilTaken(events: CloudEvent[]): Promise<void> {
  for (;;) {
    const answer: Published | undefined = await front.publish(events).catch(() => undefined);
    const results = answer?.results ?? [];
    const others = results.filter(({ status }) => status !== 'delivered' && status !== 'duplicate');
    // Local queues are memory: what was only queued is asked for again, in its place.
    if (results.length === events.length && others.every(({ status }) => status === 'queued')) {
      if (others.length === 0) return;
    } else if (answer !== undefined && answer.status < 500) {
      throw new Error(`not taken: ${JSON.stringify(answer)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    for (const event of events) event.id = `${event.id}x`;
  }
}

/** A producer of some keys: it sends batches of seeded sizes, each after the one before was taken. */
async function produce(keys: Key[], random: () => number, progress: { sent: number }): Promise<void> {
  const stories = keys.map(story);
  const interleaved = stories[0]?.flatMap((_, index) => stories.map((events) => events[index] as CloudEvent)) ?? [];
  for (let next = 0; next < interleaved.length; ) {
    const batch = interleaved.slice(next, next + 1 + Math.floor(random() * 40));
    await sendUntilTaken(batch);
    next += batch.length;
    progress.sent += batch.length;
  }
}

test(`ten thousand events, ${CUTS} power cuts, seed ${SEED}`, { timeout: 300_000 }, async () => {
  const random = seededRandom(SEED);
  const keys = await Promise.all(
    Array.from({ length: PRODUCERS * KEYS_OF_EACH }, () => front.createKey({ budget: { limit: 1, period: 'none' } })),
  );
  const listeners = await Promise.all(keys.map((key) => LastingListener.start(front, key)));

  const progress = { sent: 0 };
  const producing = Promise.all(
    Array.from({ length: PRODUCERS }, (_, producer) => {
      const own = keys.slice(producer * KEYS_OF_EACH, (producer + 1) * KEYS_OF_EACH);
      return produce(own, seededRandom(SEED + producer), progress);
    }),
  );
  // Each cut comes at a random place of its twentieth of the events, and at a random moment after that.
  for (let cut = 0; cut < CUTS; cut += 1) {
    const place = ((cut + random()) / CUTS) * EVENTS;
    while (progress.sent < place) await new Promise((resolve) => setTimeout(resolve, 1));
    await new Promise((resolve) => setTimeout(resolve, random() * 20));
    await powerCut();
  }
  await producing;
  expect(isCut).toBe(false);
  expect(progress.sent).toBe(EVENTS);

  const last = `task-${TASKS_OF_A_KEY - 1}`;
  const expected = Array.from({ length: TASKS_OF_A_KEY }, (_, index) => [
    `TaskStarted task-${index}`,
    `TaskCompleted task-${index}`,
  ]).flat();
  for (const [place, listener] of listeners.entries()) {
    const key = keys[place] as Key;
    await listener.changes.find('the end', ({ name, taskId }) => name === 'TaskCompleted' && taskId === last);
    expect(listener.changes.all.map(({ name, taskId }) => `${name} ${taskId}`)).toEqual(expected);
    await listener.stop();
    const spend = await front.read<SpendView>(key, '/v1/spend');
    expect(spend.requests).toBe(TASKS_OF_A_KEY);
    expect(spend.currentSpend).toBeCloseTo(TASKS_OF_A_KEY * 1e-10, 12);
    const { items } = await front.read<{ items: { state: string }[] }>(key, '/v1/tasks?limit=1000');
    expect(items.map(({ state }) => state)).toEqual(Array.from({ length: TASKS_OF_A_KEY }, () => 'completed'));
  }
});
