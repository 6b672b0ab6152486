// WebhookDeliveryHub: who subscribes to a URL hears how the key's deliveries to it go, and reads what they come to.

import { describe, expect, test } from 'vitest';
import { edge, type Key } from '../harness/edge.ts';
import { heard, KEY_HUBS, META, refusal, TRACES } from '../harness/keyHubs.ts';
import type { ClientOptions, OfficialClient } from '../harness/officialClient.ts';
import { PROTOCOLS } from '../harness/protocol.ts';

const front = edge();

const ROUTE = 'webhooks';
const URL = 'https://example.com/hook';

interface Statistics {
  url: string;
  totalDeliveries: number;
  successfulDeliveries: number;
  failedDeliveries: number;
  pendingDeliveries: number;
  successRate: number;
  averageResponseTimeMs: number;
  circuitBreakerState: string;
}

interface Page {
  items: Statistics[];
  next?: string;
}

const ZEROS: Omit<Statistics, 'url'> = {
  totalDeliveries: 0,
  successfulDeliveries: 0,
  failedDeliveries: 0,
  pendingDeliveries: 0,
  successRate: 0,
  averageResponseTimeMs: 0,
  circuitBreakerState: 'Closed',
};

const connect = (key: Key, options: ClientOptions & { query?: string } = {}) =>
  front.officialAt(ROUTE, key, KEY_HUBS[ROUTE].events, options);

async function follower(key: Key, urls: string[], options?: ClientOptions): Promise<OfficialClient> {
  const client = await connect(key, options);
  await client.invoke('SubscribeToWebhooks', urls);
  return client;
}

async function stop(...clients: OfficialClient[]): Promise<void> {
  await Promise.all(clients.map((client) => client.stop()));
}

const meta = {
  timestamp: expect.stringMatching(META.timestamp),
  eventId: expect.stringMatching(META.eventId),
};

/** A delivery's events, as somebody's delivery service reports them. */
const attempted = (key: Key, deliveryId: string, url = URL, attempt = 1) =>
  front.tell(key, 'WebhookDeliveryAttempted', { deliveryId, url, eventType: 'task.completed', attempt });
const succeeded = (key: Key, deliveryId: string, url = URL, responseTimeMs = 30) =>
  front.tell(key, 'WebhookDeliverySucceeded', {
    deliveryId,
    url,
    eventType: 'task.completed',
    attempt: 1,
    statusCode: 200,
    responseTimeMs,
  });
const failed = (key: Key, deliveryId: string, isFinal: boolean, url = URL, attempt = 1) =>
  front.tell(key, 'WebhookDeliveryFailed', {
    deliveryId,
    url,
    eventType: 'task.completed',
    attempt,
    error: 'HTTP 503',
    isFinal,
  });

/** The deliveries that a client heard of, by their ids. */
async function deliveriesHeard(client: OfficialClient): Promise<string[]> {
  return (await heard(client)).map(([, event]) => (event as { deliveryId: string }).deliveryId);
}

