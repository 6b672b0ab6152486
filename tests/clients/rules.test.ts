// The rules of the client library that need no server: waiting, transports, turns, subscriptions, queues, figures.

import { describe, expect, test } from 'vitest';
import { backoffMillis } from '../../clients/js/src/backoff.ts';
import { resolveHub } from '../../clients/js/src/hubNames.ts';
import { InvocationQueue } from '../../clients/js/src/invocationQueue.ts';
import { KeyRing } from '../../clients/js/src/keyRing.ts';
import { LatestStates } from '../../clients/js/src/latestStates.ts';
import { MetricsRecorder } from '../../clients/js/src/metrics.ts';
import { policyOf } from '../../clients/js/src/options.ts';
import { ReconnectOrder } from '../../clients/js/src/reconnectOrder.ts';
import { Subscriptions } from '../../clients/js/src/subscriptions.ts';
import { TransportLadder } from '../../clients/js/src/transportLadder.ts';

const TASKS = resolveHub('tasks');

describe('waits', () => {
  const policy = { baseReconnectDelay: 1_000, maxReconnectDelay: 30_000 };

  test('double up to a bound, each somewhere in the upper half', () => {
    const longest = [0, 1, 2, 3, 4, 5, 50, 2_000].map((attempt) => backoffMillis(attempt, policy, () => 1));
    expect(longest).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    expect(backoffMillis(3, policy, () => 0)).toBe(4_000);
    expect(new Set(Array.from({ length: 20 }, () => backoffMillis(5, policy))).size).toBeGreaterThan(1);
  });
});

describe('transports', () => {
  const transports = ['WebSockets', 'ServerSentEvents', 'LongPolling'] as const;

  function ladder() {
    const clock = { millis: 0 };
    return {
      clock,
      ladder: new TransportLadder(
        () => ({ transports }),
        () => clock.millis,
      ),
    };
  }

  test('are tried one after the other, and then from the first again', () => {
    const { ladder: steps } = ladder();
    expect([steps.current, steps.next(), steps.current, steps.next(), steps.current]).toEqual([
      'WebSockets',
      true,
      'ServerSentEvents',
      true,
      'LongPolling',
    ]);
    expect([steps.isExhausted, steps.next(), steps.isExhausted, steps.current]).toEqual([
      false,
      false,
      true,
      'WebSockets',
    ]);
    steps.opened();
    expect(steps.isExhausted).toBe(false);
  });

  test('that hold are kept, whatever happens to their connections', () => {
    const { clock, ladder: steps } = ladder();
    for (let round = 0; round < 10; round++) {
      steps.opened();
      clock.millis += round % 2 === 0 ? 60_000 : 5;
      steps.lost();
    }
    expect(steps.current).toBe('WebSockets');
  });

  test('that did not hold have a second chance after a while', () => {
    const { clock, ladder: steps } = ladder();
    steps.next();
    steps.opened();
    clock.millis += 60_000;
    steps.lost();
    expect(steps.current).toBe('ServerSentEvents');
    steps.opened();
    clock.millis += 300_000;
    steps.lost();
    expect(steps.current).toBe('WebSockets');
  });
});

describe('turns', () => {
  const never = new AbortController().signal;

  test('come to the more important first, to equals at once, and to all in the end', async () => {
    const order = new ReconnectOrder();
    const [critical, normal, another] = [{}, {}, {}];
    order.wants(critical, 'critical', 10);
    order.wants(normal, 'normal', 0);
    const took: string[] = [];
    const waits = order.turn(another, 'low', never).then(() => took.push('low'));
    await order.turn(critical, 'critical', never).then(() => took.push('critical'));
    order.had(critical);
    await order.turn(normal, 'normal', never).then(() => took.push('normal'));
    expect(took).toEqual(['critical', 'normal']);
    order.had(normal);
    await waits;
    expect(took).toEqual(['critical', 'normal', 'low']);
  });

  test('that come much later are not waited for', async () => {
    const order = new ReconnectOrder();
    order.wants({}, 'critical', 20_000);
    await order.turn({}, 'low', never);
  });

  test('are not waited for by who has ended', async () => {
    const order = new ReconnectOrder();
    order.wants({}, 'critical', 0);
    const ended = new AbortController();
    const waits = order.turn({}, 'low', ended.signal);
    ended.abort();
    await waits;
  });
});

