// Conduit delivers webhooks itself: whatever the receiver does, its owner hears of it, as it is and in order.

import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { cloudEvent } from '../harness/cloudEvents.ts';
import { eventually } from '../harness/deadline.ts';
import { edge, type Key } from '../harness/edge.ts';
import { settled } from '../harness/keyHubs.ts';
import type { Event, OfficialClient } from '../harness/officialClient.ts';
import { PROTOCOLS } from '../harness/protocol.ts';
import { course, dataOf, deliver, follower, meta, PAYLOAD, rotate, told } from '../harness/webhooks.ts';
import {
  type Answer,
  closes,
  hangs,
  promisesTooLittle,
  promisesTooMuch,
  resets,
  speaksGibberish,
  speaksInOtherNumbers,
  status,
  talksForEver,
  webhookTarget,
} from '../harness/webhookTarget.ts';

const front = edge({
  vars: { ALLOW_PRIVATE_TARGETS: 'true', WEBHOOK_RETRY_SECONDS: '0.05,0.1,0.2', WEBHOOK_TIMEOUT_SECONDS: '1' },
});
const target = webhookTarget();

/** What a key and its client hear of one delivery to a receiver that answers so. */
async function delivered(...answers: [Answer, ...Answer[]]): Promise<{ url: string; events: Event[]; key: Key }> {
  const key = await front.createKey();
  const url = target.url(...answers);
  const client = await follower(front, key);
  await deliver(front, key, url);
  const events = await course(client, url);
  await settled(client);
  expect(client.events.all).toEqual(events);
  await client.stop();
  return { url, events, key };
}

describe('a receiver that', () => {
  const NO_ANSWER = 'no answer: the connection failed';

  const retried = (failure: string) => [
    'DeliveryAttempted 1',
    `DeliveryFailed 1 ${failure}`,
    'RetryScheduled 2',
    'DeliveryAttempted 2',
    `DeliveryFailed 2 ${failure}`,
    'RetryScheduled 3',
    'DeliveryAttempted 3',
    `DeliveryFailed 3 ${failure}`,
    'RetryScheduled 4',
    'DeliveryAttempted 4',
    `DeliveryFailed 4 ${failure} final`,
  ];
  const final = (failure: string) => ['DeliveryAttempted 1', `DeliveryFailed 1 ${failure} final`];
  const arrived = (code: number) => ['DeliveryAttempted 1', `DeliverySucceeded 1 ${code}`];

  const elsewhere = { location: 'http://127.0.0.1:1/elsewhere' };

  const CASES: [string, [Answer, ...Answer[]], string[]][] = [
    ['answers 200', [status(200)], arrived(200)],
    ['answers 204', [status(204)], arrived(204)],
    ['says that more comes than does', [promisesTooMuch], arrived(200)],
    ['says that less comes than does', [promisesTooLittle], arrived(200)],
    ['answers with a body that has no end', [talksForEver], arrived(200)],
    ['redirects for good', [status(301, elsewhere)], final('301 HTTP 301: redirects are not followed')],
    ['redirects with the method', [status(307, elsewhere)], final('307 HTTP 307: redirects are not followed')],
    ['answers 400', [status(400)], final('400 HTTP 400')],
    ['answers 404', [status(404)], final('404 HTTP 404')],
    ['answers 410', [status(410)], final('410 HTTP 410')],
    ['answers 500 for ever', [status(500)], retried('500 HTTP 500')],
    ['answers 408 for ever', [status(408)], retried('408 HTTP 408')],
    ['answers 425 for ever', [status(425)], retried('425 HTTP 425')],
    ['answers with what is no status', [speaksInOtherNumbers], retried('HTTP 999')],
    ['never answers', [hangs], retried('no answer within 1 s')],
    ['resets the connection', [resets], retried(NO_ANSWER)],
    ['closes the connection before it says anything', [closes], retried(NO_ANSWER)],
    ['speaks no HTTP', [speaksGibberish], retried(NO_ANSWER)],
    [
      'answers 500 and then 200',
      [status(500), status(200)],
      [...retried('500 HTTP 500').slice(0, 4), 'DeliverySucceeded 2 200'],
    ],
    [
      'hangs, resets, is busy and then answers 202',
      [hangs, resets, status(503), status(202)],
      [
        'DeliveryAttempted 1',
        'DeliveryFailed 1 no answer within 1 s',
        'RetryScheduled 2',
        'DeliveryAttempted 2',
        `DeliveryFailed 2 ${NO_ANSWER}`,
        'RetryScheduled 3',
        'DeliveryAttempted 3',
        'DeliveryFailed 3 503 HTTP 503',
        'RetryScheduled 4',
        'DeliveryAttempted 4',
        'DeliverySucceeded 4 202',
      ],
    ],
  ];

  test.concurrent.each(CASES)('%s: its owner hears of it, in order', async (_, answers, expected) => {
    const { url, events } = await delivered(...answers);
    expect(told(events)).toEqual(expected);
    const attempts = expected.filter((event) => event.startsWith('DeliveryAttempted')).length;
    expect(target.at(url).all).toHaveLength(attempts);
  });

  test.concurrent.each([
    ['is not there', 'http://127.0.0.1:1/'],
    ['has no address', 'http://nowhere.invalid/'],
  ])('%s: its owner hears of it', async (_, url) => {
    const key = await front.createKey();
    const client = await follower(front, key);
    await deliver(front, key, url);
    expect(told(await course(client, url))).toEqual(retried(NO_ANSWER));
    await client.stop();
  });

  test('asks to be left alone for a while is left alone for that while', async () => {
    const { events } = await delivered(status(429, { 'retry-after': '1' }), status(200));
    const [, , scheduled, again] = events as [Event, Event, Event, Event];
    expect(told(events)).toEqual([
      'DeliveryAttempted 1',
      'DeliveryFailed 1 429 HTTP 429',
      'RetryScheduled 2',
      'DeliveryAttempted 2',
      'DeliverySucceeded 2 200',
    ]);
    expect(dataOf(scheduled).delaySeconds).toBe(1);
    expect(Date.parse(dataOf(again).timestamp)).toBeGreaterThanOrEqual(Date.parse(dataOf(scheduled).scheduledAt ?? ''));
  });

  test('asks for a date is left alone until then', async () => {
    const date = new Date(Date.now() + 2_000).toUTCString();
    const { events } = await delivered(status(503, { 'retry-after': date }), status(200));
    expect(dataOf(events[3] as Event).timestamp >= new Date(date).toISOString()).toBe(true);
  });
});

