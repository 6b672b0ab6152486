// SystemNotificationHub: what concerns a key reaches that key's clients, as far as its preferences go; and on no hub can a
// client say what only the server says.

import { describe, expect, test } from 'vitest';
import { cloudEvent } from '../harness/cloudEvents.ts';
import { edge, type Key } from '../harness/edge.ts';
import { heard, KEY_HUBS, KEY_ROUTES, META, noSuchMethod, refusal } from '../harness/keyHubs.ts';
import type { ClientOptions, OfficialClient } from '../harness/officialClient.ts';
import { PROTOCOLS } from '../harness/protocol.ts';

const front = edge();

const ROUTE = 'notifications';
const { events } = KEY_HUBS[ROUTE];

interface Preferences {
  enabledTypes: string[];
  minimumPriority: string;
}

const TYPES = [
  'provider_health',
  'rate_limit',
  'system_announcement',
  'service_degradation',
  'model_mapping',
  'model_capabilities',
  'model_availability',
];
const PRIORITIES = ['Low', 'Medium', 'High', 'Critical'] as const;
type Priority = (typeof PRIORITIES)[number];

const connect = (key: Key, options: ClientOptions & { query?: string } = {}) =>
  front.officialAt(ROUTE, key, events, options);

async function stop(...clients: OfficialClient[]): Promise<void> {
  await Promise.all(clients.map((client) => client.stop()));
}

/** Preferences as a set of types has no order. */
const sorted = ({ enabledTypes, ...rest }: Preferences): Preferences => ({
  enabledTypes: [...enabledTypes].sort(),
  ...rest,
});
const ALL = sorted({ enabledTypes: TYPES, minimumPriority: 'Low' });

const preferencesOf = async (client: OfficialClient) => sorted(await client.invoke<Preferences>('GetPreferences'));

const WARNING = { endpoint: '/v1/chat/completions', remaining: 7, resetTime: '2026-01-31T12:01:00.000Z' };
const warnedOf = (remaining: number) => ['RateLimitWarning', WARNING.endpoint, remaining, WARNING.resetTime];

/** What everybody is told, with its arguments, its type and its priority. */
const BROADCASTS: [event: string, data: object, args: unknown[], type: string, priority: Priority][] = [
  ['ProviderHealthChanged', { provider: 'p', status: 'Healthy' }, ['p', 'Healthy', null], 'provider_health', 'Medium'],
  [
    'ProviderHealthChanged',
    { provider: 'p', status: 'Degraded', message: 'slow' },
    ['p', 'Degraded', 'slow'],
    'provider_health',
    'Medium',
  ],
  [
    'ProviderHealthChanged',
    { provider: 'p', status: 'Unhealthy' },
    ['p', 'Unhealthy', null],
    'provider_health',
    'High',
  ],
  ...PRIORITIES.map((severity): [string, object, unknown[], string, Priority] => [
    'SystemAnnouncement',
    { title: 't', message: 'm', severity },
    ['t', 'm', severity],
    'system_announcement',
    severity,
  ]),
  ['ServiceDegraded', { service: 's', reason: 'r' }, ['s', 'r'], 'service_degradation', 'High'],
  ['ServiceRestored', { service: 's' }, ['s'], 'service_degradation', 'Medium'],
  ['ModelMappingChanged', { model: 'm', newProvider: 'p' }, ['m', 'p'], 'model_mapping', 'Medium'],
  ['ModelMappingChanged', { model: 'm' }, ['m', null], 'model_mapping', 'Medium'],
  [
    'ModelCapabilitiesDiscovered',
    { provider: 'p', capabilities: [{ model: 'm', capabilities: ['chat', 'vision'] }] },
    ['p', [{ model: 'm', capabilities: ['chat', 'vision'] }]],
    'model_capabilities',
    'Low',
  ],
  ['ModelAvailabilityChanged', { model: 'm', isAvailable: false }, ['m', false], 'model_availability', 'Medium'],
  ['ModelAvailabilityChanged', { model: 'm', isAvailable: true }, ['m', true], 'model_availability', 'Low'],
];

