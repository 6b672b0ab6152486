// What the figures say is what clients saw.

import { MessageType } from '@microsoft/signalr';
import { describe, expect, test } from 'vitest';
import { cloudEvent } from '../harness/cloudEvents.ts';
import { eventually } from '../harness/deadline.ts';
import { type Edge, edge, type Key, MASTER_KEY } from '../harness/edge.ts';
import { OfficialClient } from '../harness/officialClient.ts';
import type { ProtocolName } from '../harness/protocol.ts';
import { RawClient } from '../harness/rawClient.ts';
import { WaitingProxy } from '../harness/waitingProxy.ts';

interface Figures {
  timestamp: string;
  connections: { hub: string; active: number }[];
  messages: { hub: string; direction: 'in' | 'out'; total: number }[];
  reconnections: number;
  authenticationFailures: { hub: string; total: number }[];
  messageLatency: { count: number; sumSeconds: number; buckets: { le: number; count: number }[] };
  onlineKeys: number;
}

/** Samples of `/metrics`, by their names with their labels in alphabetical order. */
type Samples = Record<string, number>;

const SAMPLE = /^([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*)\})? (\S+)$/;

function parse(text: string): Samples {
  expect(text.endsWith('\n')).toBe(true);
  const samples: Samples = {};
  const types: Record<string, string> = {};
  for (const line of text.trimEnd().split('\n')) {
    const [, declared, kind] = line.match(/^# TYPE (\S+) (counter|gauge|histogram)$/) ?? [];
    if (declared !== undefined && kind !== undefined) types[declared] = kind;
    if (line.startsWith('#')) {
      expect(line).toMatch(/^# (HELP|TYPE) [a-z_]+ \S/);
      continue;
    }
    const [, name = '', labels = '', value] = line.match(SAMPLE) ?? [];
    expect([line, Number(value)]).toEqual([line, expect.any(Number)]);
    expect(Number(value)).not.toBeNaN();
    const family = name.replace(/_(bucket|sum|count)$/, '');
    expect([line, types[name] ?? types[family]]).toEqual([line, expect.any(String)]);
    const sorted = labels
      .split(',')
      .filter((label) => label !== '')
      .sort()
      .join(',');
    const id = sorted === '' ? name : `${name}{${sorted}}`;
    expect(samples).not.toHaveProperty([id]);
    samples[id] = Number(value);
  }
  return samples;
}

async function scrape(front: Edge): Promise<Samples> {
  const response = await front.admin('GET', '/metrics');
  expect(response.status).toBe(200);
  return parse(await response.text());
}

/** Figures of `/metrics` as those of the stream have them. */
function samplesOf(figures: Figures): Samples {
  const samples: Samples = {
    conduit_signalr_reconnections_total: figures.reconnections,
    conduit_signalr_message_latency_seconds_count: figures.messageLatency.count,
    conduit_signalr_keys_online: figures.onlineKeys,
  };
  for (const { hub, active } of figures.connections)
    samples[`conduit_signalr_connections_active{hub="${hub}"}`] = active;
  for (const { hub, direction, total } of figures.messages) samples[messages(hub, direction)] = total;
  for (const { hub, total } of figures.authenticationFailures) {
    samples[`conduit_signalr_authentication_failures_total{hub="${hub}"}`] = total;
  }
  return samples;
}

const messages = (hub: string, direction: string) =>
  `conduit_signalr_messages_total{direction="${direction}",hub="${hub}"}`;
const active = (hub: string) => `conduit_signalr_connections_active{hub="${hub}"}`;
const failures = (hub: string) => `conduit_signalr_authentication_failures_total{hub="${hub}"}`;
const RECONNECTIONS = 'conduit_signalr_reconnections_total';
const LATENCY = 'conduit_signalr_message_latency_seconds';

/** Waits until the figures are these; what is 0 may be left out. */
async function figuresAre(front: Edge, expected: Samples): Promise<void> {
  const wanted = async () => {
    const samples = await scrape(front);
    return Object.fromEntries(Object.keys(expected).map((name) => [name, samples[name] ?? 0]));
  };
  await eventually(
    `the figures ${JSON.stringify(expected)}`,
    wanted,
    (samples) => JSON.stringify(samples) === JSON.stringify(expected),
  );
}

/** The next figures of a stream. */
function streamed(client: OfficialClient, interval = 1): Promise<Figures> {
  return new Promise((resolve, reject) => {
    const stream = client.connection.stream<Figures>('StreamMetrics', interval);
    const subscription = stream.subscribe({
      next: (figures) => {
        subscription.dispose();
        resolve(figures);
      },
      error: reject,
      complete: () => reject(new Error('the stream ended')),
    });
  });
}

describe('after traffic on several hubs and keys', () => {
  const front = edge();

  /** Raw clients of a hub, who say what they sent and heard. */
  class Crowd {
    readonly clients: RawClient[] = [];
    calls = 0;

    constructor(
      readonly hub: string,
      readonly route: string,
    ) {}

    async come(secret: string, protocol: ProtocolName = 'json'): Promise<RawClient> {
      const headers = { authorization: `Bearer ${secret}` };
      const client = await RawClient.connect(`${front.url}/hubs/${this.route}`, protocol, headers);
      this.clients.push(client);
      return client;
    }

    async call(client: RawClient, method: string, ...args: unknown[]): Promise<void> {
      this.calls++;
      await client.invoke(method, ...args).catch(() => undefined);
    }

    get figures(): Samples {
      const heard = this.clients
        .flatMap((client) => client.records.all)
        .filter(({ type }) => type === MessageType.Invocation);
      return {
        [active(this.hub)]: this.clients.length,
        [messages(this.hub, 'in')]: this.calls,
        [messages(this.hub, 'out')]: heard.length,
      };
    }
  }

  test('/metrics and the stream agree with what the clients counted, and connections are counted no more when they end', async () => {
    const keys = await Promise.all([front.createKey(), front.createKey(), front.createKey()]);
    const [first, second, third] = keys as [Key, Key, Key];
    const tasks = new Crowd('TaskHub', 'tasks');
    const system = new Crowd('SystemNotificationHub', 'notifications');
    const spend = new Crowd('SpendNotificationHub', 'spend');
    const navigation = new Crowd('NavigationStateHub', 'navigation-state');
    const admin = new Crowd('AdminNotificationHub', 'admin-notifications');
    const crowds = [tasks, system, spend, navigation, admin];

    const operator = await admin.come(MASTER_KEY);
    await operator.event('InitialProviderHealth');
    await admin.call(operator, 'SubscribeToProvider', 'openai');
    await admin.call(operator, 'SubscribeToVirtualKey', 'nobody');
    for (const [key, protocol] of [
      [first, 'json'],
      [first, 'messagepack'],
      [second, 'json'],
    ] as const) {
      const client = await tasks.come(key.key, protocol);
      await tasks.call(client, 'SubscribeToTaskType', '*');
      await tasks.call(client, 'SubscribeToTask', 'unknown');
      await tasks.call(client, 'NoSuchMethod');
      client.sendRecords({ type: MessageType.Ping });
    }
    for (const taskId of ['a', 'b']) {
      await front.tell(first, 'TaskStarted', { taskId, taskType: 'test' });
      await front.tell(first, 'TaskProgress', { taskId, percentComplete: 7 });
      await front.tell(first, 'TaskCompleted', { taskId });
    }
    await front.tell(second, 'TaskCancelled', { taskId: 'a' });
    for (const client of tasks.clients.slice(0, 2)) {
      for (const _ of ['a', 'b']) await client.event('TaskCompleted');
    }
    await tasks.clients[2]?.event('TaskCancelled');

    for (const key of [first, third]) {
      const client = await system.come(key.key);
      await system.call(client, 'UpdatePreferences', {});
      await system.call(client, 'GetPreferences');
    }
    const spending = await spend.come(second.key, 'messagepack');
    await spending.event('SpendUpdate');
    await front.tell(second, 'SpendRecorded', { amount: 0.25 });
    await spending.event('SpendUpdate');
    const [one, other] = [await navigation.come(third.key), await navigation.come(third.key)];
    await navigation.call(one, 'UpdateNavigation', { page: 1 });
    await other.event('NavigationUpdated');
    await front.announce('ModelMappingChanged', { model: 'gpt-4o' });
    for (const client of [...system.clients, ...navigation.clients]) await client.event('ModelMappingChanged');

    const expected = Object.assign({ conduit_signalr_keys_online: 3 }, ...crowds.map((crowd) => crowd.figures));
    expect(expected).toMatchObject({
      [active('TaskHub')]: 3,
      [messages('TaskHub', 'in')]: 9,
      [messages('TaskHub', 'out')]: 13,
      [messages('SystemNotificationHub', 'out')]: 4,
      [messages('SpendNotificationHub', 'out')]: 2,
      [messages('NavigationStateHub', 'out')]: 3,
    });
    await figuresAre(front, expected);

    const watching = await front.officialMaster('metrics');
    const figures = await streamed(watching);
    expect(figures.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const some = Object.fromEntries(Object.entries(expected).filter(([, value]) => value !== 0));
    expect(samplesOf(figures)).toMatchObject({ ...some, [active('MetricsHub')]: 1 });
    const text = await (await front.admin('GET', '/metrics')).text();
    for (const { id, key } of keys) {
      expect(text).not.toContain(id);
      expect(text).not.toContain(key);
    }

    for (const crowd of crowds) await Promise.all(crowd.clients.map((client) => client.close(1000)));
    await watching.stop();
    const gone = Object.keys(expected).filter((name) => name.includes('active') || name.includes('online'));
    await figuresAre(front, { ...expected, ...Object.fromEntries(gone.map((name) => [name, 0])) });
  });

  test('the stream goes on, at whatever interval it is asked for', async () => {
    const client = await front.officialMaster('metrics');
    const times: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const subscription = client.connection.stream<Figures>('StreamMetrics', 1).subscribe({
        next: ({ timestamp }) => {
          if (times.push(timestamp) < 3) return;
          subscription.dispose();
          resolve();
        },
        error: reject,
        complete: () => reject(new Error('the stream ended')),
      });
    });
    expect(times).toEqual([...new Set(times)].sort());
    for (const interval of [0, -5, 60, 61, 100_000]) await expect(streamed(client, interval)).resolves.toBeDefined();
    await client.stop();
  });

  test('events that were delivered are in the histogram of their latency, each once', async () => {
    const key = await front.createKey();
    const client = await front.official(key);
    await client.invoke('SubscribeToTaskType', '*');
    const before = (await scrape(front))[`${LATENCY}_count`] ?? 0;
    for (let nth = 0; nth < 4; nth++) await front.tell(key, 'TaskStarted', { taskId: `t${nth}`, taskType: 'test' });
    await front.publish(
      ['x', 'y', 'z'].map((taskId) => cloudEvent(key.id, 'TaskStarted', { taskId, taskType: 'test' })),
    );
    await client.events.take(7);
    await figuresAre(front, { [`${LATENCY}_count`]: before + 7 });
    const samples = await scrape(front);
    const buckets = Object.entries(samples).filter(([name]) => name.startsWith(`${LATENCY}_bucket`));
    const bound = (name: string) => name.match(/le="(.+)"/)?.[1] ?? '';
    const sorted = buckets
      .map(([name, count]): [number, number] => [bound(name) === '+Inf' ? Infinity : Number(bound(name)), count])
      .sort(([one], [other]) => one - other);
    expect(sorted.length).toBeGreaterThan(5);
    expect(sorted.at(-1)).toEqual([Infinity, samples[`${LATENCY}_count`]]);
    const counts = sorted.map(([, count]) => count);
    expect(counts).toEqual([...counts].sort((one, other) => one - other));
    expect(samples[`${LATENCY}_sum`]).toBeGreaterThanOrEqual(0);
    await client.stop();
  });
});

describe('what failed and what came again', () => {
  const front = edge();

  test('failed authentications are counted for the hub that was to be opened, and refusals of a good key are not', async () => {
    const disabled = await front.createKey({ enabled: false });
    const key = await front.createKey();
    const ask = async (route: string, secret?: string) => {
      const headers: Record<string, string> = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
      const negotiate = await fetch(`${front.url}/hubs/${route}/negotiate`, { method: 'POST', headers });
      return negotiate.status;
    };
    const answers = [
      await ask('tasks', 'condt_wrong'),
      await ask('tasks', 'nonsense'),
      await ask('tasks'),
      await ask('spend-notifications', 'a.b.c'),
      (await RawClient.refusal(`${front.url}/hubs/spend?access_token=condt_wrong`)).status,
      await ask('admin-notifications', 'condt_wrong'),
      await ask('notifications', disabled.key),
      await ask('webhooks', MASTER_KEY),
      await ask('metrics', key.key),
    ];
    expect(answers).toEqual([401, 401, 401, 401, 401, 401, 401, 403, 403]);
    await figuresAre(front, {
      [failures('TaskHub')]: 3,
      [failures('SpendNotificationHub')]: 2,
      [failures('AdminNotificationHub')]: 1,
      [failures('SystemNotificationHub')]: 1,
      [failures('WebhookDeliveryHub')]: 0,
      [failures('MetricsHub')]: 0,
    });
    const client = await front.officialMaster('metrics');
    const { authenticationFailures } = await streamed(client);
    expect(authenticationFailures.reduce((sum, { total }) => sum + total, 0)).toBe(7);
    await client.stop();
  });

  test('a connection that took the place of an earlier one is counted, on every hub and however it did', async () => {
    const key = await front.createKey();
    await figuresAre(front, { [RECONNECTIONS]: 0 });
    const resume = async (connect: () => Promise<OfficialClient>) => {
      const before = await connect();
      const { resumeToken } = await before.invoke<{ resumeToken: string }>('GetResumeToken');
      await before.stop();
      const after = await connect();
      await after.invoke('Resume', resumeToken);
      await expect(after.invoke('Resume', resumeToken)).rejects.toThrow('Invalid resume token');
      await after.stop();
    };
    await resume(() => front.official(key));
    await resume(() => front.officialAt('spend', key, []));
    await figuresAre(front, { [RECONNECTIONS]: 2 });

    const proxy = await WaitingProxy.start(Number(new URL(front.url).port));
    const url = `${proxy.url}/hubs/tasks`;
    const client = await OfficialClient.connect(url, { stateful: true, accessTokenFactory: () => key.key });
    proxy.cut();
    await client.invoke('SubscribeToTaskType', '*');
    await client.stop();
    await proxy.stop();
    await figuresAre(front, { [RECONNECTIONS]: 3 });
  });

  test('one on a hub of the operator is counted as well', async () => {
    const before = (await scrape(front))[RECONNECTIONS] ?? 0;
    const operator = await front.officialMaster('admin-notifications');
    const { resumeToken } = await operator.invoke<{ resumeToken: string }>('GetResumeToken');
    await operator.stop();
    const again = await front.officialMaster('admin-notifications');
    await again.invoke('Resume', resumeToken);
    await figuresAre(front, { [RECONNECTIONS]: before + 1 });
    await again.stop();
  });
});

describe('the routes', () => {
  const front = edge({ vars: { ENABLE_DEBUG_HUB: 'true' } });

  test.each(['/metrics', '/v1/admin/connections'])('%s is the operator’s alone, and only read', async (path) => {
    const key = await front.createKey();
    for (const [headers, status] of [
      [{ authorization: `Bearer ${key.key}` }, 403],
      [{ authorization: `Bearer ${await front.clientToken(key)}` }, 403],
      [{ authorization: 'Bearer condt_nobody' }, 401],
      [{}, 401],
      [{ authorization: `Bearer ${MASTER_KEY}` }, 200],
      [{ 'x-master-key': MASTER_KEY }, 200],
    ] as [Record<string, string>, number][]) {
      expect((await fetch(front.url + path, { headers })).status).toBe(status);
    }
    // Not in the query, which goes into logs.
    expect((await fetch(`${front.url}${path}?access_token=${MASTER_KEY}`)).status).toBe(401);
    expect((await front.admin('POST', path)).status).toBe(405);
  });

  test('/metrics is what Prometheus reads, and has every figure from the start', async () => {
    const response = await front.admin('GET', '/metrics');
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await response.text();
    expect(parse(text)).toMatchObject({ [RECONNECTIONS]: 0, [`${LATENCY}_count`]: 0 });
    for (const name of ['connections_active', 'messages_total', 'authentication_failures_total']) {
      expect(text).toContain(`# TYPE conduit_signalr_${name} `);
    }
  });

  test('/v1/admin/connections lists the keys that are online, by hub, in pages', async () => {
    interface Page {
      items: { virtualKeyId: string; connections: number; hubs: Record<string, number> }[];
      next?: string;
    }
    const keys = await Promise.all(Array.from({ length: 5 }, () => front.createKey()));
    const clients = await Promise.all(
      keys.flatMap((key, nth) => [
        front.raw(key),
        ...Array.from({ length: nth }, () => front.officialAt('notifications', key, [])),
      ]),
    );
    const list = async () => (await (await front.admin('GET', '/v1/admin/connections')).json()) as Page;
    const expected = keys
      .map(({ id }, nth) => ({
        virtualKeyId: id,
        connections: nth + 1,
        hubs: { ...(nth > 0 ? { SystemNotificationHub: nth } : {}), TaskHub: 1 },
      }))
      .sort((one, other) => (one.virtualKeyId < other.virtualKeyId ? -1 : 1));
    const isThere = (page: Page) => JSON.stringify(page.items) === JSON.stringify(expected);
    await eventually('all of them', list, isThere);

    const found: string[] = [];
    let after = '';
    for (;;) {
      const response = await front.admin('GET', `/v1/admin/connections?limit=2${after}`);
      const page = (await response.json()) as Page;
      found.push(...page.items.map(({ virtualKeyId }) => virtualKeyId));
      expect(page.items.length).toBeLessThanOrEqual(2);
      if (page.next === undefined) break;
      after = `&after=${page.next}`;
    }
    expect(found).toEqual(expected.map(({ virtualKeyId }) => virtualKeyId));
    await Promise.all(clients.map((client) => (client instanceof RawClient ? client.close(1000) : client.stop())));
    await eventually('nobody', list, ({ items }) => items.length === 0);
  });

  test.each(['/health', '/health/live', '/health/ready', '/health/signalr'])('%s needs no key', async (path) => {
    const response = await fetch(front.url + path);
    expect(response.status).toBe(200);
    await expect(response.json()).resolves.toMatchObject({ status: 'healthy' });
  });

  test('/health/signalr has a message go through a hub, which leaves nothing behind', async () => {
    const answer = async () =>
      (await (await fetch(`${front.url}/health/signalr`)).json()) as { checks: { name: string }[] };
    const names = (await answer()).checks.map((check) => check.name);
    const ready = (await (await fetch(`${front.url}/health/ready`)).json()) as { checks: { name: string }[] };
    expect(names).toEqual([...ready.checks.map((check) => check.name), 'hub-message']);
    for (let count = 0; count < 5; count++) await answer();
    await figuresAre(front, { [active('MetricsHub')]: 0 });
    const audit = await (await front.admin('GET', '/v1/admin/audit')).text();
    expect(audit).not.toContain('MetricsHub');
  });
});

describe('/asyncapi.json', () => {
  const front = edge({ vars: { ENABLE_DEBUG_HUB: 'true', ALLOW_PRIVATE_TARGETS: 'true' } });

  interface Message {
    $ref?: string;
    name?: string;
    payload?: unknown;
    examples?: { payload: unknown }[];
  }

  interface Document {
    asyncapi: string;
    channels: Record<string, { address: string; messages: Record<string, Message>; 'x-key'?: 'virtual' | 'master' }>;
    operations: Record<
      string,
      {
        action: 'send' | 'receive';
        channel: { $ref: string };
        messages: { $ref: string }[];
        reply?: object;
        'x-streams'?: boolean;
        'x-refusals'?: string[];
      }
    >;
  }

  /** The hubs with their own methods, as the contract has them. */
  const HUBS: Record<string, [route: string, methods: string[]]> = {
    VideoGenerationHub: [
      'video-generation',
      [
        'SubscribeToRequest',
        'UnsubscribeFromRequest',
        'SubscribeToVideoGeneration',
        'UnsubscribeFromVideoGeneration',
        'SubscribeToTask',
        'UnsubscribeFromTask',
      ],
    ],
    ImageGenerationHub: ['image-generation', ['SubscribeToTask', 'UnsubscribeFromTask']],
    TaskHub: ['tasks', ['SubscribeToTask', 'UnsubscribeFromTask', 'SubscribeToTaskType', 'UnsubscribeFromTaskType']],
    SystemNotificationHub: ['notifications', ['UpdatePreferences', 'GetPreferences']],
    SpendNotificationHub: ['spend', []],
    WebhookDeliveryHub: ['webhooks', ['SubscribeToWebhooks', 'UnsubscribeFromWebhooks', 'RequestStatistics']],
    NavigationStateHub: ['navigation-state', ['UpdateNavigation']],
    AdminNotificationHub: [
      'admin-notifications',
      [
        'SubscribeToVirtualKey',
        'UnsubscribeFromVirtualKey',
        'SubscribeToProvider',
        'UnsubscribeFromProvider',
        'RefreshProviderHealth',
      ],
    ],
    MetricsHub: ['metrics', ['StreamMetrics']],
    DebugHub: ['debug', ['Echo', 'Describe']],
  };
  const EVERYWHERE = ['GetResumeToken', 'Resume'];

  async function document(): Promise<Document> {
    const response = await fetch(`${front.url}/asyncapi.json`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    return (await response.json()) as Document;
  }

  /** What a reference leads to. */
  function resolve<T>(whole: Document, reference: string): T {
    const step = (node: unknown, name: string) => (node as Record<string, unknown> | undefined)?.[name];
    const names = reference
      .slice(2)
      .split('/')
      .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
    const found = names.reduce<unknown>(step, whole) as { $ref?: string } | undefined;
    expect([reference, typeof found]).toEqual([reference, 'object']);
    return found?.$ref === undefined ? (found as T) : resolve<T>(whole, found.$ref);
  }

  test('lists all hubs, where they are, with all of their methods', async () => {
    const whole = await document();
    expect(whole.asyncapi).toMatch(/^3\./);
    const hubs = Object.entries(whole.channels).filter(([, { address }]) => address.startsWith('/hubs/'));
    expect(Object.fromEntries(hubs.map(([name, { address }]) => [name, address]))).toEqual(
      Object.fromEntries(Object.entries(HUBS).map(([name, [route]]) => [name, `/hubs/${route}`])),
    );
    const listed = Object.keys(whole.operations).filter(
      (name) => !name.endsWith('.events') && !name.startsWith('DomainEvents'),
    );
    const methods = Object.entries(HUBS).flatMap(([hub, [, own]]) =>
      [...own, ...EVERYWHERE].map((name) => `${hub}.${name}`),
    );
    expect(listed.sort()).toEqual(methods.sort());
    for (const reference of JSON.stringify(whole).match(/#\/[^"]+/g) ?? []) resolve(whole, reference);
  });

  test.each(Object.keys(HUBS))(
    'lists methods of %s that there are, which take its examples and answer if it says so',
    async (hub) => {
      const whole = await document();
      const key = await front.createKey();
      for (const [type, id, name] of [
        ['VideoStarted', 'requestId', 'video-1'],
        ['ImageStarted', 'taskId', 'image-1'],
        ['TaskRegistered', 'taskId', 'task-1'],
      ] as const) {
        await front.tell(key, type, { [id]: name, ...(type === 'TaskRegistered' ? { taskType: 'batch' } : {}) });
      }
      const channel = whole.channels[hub];
      const secret = channel?.['x-key'] === 'master' ? MASTER_KEY : key.key;
      const client = await RawClient.connect(`${front.url}${channel?.address}`, 'json', {
        authorization: `Bearer ${secret}`,
      });
      const methods = Object.entries(whole.operations).filter(
        ([, { action, channel }]) => action === 'send' && channel.$ref === `#/channels/${hub}`,
      );
      expect(methods.length).toBeGreaterThanOrEqual(2);
      for (const [, operation] of methods) {
        for (const { $ref } of operation.messages) {
          const { name = '', examples = [] } = resolve<Message>(whole, $ref);
          expect([name, examples.length]).toEqual([name, expect.any(Number)]);
          expect(examples.length).toBeGreaterThan(0);
          for (const { payload } of examples) {
            const args = payload as unknown[];
            if (operation['x-streams'] === true) {
              client.sendRecords({
                type: MessageType.StreamInvocation,
                invocationId: name,
                target: name,
                arguments: args,
              });
              const item = await client.records.find('an item', (record) => record.type === MessageType.StreamItem);
              expect(item).toMatchObject({ invocationId: name, item: expect.any(Object) });
              continue;
            }
            const answer = client.invoke(name, ...args);
            const outcome = await answer.then(
              (result) => ({ result }),
              (error: Error) => ({ error: error.message }),
            );
            if ('error' in outcome) {
              const refusals = operation['x-refusals'] ?? [];
              expect(refusals.some((refusal) => outcome.error.endsWith(`HubException: ${refusal}`))).toBe(true);
            } else {
              const answers = operation.reply !== undefined;
              expect([name, outcome.result !== null && outcome.result !== undefined]).toEqual([name, answers]);
            }
          }
        }
      }
      await expect(client.invoke('NoSuchMethod')).rejects.toThrow('Method does not exist');
      await client.kill();
    },
  );
});