describe.each(PROTOCOLS)('in %s', (protocol) => {
  test('each event is told whole: with its delivery, its task, its times and its correlation', async () => {
    const key = await front.createKey();
    const url = target.url(status(500), status(200));
    const client = await follower(front, key, [url], { protocol });
    await deliver(front, key, url, { taskId: 7 }, { correlationid: 'c-1' });
    const events = await course(client, url);
    const { deliveryId } = dataOf(events[0] as Event);
    const delivery = { deliveryId, url, eventType: 'video.completed', taskId: '7', ...meta, correlationId: 'c-1' };
    expect(events).toStrictEqual([
      ['DeliveryAttempted', { ...delivery, attempt: 1 }],
      ['DeliveryFailed', { ...delivery, attempt: 1, error: 'HTTP 500', statusCode: 500, isFinal: false }],
      ['RetryScheduled', { ...delivery, attempt: 2, delaySeconds: 0.05, scheduledAt: expect.stringMatching(/Z$/) }],
      ['DeliveryAttempted', { ...delivery, attempt: 2 }],
      ['DeliverySucceeded', { ...delivery, attempt: 2, statusCode: 200, responseTimeMs: expect.any(Number) }],
    ]);
    const ids = events.map((event) => dataOf(event).eventId);
    expect(ids).toEqual([...new Set(ids)].sort());
    await client.stop();
  });
});

test('how long a receiver took is what it took', async () => {
  const slowly: Answer = (response) => void setTimeout(() => status(200)(response), 300);
  const { events } = await delivered(slowly);
  const { responseTimeMs } = dataOf(events[1] as Event);
  expect(responseTimeMs).toBeGreaterThanOrEqual(299);
  expect(responseTimeMs).toBeLessThan(1_000);
});

