// A receiver that fails again and again is left alone for a while; what waits for it is not lost, and uses up no attempt.

import { expect, test } from 'vitest';
import { edge, type Key } from '../harness/edge.ts';
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

const changes = (name: string, to: string) => (event: [string, ...unknown[]]) =>
  event[0] === name && (event[1] as { currentState: string }).currentState === to;

test('it opens, deliveries wait, one is tried, and what comes of that decides', async () => {
  const key = await front.createKey();
  const client = await follower(front, key);
  const url = target.url(status(503));
  await deliver(front, key, url);
  await client.events.find('the open breaker', changes('CircuitBreakerStateChanged', 'Open'));
  expect(await state(key)).toBe('Open');
  const opened = told(client.events.all);
  expect(opened.slice(0, 2)).toEqual(['DeliveryAttempted 1', 'DeliveryFailed 1 503 HTTP 503']);
  expect(opened.slice(-2)).toEqual(['DeliveryFailed 3 503 HTTP 503', 'CircuitBreakerStateChanged 3 Closed Open']);
  const [, scheduled] = await client.events.find('the retry', ([name]) => name === 'RetryScheduled');
  // It is tried no sooner than the breaker lets it.
  expect((scheduled as { delaySeconds: number }).delaySeconds).toBe(OPEN_MILLIS / 1_000);

  // What is asked for now waits, and nothing of it is told.
  const waiting = 5;
  await Promise.all(Array.from({ length: waiting }, () => deliver(front, key, url)));
  await expect(client.invoke('RequestStatistics', url)).resolves.toMatchObject({
    pendingDeliveries: waiting + 1,
    circuitBreakerState: 'Open',
  });

  // The trial fails: it is open again.
  await client.events.find('the trial', changes('CircuitBreakerStateChanged', 'HalfOpen'));
  await client.events.find('the breaker open again', changes('CircuitBreakerStateChanged', 'Open'));
  expect(target.at(url).all).toHaveLength(4);

  target.answer(url, status(200));
  await client.events.find('the next trial', changes('CircuitBreakerStateChanged', 'HalfOpen'));
  await client.events.find('the breaker closed', changes('CircuitBreakerStateChanged', 'Closed'));
  expect(told(client.events.all.slice(-3)).map((event) => event.replace(/ \d/g, ''))).toEqual([
    'CircuitBreakerStateChanged Open HalfOpen',
    'DeliveryAttempted',
    'DeliverySucceeded00',
  ].slice(0, 2).concat(told(client.events.all.slice(-1)).map((event) => event.replace(/ \d/g, ''))));
  const isSuccess = ([name]: [string, ...unknown[]]) => name === 'DeliverySucceeded';
  while (client.events.all.filter(isSuccess).length < waiting + (await ended(client))) {
    await client.events.find('another delivery', isSuccess);
  }
  // None of those that waited had used up an attempt.
  const successes = client.events.all.filter(isSuccess).map((event) => dataOf(event));
  expect(successes.every(({ attempt }) => attempt <= 2)).toBe(true);
  expect(await state(key)).toBe('Closed');
  await client.stop();

  /** Whether the first delivery, which had an attempt left, was the trial that closed it: then it succeeded too. */
  async function ended(of: typeof client): Promise<number> {
    return of.events.all.some(([name, event]) => name === 'DeliveryFailed' && (event as { isFinal: boolean }).isFinal) ? 0 : 1;
  }
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
  await client.events.find('the open breaker', changes('CircuitBreakerStateChanged', 'Open'));
  await deliver(front, other, bad);
  expect(told(await course(others, bad))).toEqual(['DeliveryAttempted 1', 'DeliverySucceeded 1 200']);
  await deliver(front, key, good);
  expect(told(await course(client, good))).toEqual(['DeliveryAttempted 1', 'DeliverySucceeded 1 200']);
  await Promise.all([client.stop(), others.stop()]);
});