/** The end of the broadcasts, as everybody hears it who hears anything. */
const END = ['SystemAnnouncement', 'end', 'of it', 'Critical'];
const announceEnd = () =>
  front.announce('SystemAnnouncement', { title: 'end', message: 'of it', severity: 'Critical' });

/** What a client hears of all broadcasts, up to their end. */
async function broadcastsHeard(client: OfficialClient): Promise<unknown[][]> {
  const before = client.events.all.length;
  const { results } = await front.publish(BROADCASTS.map(([event, data]) => cloudEvent(undefined, event, data)));
  expect(results.map(({ status }) => status)).toEqual(BROADCASTS.map(() => 'delivered'));
  await announceEnd();
  await client.events.find('the end of the broadcasts', ([, title]) => title === 'end');
  return client.events.all.slice(before);
}

/** Those of the broadcasts that are of some types and matter so much. */
function broadcastsOf(types: string[], minimum: Priority): unknown[][] {
  const weight = (priority: Priority) => PRIORITIES.indexOf(priority);
  const wanted = BROADCASTS.filter(
    ([, , , type, priority]) => types.includes(type) && weight(priority) >= weight(minimum),
  );
  return [...wanted.map(([event, , args]) => [event, ...args]), END];
}

describe.each(PROTOCOLS)('in %s', (protocol) => {
  test('a warning about a key’s rate limit reaches that key’s clients, and no other’s', async () => {
    const [mine, theirs] = await Promise.all([front.createKey(), front.createKey()]);
    const [first, second, neighbor] = await Promise.all([
      connect(mine, { protocol }),
      connect(mine, { protocol }),
      connect(theirs, { protocol }),
    ]);
    await expect(front.tell(mine, 'RateLimitWarning', WARNING)).resolves.toMatchObject({ recipients: 2 });
    await front.tell(theirs, 'RateLimitWarning', { ...WARNING, remaining: 0 });
    for (const client of [first, second]) await expect(heard(client)).resolves.toStrictEqual([warnedOf(7)]);
    await expect(heard(neighbor)).resolves.toStrictEqual([warnedOf(0)]);
    await stop(first, second, neighbor);
  });

  test('until a key changes its preferences, its clients hear everything', async () => {
    const client = await connect(await front.createKey(), { protocol });
    await expect(preferencesOf(client)).resolves.toEqual(ALL);
    await expect(broadcastsHeard(client)).resolves.toStrictEqual(broadcastsOf(TYPES, 'Low'));
    await stop(client);
  });

  test.each([
    [['system_announcement', 'provider_health', 'service_degradation'], 'Low'],
    [['system_announcement', 'model_mapping', 'model_capabilities', 'model_availability'], 'Low'],
    [['system_announcement', 'model_availability'], 'Medium'],
    [TYPES, 'Medium'],
    [TYPES, 'High'],
    [TYPES, 'Critical'],
  ] as [string[], Priority][])('with %j from %s on, only those are heard', async (types, minimum) => {
    const client = await connect(await front.createKey(), { protocol });
    await client.invoke('UpdatePreferences', { enabledTypes: types, minimumPriority: minimum });
    await expect(broadcastsHeard(client)).resolves.toStrictEqual(broadcastsOf(types, minimum));
    await stop(client);
  });

  test('announcements may be unwanted too, however much they matter', async () => {
    const client = await connect(await front.createKey(), { protocol });
    await client.invoke('UpdatePreferences', { enabledTypes: ['service_degradation'], minimumPriority: 'Low' });
    await client.events.next();
    await announceEnd();
    await front.announce('ServiceRestored', { service: 's' });
    await expect(client.events.next()).resolves.toStrictEqual(['ServiceRestored', 's']);
    await stop(client);
  });

  test('UpdatePreferences answers what is stored', async () => {
    const client = await connect(await front.createKey(), { protocol });
    const preferences = { enabledTypes: ['rate_limit', 'provider_health'], minimumPriority: 'High' };
    const answer = await client.invoke<Preferences | null>('UpdatePreferences', preferences);
    expect(answer).not.toBeNull();
    expect(sorted(answer as Preferences)).toStrictEqual(sorted(preferences));
    await stop(client);
  });

  test('only who changed the preferences is told of them by an event', async () => {
    const key = await front.createKey();
    const [changer, other] = await Promise.all([connect(key, { protocol }), connect(key, { protocol })]);
    const preferences = { enabledTypes: ['rate_limit', 'provider_health'], minimumPriority: 'High' };
    await changer.invoke('UpdatePreferences', preferences);
    const [name, told, ...more] = await changer.events.next();
    expect([name, sorted(told as Preferences), more]).toEqual(['PreferencesUpdated', sorted(preferences), []]);
    await expect(heard(other)).resolves.toEqual([]);
    await stop(changer, other);
  });

  test('a type that there is not is refused by its name, and nothing is changed', async () => {
    const client = await connect(await front.createKey(), { protocol });
    for (const [types, wrong] of [
      [['provider_health', 'nonsense'], 'nonsense'],
      [['rate limit'], 'rate limit'],
      [[''], ''],
      [["it's"], "it's"],
    ] as const) {
      await expect(
        client.invoke('UpdatePreferences', { enabledTypes: types, minimumPriority: 'Critical' }),
      ).rejects.toThrow(refusal('UpdatePreferences', `Unknown notification type '${wrong}'`));
    }
    await expect(preferencesOf(client)).resolves.toEqual(ALL);
    expect(client.events.all).toEqual([]);
    await stop(client);
  });

  test('a priority that there is not does not bind, and nothing is changed', async () => {
    const client = await connect(await front.createKey(), { protocol });
    for (const preferences of [{ enabledTypes: [], minimumPriority: 'Urgent' }, 'all', 7]) {
      await expect(client.invoke('UpdatePreferences', preferences)).rejects.toThrow(
        new Error("Failed to invoke 'UpdatePreferences' due to an error on the server."),
      );
    }
    await expect(preferencesOf(client)).resolves.toEqual(ALL);
    await stop(client);
  });

  test('who asked for metadata gets it as a last argument', async () => {
    const key = await front.createKey();
    const client = await connect(key, { protocol, query: 'meta=1' });
    const meta = { timestamp: expect.stringMatching(META.timestamp), eventId: expect.stringMatching(META.eventId) };
    await front.tell(key, 'RateLimitWarning', WARNING, { correlationid: 'c-1' });
    await expect(client.events.next()).resolves.toStrictEqual([...warnedOf(7), { ...meta, correlationId: 'c-1' }]);
    await front.announce('ServiceRestored', { service: 's' });
    await expect(client.events.next()).resolves.toStrictEqual(['ServiceRestored', 's', meta]);
    await stop(client);
  });
});