test('what arrives is the payload as it was written, signed, and every attempt has the same id', async () => {
  const key = await front.createKey();
  const { secret } = await rotate(front, key);
  const url = target.url(status(500), status(500), status(200));
  const client = await follower(front, key);
  const headers = { Authorization: 'Bearer of-the-receiver', 'X-Tenant': 'a, b' };
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  await deliver(front, key, url, { headers, payload: PAYLOAD }, { traceparent });
  const events = await course(client, url);
  const { deliveryId } = dataOf(events[0] as Event);
  const webhook = new Webhook(secret);
  const received = await target.at(url).take(3);
  for (const { method, headers, body } of received) {
    expect([method, body]).toEqual(['POST', JSON.stringify(PAYLOAD)]);
    expect(webhook.verify(body, headers)).toEqual(PAYLOAD);
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': 'Conduit-Webhooks/1.0',
      'webhook-id': deliveryId,
      authorization: 'Bearer of-the-receiver',
      'x-tenant': 'a, b',
      traceparent,
    });
    expect(() => webhook.verify(`${body} `, headers)).toThrow();
  }
  // Nothing of that is anybody's but the receiver's.
  const heard = JSON.stringify(client.events.all);
  const history = JSON.stringify(await front.read(key, '/v1/history'));
  for (const text of [heard, history, JSON.stringify(front.instance.log)]) {
    expect(text).not.toMatch(/of-the-receiver|whsec_|v1,/);
  }
  await client.stop();
});

test.each([
  ['a string', 'text'],
  ['a number', 12.5],
  ['a list', [1, { a: null }]],
  ['null', null],
  ['nothing', {}],
])('%s is a payload too', async (_, payload) => {
  const key = await front.createKey();
  const url = target.url(status(200));
  await deliver(front, key, url, { payload });
  expect((await target.at(url).next()).body).toBe(JSON.stringify(payload));
});

test('an event that comes twice, or through the queue, is delivered once', async () => {
  const key = await front.createKey();
  const client = await follower(front, key);
  const url = target.url(status(200));
  const event = cloudEvent(key.id, 'WebhookDeliveryRequested', { url, eventType: 'e', payload: 1 });
  const queued = await front.post('application/cloudevents+json', JSON.stringify(event), {}, '?delivery=queue');
  expect(queued.results).toMatchObject([{ status: 'queued' }]);
  await course(client, url);
  expect((await front.publish([event])).results).toMatchObject([{ status: 'duplicate' }]);
  const other = target.url(status(200));
  await deliver(front, key, other);
  await course(client, other);
  expect(target.at(url).all).toHaveLength(1);
  await client.stop();
});

describe('a request is rejected by its path', () => {
  const good = { url: 'https://example.com/hook', eventType: 'e', payload: 1 };

  test.each([
    [{ eventType: 'e', payload: 1 }, 'data.url'],
    [{ ...good, url: 'example.com/hook' }, 'data.url'],
    [{ ...good, url: 'ftp://example.com/hook' }, 'data.url'],
    [{ ...good, url: 'https://user:secret@example.com/' }, 'data.url'],
    [{ ...good, eventType: '' }, 'data.eventType'],
    [{ url: good.url, eventType: 'e' }, 'data.payload'],
    [{ ...good, headers: ['a'] }, 'data.headers'],
    [{ ...good, headers: { 'x-a': 1 } }, 'data.headers.x-a'],
    [{ ...good, headers: { 'x-a': 'a\r\nx-b: c' } }, 'data.headers.x-a'],
    [{ ...good, headers: { 'webhook-signature': 'v1,x' } }, 'data.headers.webhook-signature'],
    [{ ...good, headers: { Host: 'internal' } }, 'data.headers.Host'],
    [{ ...good, headers: { 'Content-Length': '1' } }, 'data.headers.Content-Length'],
    [{ ...good, retries: 3 }, 'data.retries'],
  ])('%j', async (data, field) => {
    const key = await front.createKey();
    const answer = await front.publish([cloudEvent(key.id, 'WebhookDeliveryRequested', data)]);
    expect(answer).toMatchObject({ status: 400, results: [{ status: 'rejected', error: { field } }] });
  });
});

describe('where private targets are not allowed', () => {
  const strict = edge();

  test.each([
    'http://example.com/hook',
    'https://127.0.0.1/hook',
    'https://127.1/hook',
    'https://2130706433/',
    'https://[::1]/',
    'https://10.1.2.3/',
    'https://169.254.169.254/latest/meta-data/',
    'https://localhost/',
    'https://db.internal/',
  ])('%s is rejected', async (url) => {
    const key = await strict.createKey();
    const data = { url, eventType: 'e', payload: 1 };
    const answer = await strict.publish([cloudEvent(key.id, 'WebhookDeliveryRequested', data)]);
    expect(answer).toMatchObject({ status: 400, results: [{ status: 'rejected', error: { field: 'data.url' } }] });
  });
});

