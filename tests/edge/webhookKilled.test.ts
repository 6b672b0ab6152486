// Webhooks outlive a power cut: what was accepted arrives at least once, each under one id.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cloudEvent } from '../harness/cloudEvents.ts';
import { EdgeProcess } from '../harness/edgeProcess.ts';
import { deliver, follower, told } from '../harness/webhooks.ts';
import { hangs, status, webhookTarget } from '../harness/webhookTarget.ts';

const VARS = { ALLOW_PRIVATE_TARGETS: 'true', WEBHOOK_RETRY_SECONDS: '3', WEBHOOK_TIMEOUT_SECONDS: '1' };

let folder: string;
let front: EdgeProcess;
const target = webhookTarget();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conduit-edge-webhooks-killed-'));
  front = await EdgeProcess.start(folder, 0, VARS);
});

afterAll(async () => {
  await front?.kill();
  await rm(folder, { recursive: true, force: true });
});

async function powerCut(vars: Record<string, string> = VARS): Promise<void> {
  const { port } = front;
  await front.kill();
  front = await EdgeProcess.start(folder, port, vars);
}

/** What a key's clients were told, from the history. */
async function history(key: { id: string; key: string }): Promise<string[]> {
  interface Page {
    items: { event: string; arguments: [unknown] }[];
  }
  const { items } = await front.read<Page>(key, '/v1/history?hub=WebhookDeliveryHub&limit=1000');
  return told(items.map(({ event, arguments: [data] }) => [event, data]));
}

test('between two attempts the next one is made, though nothing else wakes the key', async () => {
  const key = await front.createKey();
  const url = target.url(status(500), status(200));
  const client = await follower(front, key);
  await deliver(front, key, url);
  await client.events.find('the retry', ([name]) => name === 'RetryScheduled');
  await powerCut();
  const [first, second] = await target.at(url).take(2);
  expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
  await client.stop();
});

test('while an attempt is under way it is made again, under the same id', async () => {
  const key = await front.createKey();
  const url = target.url(hangs, status(200));
  await deliver(front, key, url);
  const first = await target.at(url).next();
  await powerCut();
  const second = await target.at(url).next();
  expect(second.headers['webhook-id']).toBe(first.headers['webhook-id']);
  const client = await follower(front, key);
  await expect
    .poll(() => history(key), { timeout: 10_000 })
    .toEqual([
      'DeliveryAttempted 1',
      'DeliveryFailed 1 the attempt was interrupted; what came of it is not known',
      'RetryScheduled 2',
      'DeliveryAttempted 2',
      'DeliverySucceeded 2 200',
    ]);
  await client.stop();
});

test('at any moment of many deliveries all of them arrive, each under one id', async () => {
  const COUNT = 60;
  const key = await front.createKey();
  let received = 0;
  // Every seventh has to be tried again.
  const url = target.url((response) => status(++received % 7 === 0 ? 503 : 200)(response));
  const events = Array.from({ length: COUNT }, (_, payload) =>
    cloudEvent(key.id, 'WebhookDeliveryRequested', { url, eventType: 'e', payload }),
  );
  const producing = Promise.allSettled(events.map((event) => front.publish([event])));
  await target.at(url).take(3);
  await powerCut();
  await producing;
  // The producer sends everything again: it knows of no answer.
  const { results } = await front.publish(events);
  for (const { status } of results) expect(['delivered', 'duplicate']).toContain(status);
  await target.at(url).take(10);
  await powerCut();

  interface Page {
    items: { successfulDeliveries: number; pendingDeliveries: number }[];
  }
  await expect
    .poll(async () => (await front.read<Page>(key, '/v1/webhooks')).items[0], { timeout: 45_000, interval: 200 })
    .toMatchObject({ successfulDeliveries: COUNT, pendingDeliveries: 0 });
  const ids = new Map<string, Set<string>>();
  for (const { headers, body } of target.at(url).all) {
    ids.set(body, (ids.get(body) ?? new Set()).add(headers['webhook-id'] ?? ''));
  }
  expect([...ids.keys()].map(Number).sort((a, b) => a - b)).toEqual(events.map((_, nth) => nth));
  for (const [body, ofBody] of ids) expect(ofBody.size, body).toBe(1);
});

test('where private targets are not allowed any more, what waits for one is given up', async () => {
  const key = await front.createKey();
  const url = target.url(status(500));
  const client = await follower(front, key);
  await deliver(front, key, url);
  await client.events.find('the retry', ([name]) => name === 'RetryScheduled');
  await client.stop();
  await powerCut({ ...VARS, ALLOW_PRIVATE_TARGETS: 'false' });
  await expect
    .poll(async () => (await history(key)).slice(3), { timeout: 10_000 })
    .toEqual(['DeliveryFailed 2 the URL leads where Conduit does not go final']);
  expect(target.at(url).all).toHaveLength(1);
});
