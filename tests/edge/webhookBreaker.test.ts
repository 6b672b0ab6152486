// A receiver that fails again and again is left alone for a while; what waits for it is not lost, and uses up no attempt.

import { afterAll, describe, expect, test } from 'vitest';
import { eventually } from '../harness/deadline.ts';
import { edge, type Key } from '../harness/edge.ts';
import { DAY, EdgeInTime, HOUR } from '../harness/movedClock.ts';
import type { Event } from '../harness/officialClient.ts';
import { course, dataOf, deliver, follower, told } from '../harness/webhooks.ts';
import { hangs, status, webhookTarget } from '../harness/webhookTarget.ts';

const OPEN_MILLIS = 2_000;

const front = edge({
  vars: {
    ALLOW_PRIVATE_TARGETS: 'true',
    WEBHOOK_RETRY_SECONDS: '0.05',
    WEBHOOK_MAX_ATTEMPTS: '4',
    WEBHOOK_TIMEOUT_SECONDS: '1',
    WEBHOOK_BREAKER_FAILURES: '3',
    WEBHOOK_BREAKER_OPEN_SECONDS: `${OPEN_MILLIS / 1_000}`,
  },
});
const target = webhookTarget();

const state = async (key: Key) =>
  (await front.read<{ items: { circuitBreakerState: string }[] }>(key, '/v1/webhooks')).items[0]?.circuitBreakerState;

const breaker = (to: string) => (event: Event) =>
  event[0] === 'CircuitBreakerStateChanged' && (event[1] as { currentState: string }).currentState === to;

test('it opens, deliveries wait, one is tried, and what comes of that decides for all', async () => {
  const key = await front.createKey();
  const client = await follower(front, key);
  const url = target.url(status(503));
  await deliver(front, key, url);
  await client.events.find('the open breaker', breaker('Open'));
  const [, scheduled] = await client.events.find('the retry', ([name]) => name === 'RetryScheduled');
  // It is tried no sooner than the breaker lets it.
  expect((scheduled as { delaySeconds: number }).delaySeconds).toBe(OPEN_MILLIS / 1_000);
  expect(await state(key)).toBe('Open');

  // What is asked for now waits, and nothing of it is told.
  await Promise.all(Array.from({ length: 5 }, () => deliver(front, key, url)));
  await expect(client.invoke('RequestStatistics', url)).resolves.toMatchObject({
    pendingDeliveries: 6,
    circuitBreakerState: 'Open',
  });
  await client.events.find('the trial', breaker('HalfOpen'));
  await client.events.find('the breaker open again', breaker('Open'));
  target.answer(url, status(200));
  await client.events.find('the next trial', breaker('HalfOpen'));
  await client.events.find('the breaker closed', breaker('Closed'));
  const isClosed = client.events.all.findIndex(breaker('Closed'));
  expect(told(client.events.all.slice(0, isClosed + 1))).toEqual([
    'DeliveryAttempted 1',
    'DeliveryFailed 1 503 HTTP 503',
    'RetryScheduled 2',
    'DeliveryAttempted 2',
    'DeliveryFailed 2 503 HTTP 503',
    'RetryScheduled 3',
    'DeliveryAttempted 3',
    'DeliveryFailed 3 503 HTTP 503',
    'CircuitBreakerStateChanged 3 Closed Open',
    'RetryScheduled 4',
    'CircuitBreakerStateChanged 1 Open HalfOpen',
    'DeliveryAttempted 1',
    'DeliveryFailed 1 503 HTTP 503',
    'CircuitBreakerStateChanged 1 HalfOpen Open',
    'RetryScheduled 2',
    'CircuitBreakerStateChanged 1 Open HalfOpen',
    'DeliveryAttempted 1',
    'DeliverySucceeded 1 200',
    'CircuitBreakerStateChanged 1 HalfOpen Closed',
  ]);
  await eventually(
    'all deliveries',
    () => client.invoke<{ successfulDeliveries: number }>('RequestStatistics', url),
    ({ successfulDeliveries }) => successfulDeliveries === 6,
  );
  // Those that waited had used up no attempt by that.
  const successes = client.events.all.filter(([name]) => name === 'DeliverySucceeded').map((event) => dataOf(event));
  expect(successes.map(({ attempt }) => attempt).sort()).toEqual([1, 1, 1, 1, 2, 4]);
  expect(await state(key)).toBe('Closed');
  await client.stop();
});

test('a receiver that refuses works: it opens nothing', async () => {
  const key = await front.createKey();
  const client = await follower(front, key);
  const url = target.url(status(400));
  for (let nth = 0; nth < 5; nth += 1) {
    await deliver(front, key, url);
    await client.events.find('its end', ([name]) => name === 'DeliveryFailed');
  }
  expect(await state(key)).toBe('Closed');
  expect(told(client.events.all).filter((event) => event.startsWith('Circuit'))).toEqual([]);
  await client.stop();
});

test('what opens it for one URL of a key opens it for no other, and for no other key', async () => {
  const [key, other] = await Promise.all([front.createKey(), front.createKey()]);
  const [client, others] = await Promise.all([follower(front, key), follower(front, other)]);
  const bad = target.url(hangs, hangs, hangs, status(200));
  const good = target.url(status(200));
  await deliver(front, key, bad);
  await client.events.find('the open breaker', breaker('Open'));
  await deliver(front, other, bad);
  expect(told(await course(others, bad))).toEqual(['DeliveryAttempted 1', 'DeliverySucceeded 1 200']);
  await deliver(front, key, good);
  expect(told(await course(client, good))).toEqual(['DeliveryAttempted 1', 'DeliverySucceeded 1 200']);
  await Promise.all([client.stop(), others.stop()]);
});

describe('as time goes by', () => {
  const inTime = new EdgeInTime();
  afterAll(() => inTime.stop());

  test('what has waited for a day for a receiver that still does not work is given up', async () => {
    const vars = { ALLOW_PRIVATE_TARGETS: 'true', WEBHOOK_BREAKER_FAILURES: '1', WEBHOOK_BREAKER_OPEN_SECONDS: '3600' };
    const now = Date.now();
    await inTime.startAt(now + HOUR, vars);
    const key = await inTime.createKey();
    const url = target.url(status(503));
    const before = await follower(inTime, key);
    await deliver(inTime, key, url);
    await before.events.find('the open breaker', breaker('Open'));
    await deliver(inTime, key, url);
    await deliver(inTime, key, url);
    await before.stop();
    await inTime.startAt(now + DAY + 3 * HOUR, vars);
    const client = await follower(inTime, key);
    await deliver(inTime, key, url);
    await client.events.find('the breaker open again', breaker('Open'));
    await eventually(
      'what is left',
      () => client.invoke<{ pendingDeliveries: number }>('RequestStatistics', url),
      (left) => left.pendingDeliveries === 2,
    );
    // The trial itself is tried again; what was asked for just now waits; the others are given up.
    expect(told(client.events.all)).toEqual([
      'CircuitBreakerStateChanged 1 Open HalfOpen',
      'DeliveryAttempted 1',
      'DeliveryFailed 1 503 HTTP 503',
      'CircuitBreakerStateChanged 1 HalfOpen Open',
      'RetryScheduled 2',
      'DeliveryFailed 1 waited for a day while the receiver did not work final',
      'DeliveryFailed 2 waited for a day while the receiver did not work final',
    ]);
    await client.stop();
  });
});