describe('isolation', () => {
  test('two keys that deliver to one URL hear of their own, count their own, and sign with their own', async () => {
    const [mine, theirs] = await Promise.all([front.createKey(), front.createKey()]);
    const [my, their] = await Promise.all([follower(front, mine), follower(front, theirs)]);
    const { secret } = await rotate(front, mine);
    const url = target.url(status(200));
    await deliver(front, mine, url);
    await course(my, url);
    await deliver(front, theirs, url);
    await course(their, url);
    const [first, second] = await target.at(url).take(2);
    expect(new Webhook(secret).verify(first?.body ?? '', first?.headers ?? {})).toEqual(PAYLOAD);
    expect(() => new Webhook(secret).verify(second?.body ?? '', second?.headers ?? {})).toThrow();
    for (const client of [my, their]) {
      await settled(client);
      expect(client.events.all).toHaveLength(2);
      await expect(client.invoke('RequestStatistics', url)).resolves.toMatchObject({ totalDeliveries: 1 });
      await client.stop();
    }
  });

  test('a receiver that does not answer holds up neither another URL of the key nor another key', async () => {
    const [key, other] = await Promise.all([front.createKey(), front.createKey()]);
    const stuck = target.url(hangs);
    await Promise.all(Array.from({ length: 30 }, () => deliver(front, key, stuck)));
    await target.at(stuck).take(10);
    const [near, far] = [target.url(status(200)), target.url(status(200))];
    const asked = Date.now();
    await Promise.all([deliver(front, key, near), deliver(front, other, far)]);
    await Promise.all([target.at(near).next(), target.at(far).next()]);
    // Less than one of those that hang takes.
    expect(Date.now() - asked).toBeLessThan(900);
  });
});

describe('statistics', () => {
  interface Page {
    items: { url: string; [figure: string]: unknown }[];
  }

  const list = async (key: Key, query = '') => (await front.read<Page>(key, `/v1/webhooks${query}`)).items;

  test('count what is waiting, what arrived and what was given up, of all time and of a period', async () => {
    const key = await front.createKey();
    const client = await follower(front, key);
    const url = target.url(status(200), status(404), status(200), hangs);
    for (const _ of [1, 2, 3]) {
      await deliver(front, key, url);
      await client.events.find('its end', ([name]) => name === 'DeliverySucceeded' || name === 'DeliveryFailed');
    }
    await deliver(front, key, url);
    await target.at(url).take(4);
    const figures = {
      url,
      totalDeliveries: 4,
      successfulDeliveries: 2,
      failedDeliveries: 1,
      pendingDeliveries: 1,
      circuitBreakerState: 'Closed',
    };
    await expect(client.invoke('RequestStatistics', url)).resolves.toMatchObject(figures);
    for (const query of ['', '?period=hour', '?period=day', '?period=week']) {
      expect(await list(key, query)).toMatchObject([figures]);
    }
    const wrong = await fetch(`${front.url}/v1/webhooks?period=month`, {
      headers: { authorization: `Bearer ${key.key}` },
    });
    expect([wrong.status, await wrong.json()]).toMatchObject([
      400,
      { detail: 'period must be hour, day or week, not "month"' },
    ]);
    await client.stop();
  });
});