test('preferences are the key’s: all its connections have them, later ones too, and other keys do not', async () => {
  const [mine, theirs] = await Promise.all([front.createKey(), front.createKey()]);
  const [changer, other, neighbor] = await Promise.all([connect(mine), connect(mine), connect(theirs)]);
  await changer.invoke('UpdatePreferences', { enabledTypes: ['rate_limit'], minimumPriority: 'High' });
  const late = await connect(mine, { protocol: 'messagepack' });
  await announceEnd();
  await front.tell(mine, 'RateLimitWarning', WARNING);
  for (const client of [other, late]) {
    await expect(preferencesOf(client)).resolves.toEqual({ enabledTypes: ['rate_limit'], minimumPriority: 'High' });
    await expect(client.events.next()).resolves.toStrictEqual(warnedOf(7));
  }
  await expect(preferencesOf(neighbor)).resolves.toEqual(ALL);
  await expect(neighbor.events.next()).resolves.toStrictEqual(END);
  await stop(changer, other, neighbor, late);
});

test('preferences are kept while the key sleeps, and when all its clients have gone', async () => {
  const key = await front.createKey();
  const client = await connect(key);
  const preferences = { enabledTypes: ['rate_limit', 'system_announcement'], minimumPriority: 'High' };
  await client.invoke('UpdatePreferences', preferences);
  await client.events.next();
  await front.sleep(key);
  await front.announce('SystemAnnouncement', { title: 'no matter', message: 'm', severity: 'Medium' });
  await front.announce('ServiceDegraded', { service: 's', reason: 'r' });
  await announceEnd();
  await expect(client.events.next()).resolves.toStrictEqual(END);
  await stop(client);
  await front.sleep(key);
  const back = await connect(key);
  await expect(preferencesOf(back)).resolves.toEqual(sorted(preferences));
  await stop(back);
});