describe.each(PROTOCOLS)('in %s', (protocol) => {
  test.each(['SubscribeToWebhooks', 'UnsubscribeFromWebhooks'])('%s refuses an empty list', async (method) => {
    const client = await connect(await front.createKey(), { protocol });
    for (const urls of [[], null]) {
      await expect(client.invoke(method, urls)).rejects.toThrow(
        refusal(method, 'At least one webhook URL is required'),
      );
    }
    await stop(client);
  });

  test.each([
    '',
    ' ',
    'example.com/hook',
    '/hook',
    '//example.com/hook',
    'ftp://example.com/hook',
    'javascript:alert(1)',
    'https://',
    '**',
  ])('%j is refused as no URL: by its own text, and with all that was named beside it', async (wrong) => {
    const key = await front.createKey();
    const client = await connect(key, { protocol });
    await expect(client.invoke('SubscribeToWebhooks', [URL, wrong])).rejects.toThrow(
      refusal('SubscribeToWebhooks', `Invalid webhook URL '${wrong}'`),
    );
    await expect(client.invoke('RequestStatistics', wrong)).rejects.toThrow(
      refusal('RequestStatistics', `Invalid webhook URL '${wrong}'`),
    );
    await expect(attempted(key, 'd')).resolves.toMatchObject({ recipients: 0 });
    await stop(client);
  });

  test.each([
    ['WebhookDeliveryAttempted', 'DeliveryAttempted', {}],
    ['WebhookDeliverySucceeded', 'DeliverySucceeded', { statusCode: 204, responseTimeMs: 31.5 }],
    ['WebhookDeliveryFailed', 'DeliveryFailed', { error: 'HTTP 503', statusCode: 503, isFinal: false }],
    ['WebhookDeliveryFailed', 'DeliveryFailed', { error: 'no answer', isFinal: true }],
    ['WebhookDeliveryRetryScheduled', 'RetryScheduled', { delaySeconds: 2, scheduledAt: '2026-01-31T12:00:02.000Z' }],
  ])('%s is told as %s %j, with what it is and its metadata', async (type, name, data) => {
    const key = await front.createKey();
    const client = await follower(key, [URL], { protocol });
    const delivery = { deliveryId: 'd', url: URL, eventType: 'video.completed', taskId: 'v', attempt: 2, ...data };
    const told = await front.tell(key, type, delivery, { correlationid: 'c-1' });
    expect(told).toMatchObject({ status: 'delivered', recipients: 1 });
    await expect(client.events.next()).resolves.toStrictEqual([name, { ...delivery, ...meta, correlationId: 'c-1' }]);
    const { taskId, ...taskless } = delivery;
    await front.tell(key, type, { ...taskless, deliveryId: 7 });
    await expect(client.events.next()).resolves.toStrictEqual([name, { ...taskless, deliveryId: '7', ...meta }]);
    await stop(client);
  });

  test('who subscribes to URLs hears of those, who subscribes to * of all, and nobody else of any', async () => {
    const key = await front.createKey();
    const [a, b] = ['https://a.example/hook', 'https://b.example/hook'] as const;
    const [one, both, all, idle] = await Promise.all([
      follower(key, [a], { protocol }),
      follower(key, [a, b], { protocol }),
      follower(key, ['*'], { protocol }),
      connect(key, { protocol }),
    ]);
    await expect(attempted(key, 'to a', a)).resolves.toMatchObject({ recipients: 3 });
    await expect(attempted(key, 'to b', b)).resolves.toMatchObject({ recipients: 2 });
    await expect(attempted(key, 'to c', 'https://c.example/hook')).resolves.toMatchObject({ recipients: 1 });
    await expect(deliveriesHeard(one)).resolves.toEqual(['to a']);
    await expect(deliveriesHeard(both)).resolves.toEqual(['to a', 'to b']);
    await expect(deliveriesHeard(all)).resolves.toEqual(['to a', 'to b', 'to c']);
    await expect(deliveriesHeard(idle)).resolves.toEqual([]);
    await stop(one, both, all, idle);
  });

  test('who subscribed in several ways, and twice, hears of each event once, until it unsubscribed from all', async () => {
    const key = await front.createKey();
    const client = await follower(key, [URL, URL, '*'], { protocol });
    await client.invoke('SubscribeToWebhooks', [URL]);
    await front.sleep(key);
    await expect(attempted(key, '1')).resolves.toMatchObject({ recipients: 1 });
    await client.invoke('UnsubscribeFromWebhooks', ['*']);
    await expect(attempted(key, '2')).resolves.toMatchObject({ recipients: 1 });
    await client.invoke('UnsubscribeFromWebhooks', [URL, 'https://never.example/']);
    await expect(attempted(key, '3')).resolves.toMatchObject({ recipients: 0 });
    await expect(deliveriesHeard(client)).resolves.toEqual(['1', '2']);
    await stop(client);
  });

  test('a URL by another spelling is the same, in subscriptions, events and statistics', async () => {
    const key = await front.createKey();
    const client = await follower(key, ['HTTPS://Example.COM:443/a/../hook'], { protocol });
    for (const [id, spelling] of [
      ['1', URL],
      ['2', 'https://EXAMPLE.com/hook'],
      ['3', 'https://example.com/./hook#part'],
    ] as const) {
      await expect(attempted(key, id, spelling)).resolves.toMatchObject({ recipients: 1 });
      await expect(client.events.next()).resolves.toMatchObject(['DeliveryAttempted', { deliveryId: id, url: URL }]);
    }
    for (const spelling of [URL, 'https://Example.com:443/hook']) {
      await expect(client.invoke('RequestStatistics', spelling)).resolves.toMatchObject({
        url: URL,
        totalDeliveries: 3,
      });
    }
    await client.invoke('UnsubscribeFromWebhooks', ['https://example.com:443/hook']);
    await expect(attempted(key, '4')).resolves.toMatchObject({ recipients: 0 });
    await stop(client);
  });

  test('two URLs are never one, however alike they look', async () => {
    const key = await front.createKey();
    const urls = [
      'https://example.com/a/b',
      'https://example.com/a-b',
      'https://example.com/a/b/',
      'https://example.com/A/b',
      'https://example.com/a/b?',
      'https://example.com/a/b?c=1',
      'https://example.com/a%2Fb',
      'https://example.com:8443/a/b',
      'http://example.com/a/b',
      'https://example-com/a/b',
      'https://www.example.com/a/b',
    ];
    const clients = await Promise.all(urls.map((url) => follower(key, [url], { protocol })));
    for (const url of urls) await expect(attempted(key, url, url)).resolves.toMatchObject({ recipients: 1 });
    for (const [index, client] of clients.entries()) {
      await expect(deliveriesHeard(client)).resolves.toEqual([urls[index]]);
    }
    await stop(...clients);
  });

  test('of a URL that nothing was delivered to, statistics are zeros', async () => {
    const client = await connect(await front.createKey(), { protocol });
    await expect(client.invoke('RequestStatistics', URL)).resolves.toStrictEqual({ url: URL, ...ZEROS });
    await stop(client);
  });

  test('statistics count deliveries: those that arrived, that were given up, and that are pending', async () => {
    const key = await front.createKey();
    const client = await connect(key, { protocol });
    const statistics = () => client.invoke<Statistics>('RequestStatistics', URL);
    await attempted(key, '1');
    await expect(statistics()).resolves.toStrictEqual({ url: URL, ...ZEROS, totalDeliveries: 1, pendingDeliveries: 1 });
    // Its retries are no deliveries of their own.
    await failed(key, '1', false);
    await attempted(key, '1', URL, 2);
    await succeeded(key, '1', URL, 10);
    await succeeded(key, '2', URL, 20);
    await succeeded(key, '3', URL, 45);
    await failed(key, '4', true);
    const four = {
      url: URL,
      ...ZEROS,
      totalDeliveries: 4,
      successfulDeliveries: 3,
      failedDeliveries: 1,
      successRate: 75,
      averageResponseTimeMs: 25,
    };
    await expect(statistics()).resolves.toStrictEqual(four);
    await attempted(key, '5');
    // What comes after an end changes nothing.
    await expect(succeeded(key, '4')).resolves.toMatchObject({ status: 'ignored' });
    await front.sleep(key);
    await expect(statistics()).resolves.toStrictEqual({ ...four, totalDeliveries: 5, pendingDeliveries: 1 });
    await stop(client);
  });
});