describe('what is given up', () => {
  interface Letter {
    id: string;
    kind: string;
    virtualKeyId: string;
    cause: string;
    attempts: number;
    body: { deliveryId: string; url: string; payload: unknown };
  }

  async function letters(key: Key): Promise<Letter[]> {
    const response = await front.admin('GET', `/v1/admin/dead-letters?virtualKeyId=${key.id}`);
    return ((await response.json()) as { items: Letter[] }).items;
  }

  async function givenUp(key: Key, client: OfficialClient, url: string, data: object = {}): Promise<Letter> {
    await deliver(front, key, url, data);
    await course(client, url);
    const [letter] = await eventually(
      'a dead letter',
      () => letters(key),
      (all) => all.length > 0,
    );
    return letter as Letter;
  }

  test('is a dead letter without headers, and a replay delivers it under the same id with them', async () => {
    const key = await front.createKey();
    const client = await follower(front, key);
    const url = target.url(status(500));
    const letter = await givenUp(key, client, url, { headers: { authorization: 'of-the-receiver' } });
    expect(letter).toMatchObject({ kind: 'webhook', virtualKeyId: key.id, cause: 'HTTP 500', attempts: 4 });
    expect(letter.body).toMatchObject({ url, payload: PAYLOAD });
    expect(JSON.stringify(letter)).not.toContain('of-the-receiver');
    await expect(client.invoke('RequestStatistics', url)).resolves.toMatchObject({ failedDeliveries: 1 });

    target.answer(url, status(200));
    const before = client.events.all.length;
    expect((await front.admin('POST', `/v1/admin/dead-letters/${letter.id}/replay`)).status).toBe(202);
    await client.events.find('the delivery', ([name]) => name === 'DeliverySucceeded');
    expect(told(client.events.all.slice(before))).toEqual([
      'RetryScheduled 1',
      'DeliveryAttempted 1',
      'DeliverySucceeded 1 200',
    ]);
    const received = await target.at(url).take(5);
    expect(new Set(received.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([letter.body.deliveryId]));
    expect(received[4]?.headers.authorization).toBe('of-the-receiver');
    expect(await letters(key)).toEqual([]);
    await expect(client.invoke('RequestStatistics', url)).resolves.toMatchObject({
      totalDeliveries: 1,
      successfulDeliveries: 1,
      failedDeliveries: 0,
    });
    await client.stop();
  });

  test('and fails again is a dead letter again', async () => {
    const key = await front.createKey();
    const client = await follower(front, key);
    const url = target.url(status(404));
    const first = await givenUp(key, client, url);
    await front.admin('POST', '/v1/admin/dead-letters/replay?kind=webhook');
    const again = (all: Letter[]) => all.length > 0 && all.every(({ id }) => id !== first.id);
    const [second] = await eventually('another letter', () => letters(key), again);
    expect(second?.body.deliveryId).toBe(first.body.deliveryId);
    await client.stop();
  });
});

describe('a key that has as much waiting as it may', () => {
  const narrow = edge({
    vars: { ALLOW_PRIVATE_TARGETS: 'true', WEBHOOK_MAX_PENDING: '4', WEBHOOK_TIMEOUT_SECONDS: '25' },
  });

  const request = (key: Key, url: string) =>
    cloudEvent(key.id, 'WebhookDeliveryRequested', { url, eventType: 'e', payload: 1 });
  const rejected = (message: RegExp) => ({ status: 'rejected', error: { message: expect.stringMatching(message) } });

  /** Has two deliveries to each of two receivers wait for answers, and gives what answers the first. */
  async function filled(key: Key): Promise<{ url: string; finish: () => void }> {
    let finish = () => {};
    const first: Answer = (response) => {
      finish = () => status(200)(response);
    };
    const [url, other] = [target.url(first, hangs), target.url(hangs)];
    const client = await follower(narrow, key);
    await deliver(narrow, key, url);
    await target.at(url).next();
    // It is told that it is tried, while nobody knows yet what comes of it.
    await expect(client.events.next()).resolves.toMatchObject(['DeliveryAttempted', { url, attempt: 1 }]);
    await client.stop();
    await deliver(narrow, key, url);
    // One receiver leaves room for the others.
    expect((await narrow.publish([request(key, url)])).results).toMatchObject([rejected(/half .* wait for this URL/)]);
    const more = await narrow.publish([request(key, other), request(key, other), request(key, other)]);
    expect(more.results).toMatchObject([{ status: 'delivered' }, { status: 'delivered' }, rejected(/as many/)]);
    return { url, finish: () => finish() };
  }

  test('has the next request rejected with the reason, and taken once there is room', async () => {
    const key = await narrow.createKey();
    const { url, finish } = await filled(key);
    const event = request(key, url);
    expect((await narrow.publish([event])).results).toMatchObject([rejected(/WEBHOOK_MAX_PENDING/)]);
    const client = await follower(narrow, key, [url]);
    finish();
    await client.events.find('the end of the first', ([name]) => name === 'DeliverySucceeded');
    expect((await narrow.publish([event])).results).toMatchObject([{ status: 'delivered' }]);
    await client.stop();
  });

  test('has what was queued kept for the operator', async () => {
    const key = await narrow.createKey();
    await filled(key);
    const event = request(key, target.url(status(200)));
    const queued = await narrow.post('application/cloudevents+json', JSON.stringify(event), {}, '?delivery=queue');
    expect(queued.results).toMatchObject([{ status: 'queued' }]);
    interface Page {
      items: { kind: string; cause: string; body: unknown }[];
    }
    const letters = async () =>
      (await (await narrow.admin('GET', `/v1/admin/dead-letters?virtualKeyId=${key.id}`)).json()) as Page;
    const { items } = await eventually('its letter', letters, (page) => page.items.length > 0);
    expect(items).toMatchObject([{ kind: 'event', cause: expect.stringMatching(/as many/), body: [event] }]);
  });
});