describe('subscriptions', () => {
  const of = (hub: string) => new Subscriptions(resolveHub(hub));
  const calls = (subscriptions: Subscriptions) => subscriptions.confirmed.map(({ method, args }) => [method, ...args]);

  test('are what was accepted and not ended', () => {
    const subscriptions = of('tasks');
    subscriptions.confirm('SubscribeToTask', ['a']);
    subscriptions.confirm('SubscribeToTask', [7]);
    subscriptions.confirm('SubscribeToTaskType', ['a']);
    subscriptions.intend('SubscribeToTask', ['b']);
    subscriptions.confirm('GetResumeToken', []);
    subscriptions.confirm('UnsubscribeFromTask', ['7']);
    expect(calls(subscriptions)).toEqual([
      ['SubscribeToTask', 'a'],
      ['SubscribeToTaskType', 'a'],
    ]);
    expect(subscriptions.wanted).toHaveLength(3);
    subscriptions.refuse('SubscribeToTask', ['b']);
    // What was accepted once outlives a later refusal, such as one for too many calls.
    subscriptions.refuse('SubscribeToTask', ['a']);
    expect(subscriptions.wanted).toHaveLength(2);
  });

  test('to lists end one by one', () => {
    const subscriptions = of('webhooks');
    subscriptions.confirm('SubscribeToWebhooks', [['https://a.example', 'https://b.example']]);
    subscriptions.confirm('UnsubscribeFromWebhooks', [['https://a.example']]);
    expect(calls(subscriptions)).toEqual([['SubscribeToWebhooks', ['https://b.example']]]);
  });

  test('to a video end by whichever of its names', () => {
    const subscriptions = of('video-generation');
    subscriptions.confirm('SubscribeToRequest', ['v']);
    subscriptions.confirm('SubscribeToVideoGeneration', ['v']);
    expect(calls(subscriptions)).toHaveLength(1);
    subscriptions.confirm('UnsubscribeFromTask', ['v']);
    expect(calls(subscriptions)).toEqual([]);
  });
});

test('a queue keeps its order and its bound, and gives each its own result', async () => {
  const queue = new InvocationQueue();
  const ran: number[] = [];
  const add = (number: number) =>
    queue.add(
      async () => {
        ran.push(number);
        if (number === 2) throw new Error('of the second');
        return number;
      },
      3,
      'tasks',
    );
  const results = Promise.allSettled([1, 2, 3, 4].map(add));
  let isOpen = true;
  await queue.flush(() => isOpen);
  expect(ran).toEqual([1, 2, 3]);
  isOpen = false;
  const last = add(5);
  await queue.flush(() => isOpen);
  expect(queue.length).toBe(1);
  queue.drop(() => new Error('dropped'));
  await expect(last).rejects.toThrow('dropped');
  expect(
    (await results).map((result) => (result.status === 'fulfilled' ? result.value : result.reason.message)),
  ).toEqual([1, 'of the second', 3, '3 messages wait for hub tasks already']);
});

test('states that are told again are known; other hubs tell happenings, of which none is', () => {
  const progress = (percent: number, eventId: string) => ['t', percent, null, { eventId, timestamp: eventId }];
  const states = new LatestStates(TASKS);
  expect(states.isKnown('TaskProgress', progress(10, '1'))).toBe(false);
  expect(states.isKnown('TaskProgress', progress(10, '2'))).toBe(true);
  expect(states.isKnown('TaskProgress', progress(20, '3'))).toBe(false);
  const warning = ['/v1', 5, 'now', { eventId: '1' }];
  const happenings = new LatestStates(resolveHub('notifications'));
  for (const _ of [1, 2]) expect(happenings.isKnown('RateLimitWarning', warning)).toBe(false);
});

test('no text shows a secret, in any of the forms that addresses have', () => {
  const keys = new KeyRing();
  keys.set('virtual', 'a secret/with+signs');
  const text = 'wss://x/hubs/tasks?id=connection&access_token=a%20secret%2Fwith%2Bsigns Bearer a secret/with+signs';
  expect(keys.redact(text)).toBe('wss://x/hubs/tasks?id=***&access_token=*** Bearer ***');
  const error = new TypeError('a secret/with+signs is wrong');
  expect(keys.redactError(error)).toMatchObject({ name: 'TypeError', message: '*** is wrong' });
  expect(keys.redactError(error).stack).not.toContain('a secret/with+signs');
});

test('options override each other layer by layer, and what is undefined overrides nothing', () => {
  const policy = policyOf(TASKS, { maxQueueLength: 5, priority: 'low' }, undefined, { maxQueueLength: undefined });
  expect(policy).toMatchObject({ maxQueueLength: 5, priority: 'low', maxReconnectAttempts: 10 });
  expect(policyOf(resolveHub('spend')).priority).toBe('normal');
  expect(policyOf(TASKS).priority).toBe('critical');
});

test('figures of methods are bounded', () => {
  const metrics = new MetricsRecorder();
  for (let method = 0; method < 1_000; method++) metrics.record(`invoke.${method}`, 1);
  expect(Object.keys(metrics.snapshot(0)).length).toBeLessThan(210);
});