test.each(TRACES)('of the failure %j the message is told, and no stack trace', async (error, message, trace) => {
  const key = await front.createKey();
  const client = await follower(key, ['*']);
  const delivery = { deliveryId: 'd', url: URL, eventType: 'e', attempt: 1 };
  await front.tell(key, 'WebhookDeliveryFailed', { ...delivery, error, isFinal: true });
  const [, told] = (await client.events.next()) as unknown as [string, { error: string }];
  expect(told.error).toContain(message);
  expect(told.error).not.toMatch(trace);
  await stop(client);
});

test('two keys that deliver to one URL hear of their own deliveries only, and count their own', async () => {
  const [mine, theirs] = await Promise.all([front.createKey(), front.createKey()]);
  const [my, their] = await Promise.all([follower(mine, [URL, '*']), follower(theirs, [URL, '*'])]);
  await expect(succeeded(mine, 'mine')).resolves.toMatchObject({ recipients: 1 });
  await expect(failed(theirs, 'theirs', true)).resolves.toMatchObject({ recipients: 1 });
  await attempted(theirs, 'theirs too');
  await expect(deliveriesHeard(my)).resolves.toEqual(['mine']);
  await expect(deliveriesHeard(their)).resolves.toEqual(['theirs', 'theirs too']);
  await expect(my.invoke('RequestStatistics', URL)).resolves.toMatchObject({ totalDeliveries: 1, successRate: 100 });
  await expect(their.invoke('RequestStatistics', URL)).resolves.toMatchObject({
    totalDeliveries: 2,
    failedDeliveries: 1,
    pendingDeliveries: 1,
    successRate: 0,
  });
  await stop(my, their);
});

describe('GET /v1/webhooks', () => {
  test('lists the statistics of each URL of the key, page by page', async () => {
    const [key, other] = await Promise.all([front.createKey(), front.createKey()]);
    await expect(front.read(key, '/v1/webhooks')).resolves.toStrictEqual({ items: [] });
    const urls = ['https://a.example/', 'https://b.example/', 'https://c.example/'];
    for (const url of urls) await succeeded(key, 'd', url);
    await failed(key, 'e', true, urls[1]);
    await attempted(other, 'd', 'https://other.example/');
    const one = { ...ZEROS, totalDeliveries: 1, successfulDeliveries: 1, successRate: 100, averageResponseTimeMs: 30 };
    const { items, next } = await front.read<Page>(key, '/v1/webhooks');
    expect(next).toBeUndefined();
    expect(items).toHaveLength(3);
    expect(items).toContainEqual({ url: urls[0], ...one });
    expect(items).toContainEqual({
      url: urls[1],
      ...one,
      totalDeliveries: 2,
      failedDeliveries: 1,
      successRate: 50,
    });
    const first = await front.read<Page>(key, '/v1/webhooks?limit=2');
    const second = await front.read<Page>(key, `/v1/webhooks?limit=2&after=${encodeURIComponent(first.next ?? '')}`);
    expect([first.items.length, second.items.length, second.next]).toEqual([2, 1, undefined]);
    expect([...first.items, ...second.items]).toEqual(items);
  });

  test('is refused without a key, to the master key, and to a token that does not open the hub', async () => {
    const key = await front.createKey();
    const token = await front.clientToken(key, { hubs: ['TaskHub'] });
    const status = async (headers: Record<string, string>) =>
      (await fetch(`${front.url}/v1/webhooks`, { headers })).status;
    await expect(status({})).resolves.toBe(401);
    await expect(status({ 'x-api-key': 'condt_nobody' })).resolves.toBe(401);
    await expect(status({ authorization: `Bearer ${token}` })).resolves.toBe(403);
    expect((await front.admin('GET', '/v1/webhooks')).status).toBe(403);
    const own = await front.clientToken(key, { hubs: ['WebhookDeliveryHub'] });
    await expect(status({ authorization: `Bearer ${own}` })).resolves.toBe(200);
  });
});
