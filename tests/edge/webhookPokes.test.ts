// The queue says that a webhook is due, and nothing more: what it doubles or loses changes nothing, nor does an object that
// fails in between.

import { expect, test } from 'vitest';
import { flaky } from '../harness/flakyObjects.ts';
import { course, dataOf, deliver, follower, told } from '../harness/webhooks.ts';
import { hangs, status, webhookTarget } from '../harness/webhookTarget.ts';

const front = flaky({ ALLOW_PRIVATE_TARGETS: 'true', WEBHOOK_TIMEOUT_SECONDS: '1', WEBHOOK_RETRY_SECONDS: '0.05' });
const target = webhookTarget();

test('an attempt is begun once, and one that is over is not finished again', async () => {
  const key = await front.createKey();
  const client = await follower(front, key);
  const url = target.url(hangs, status(200));
  await deliver(front, key, url);
  const { headers } = await target.at(url).next();
  const delivery_id = headers['webhook-id'];
  const begin = (attempt: number) => front.ask(key, '/webhooks/begin', { delivery_id, attempt });
  const finish = (attempt: number, outcome: unknown) =>
    front.ask(key, '/webhooks/finish', { delivery_id, attempt, outcome });
  // It is under way, or over by now; others are not its turn; and none is another's.
  for (const attempt of [0, 1, 3]) await expect(begin(attempt)).resolves.toBeNull();
  await expect(front.ask(key, '/webhooks/begin', { delivery_id: 'another', attempt: 1 })).resolves.toBeNull();
  await finish(3, 'Unreachable');
  const events = await course(client, url);
  await finish(1, 'Unreachable');
  await finish(2, 'Unreachable');
  await expect(begin(2)).resolves.toBeNull();
  expect(told(client.events.all)).toEqual([
    'DeliveryAttempted 1',
    'DeliveryFailed 1 no answer within 1 s',
    'RetryScheduled 2',
    'DeliveryAttempted 2',
    'DeliverySucceeded 2 200',
  ]);
  expect(client.events.all).toEqual(events);
  expect(target.at(url).all).toHaveLength(2);
  await client.stop();
});

test('what could not be begun is begun later', async () => {
  const key = await front.createKey();
  const client = await follower(front, key);
  const url = target.url(status(200));
  await front.break(key, 'throws', '/webhooks/begin');
  await deliver(front, key, url);
  await deliver(front, key, target.url(status(200)));
  await front.break(key, null, '/webhooks/begin');
  expect(told(await course(client, url))).toEqual(['DeliveryAttempted 1', 'DeliverySucceeded 1 200']);
  await client.stop();
});

test('what came of an attempt is told again, or the attempt is made again under the same id', async () => {
  const key = await front.createKey();
  const client = await follower(front, key);
  const url = target.url(status(200));
  await front.break(key, 'throws', '/webhooks/finish');
  await deliver(front, key, url);
  await client.events.find('that it is not known', ([name]) => name === 'DeliveryFailed');
  await front.break(key, null, '/webhooks/finish');
  const events = await course(client, url);
  expect(told(events).slice(0, 3)).toEqual([
    'DeliveryAttempted 1',
    'DeliveryFailed 1 the attempt was interrupted; what came of it is not known',
    'RetryScheduled 2',
  ]);
  expect(told(events).at(-1)).toMatch(/^DeliverySucceeded \d 200$/);
  const received = target.at(url).all;
  expect(received.length).toBeGreaterThanOrEqual(2);
  const [first] = events.map(dataOf);
  expect(new Set(received.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([first?.deliveryId]));
  await client.stop();
});