test('a warning matters more when fewer than ten requests are left, and may be unwanted', async () => {
  const key = await front.createKey();
  const client = await connect(key);
  const warn = (remaining: number) => front.tell(key, 'RateLimitWarning', { ...WARNING, remaining });
  await client.invoke('UpdatePreferences', { enabledTypes: TYPES, minimumPriority: 'High' });
  await client.events.next();
  await warn(10);
  await warn(9);
  await expect(client.events.next()).resolves.toStrictEqual(warnedOf(9));
  const others = TYPES.filter((type) => type !== 'rate_limit');
  await client.invoke('UpdatePreferences', { enabledTypes: others, minimumPriority: 'Low' });
  await client.events.next();
  await warn(0);
  await client.invoke('UpdatePreferences', { enabledTypes: ['rate_limit'], minimumPriority: 'Medium' });
  await client.events.next();
  await warn(10);
  await expect(client.events.next()).resolves.toStrictEqual(warnedOf(10));
  await stop(client);
});

test('what preferences leave out is as before any change', async () => {
  const client = await connect(await front.createKey());
  await client.invoke('UpdatePreferences', { enabledTypes: ['rate_limit'], minimumPriority: 'High' });
  await client.invoke('UpdatePreferences', { minimumPriority: 'Medium' });
  await expect(preferencesOf(client)).resolves.toEqual({ ...ALL, minimumPriority: 'Medium' });
  await client.invoke('UpdatePreferences', { EnabledTypes: ['rate_limit'] });
  await expect(preferencesOf(client)).resolves.toEqual({ enabledTypes: ['rate_limit'], minimumPriority: 'Low' });
  await stop(client);
});

test('the hub’s other route is the same hub', async () => {
  const key = await front.createKey();
  const [one, other] = await Promise.all([connect(key), front.officialAt('system-notifications', key, events)]);
  await expect(front.tell(key, 'RateLimitWarning', WARNING)).resolves.toMatchObject({ recipients: 2 });
  await expect(other.events.next()).resolves.toStrictEqual(warnedOf(7));
  await stop(one, other);
});

/** What the server's parts say to each other or to clients, here or in the original system. */
const HELPERS = [
  ...new Set(KEY_ROUTES.flatMap((route) => KEY_HUBS[route].events)),
  'SendSpendUpdate',
  'SendBudgetAlert',
  'SendSpendSummary',
  'SendUnusualSpendingAlert',
  'SendTaskProgress',
  'BroadcastDeliveryAttempt',
  'BroadcastDeliverySuccess',
  'BroadcastDeliveryFailure',
  'BroadcastRetryScheduled',
  'BroadcastStatistics',
  'OnConnectedAsync',
  'OnDisconnectedAsync',
  'Dispose',
  'AddToGroupAsync',
  'taskprogress',
  'SubscribeToVirtualKey',
  'SubscribeToProvider',
  'RefreshProviderHealth',
  'Echo',
  'Describe',
];

test.each(KEY_ROUTES)('at %s nobody can invoke what only the server says', async (route) => {
  const key = await front.createKey();
  const { events: told } = KEY_HUBS[route];
  const [client, witness] = await Promise.all([front.officialAt(route, key, []), front.officialAt(route, key, told)]);
  await heard(witness);
  const before = witness.events.all.length;
  for (const method of HELPERS) {
    await expect(client.invoke(method, key.id, 50, null)).rejects.toThrow(noSuchMethod(method));
    await expect(client.invoke(method)).rejects.toThrow(noSuchMethod(method));
  }
  expect((await heard(witness)).slice(before)).toEqual([]);
  await stop(client, witness);
});
