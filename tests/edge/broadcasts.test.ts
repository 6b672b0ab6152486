// What concerns everybody reaches every client of every key once, whoever sleeps or was away.

import { describe, expect, test } from 'vitest';
import { type CloudEvent, cloudEvent } from '../harness/cloudEvents.ts';
import { edge, type Key } from '../harness/edge.ts';
import type { Event, OfficialClient } from '../harness/officialClient.ts';
import { PROTOCOLS } from '../harness/protocol.ts';

const front = edge();

const SYSTEM_EVENTS = [
  'SystemAnnouncement',
  'ServiceDegraded',
  'ServiceRestored',
  'ModelMappingChanged',
  'ModelCapabilitiesDiscovered',
  'ModelAvailabilityChanged',
  'ProviderHealthChanged',
  'RateLimitWarning',
  'PreferencesUpdated',
] as const;

/** Those that the navigation hub tells as well. */
const NAVIGATION_EVENTS: readonly string[] = [
  'ProviderHealthChanged',
  'ModelMappingChanged',
  'ModelCapabilitiesDiscovered',
];

const CAPABILITIES = [
  { model: 'gpt-4o', capabilities: ['chat', 'vision'] },
  { model: 'text-embedding-3-small', capabilities: [] },
];

/** What a backend says, and what clients are told. */
const BROADCASTS: [type: string, data: object, args: unknown[]][] = [
  ['SystemAnnouncement', { title: 'T', message: 'M, é\n“quoted”', severity: 'Low' }, ['T', 'M, é\n“quoted”', 'Low']],
  ['ServiceDegraded', { service: 'images', reason: 'a long queue' }, ['images', 'a long queue']],
  ['ServiceRestored', { service: 'images' }, ['images']],
  ['ModelMappingChanged', { model: 'gpt-4o', newProvider: 'azure' }, ['gpt-4o', 'azure']],
  ['ModelMappingChanged', { model: 'gpt-4o' }, ['gpt-4o', null]],
  ['ModelCapabilitiesDiscovered', { provider: 'openai', capabilities: CAPABILITIES }, ['openai', CAPABILITIES]],
  ['ModelAvailabilityChanged', { model: 'gpt-4o', isAvailable: false }, ['gpt-4o', false]],
  ['ModelAvailabilityChanged', { model: 'gpt-4o', isAvailable: true }, ['gpt-4o', true]],
  [
    'ProviderHealthChanged',
    { provider: 'openai', status: 'Degraded', message: 'slow' },
    ['openai', 'Degraded', 'slow'],
  ],
  ['ProviderHealthChanged', { provider: 'openai', status: 'Healthy' }, ['openai', 'Healthy', null]],
];

const event = ([type, , args]: [string, object, unknown[]]): Event => [type, ...args];

const broadcast = (type: string, data: object, others: object = {}): CloudEvent =>
  cloudEvent(undefined, type, data, others);

const system = (key: Key, query?: string): Promise<OfficialClient> =>
  front.officialAt('notifications', key, SYSTEM_EVENTS, query === undefined ? {} : { query });

const stop = (...clients: OfficialClient[]) => Promise.all(clients.map((client) => client.stop()));

let ends = 0;

/** An announcement, the last of a test: what did not come before it does not come. */
async function end(): Promise<Event> {
  const args = [`end ${++ends}`, 'of a test', 'Critical'] as const;
  await front.announce('SystemAnnouncement', { title: args[0], message: args[1], severity: args[2] });
  return ['SystemAnnouncement', ...args];
}

describe('each type', () => {
  test('reaches every client of every key once, in order, on the system hub and, some of them, on the navigation hub', async () => {
    const keys = await Promise.all([front.createKey(), front.createKey(), front.createKey()]);
    const options = keys.flatMap((key) => PROTOCOLS.map((protocol) => ({ key, protocol })));
    const told = await Promise.all(
      options.map(({ key, protocol }, nth) =>
        front.officialAt(nth % 2 === 0 ? 'notifications' : 'system-notifications', key, SYSTEM_EVENTS, { protocol }),
      ),
    );
    const navigating = await Promise.all(
      options.map(({ key, protocol }) => front.officialAt('navigation-state', key, SYSTEM_EVENTS, { protocol })),
    );
    const elsewhere = await Promise.all(keys.map((key) => front.officialAt('tasks', key, SYSTEM_EVENTS)));

    for (const [type, data] of BROADCASTS) {
      await expect(front.announce(type, data)).resolves.toEqual({ id: expect.any(String), status: 'delivered' });
    }
    const last = await end();

    const everything = [...BROADCASTS.map(event), last];
    for (const client of told) await expect(client.events.take(everything.length)).resolves.toEqual(everything);
    const some = BROADCASTS.map(event).filter(([type]) => NAVIGATION_EVENTS.includes(type));
    for (const client of navigating) await expect(client.events.take(some.length)).resolves.toEqual(some);
    for (const client of [...navigating, ...elsewhere]) await client.invoke('GetResumeToken');
    for (const client of [...told, ...navigating, ...elsewhere]) expect(client.events.unread).toEqual([]);
    await stop(...told, ...navigating, ...elsewhere);
  });

  test('comes in one batch as well, with an id of its own and with what ties it to its cause', async () => {
    const key = await front.createKey();
    const client = await system(key, 'meta=1');
    const events = BROADCASTS.map(([type, data], nth) => broadcast(type, data, { correlationid: `cause-${nth}` }));
    const { status, results } = await front.publish(events);
    expect([status, results]).toEqual([200, events.map(({ id }) => ({ id, status: 'delivered' }))]);
    const heard = await client.events.take(BROADCASTS.length);
    const meta = (nth: number) => ({
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      eventId: expect.any(String),
      correlationId: `cause-${nth}`,
    });
    expect(heard).toEqual(BROADCASTS.map((one, nth) => [...event(one), meta(nth)]));
    const ids = heard.map((one) => (one.at(-1) as { eventId: string }).eventId);
    expect(ids).toEqual([...new Set(ids)].sort());
    await client.stop();
  });

  test.each([...new Set(BROADCASTS.map(([type]) => type)), 'SystemAlert', 'ConfigurationChanged'])(
    '(%s) is everybody’s: naming a key is refused, and nobody is told',
    async (type) => {
      const key = await front.createKey();
      const client = await system(key);
      const known = BROADCASTS.find(([name]) => name === type)?.[1];
      const alert = { severity: 'High', title: 'T', message: 'M', source: 'S' };
      const data = known ?? (type === 'SystemAlert' ? alert : { setting: 's' });
      const { status, results } = await front.publish([cloudEvent(key.id, type, data)]);
      expect(status).toBe(400);
      expect(results).toMatchObject([{ status: 'rejected', error: { field: 'virtualkeyid' } }]);
      const last = await end();
      await expect(client.events.next()).resolves.toEqual(last);
      await client.stop();
    },
  );

  test.each([
    ['SystemAnnouncement', { title: 'T', message: 'M', severity: 'Huge' }, 'data.severity'],
    ['SystemAnnouncement', { title: 'T', severity: 'Low' }, 'data.message'],
    ['ServiceDegraded', { service: 7, reason: 'r' }, 'data.service'],
    ['ServiceRestored', { service: 's', reason: 'r' }, 'data.reason'],
    ['ModelMappingChanged', {}, 'data.model'],
    [
      'ModelCapabilitiesDiscovered',
      { provider: 'p', capabilities: [{ model: 'm' }] },
      'data.capabilities[0].capabilities',
    ],
    ['ModelAvailabilityChanged', { model: 'm', isAvailable: 'no' }, 'data.isAvailable'],
    ['ProviderHealthChanged', { provider: 'p', status: 'Dead' }, 'data.status'],
  ])('(%s of %j) is refused where it is wrong, naming %s', async (type, data, field) => {
    const { status, results } = await front.publish([broadcast(type, data)]);
    expect(status).toBe(400);
    expect(results).toMatchObject([{ status: 'rejected', error: { field } }]);
  });
});

test('an id of a source counts once, in one batch and later', async () => {
  const key = await front.createKey();
  const client = await system(key);
  const first = broadcast('ServiceRestored', { service: 'first' });
  const again = { ...first, data: { service: 'again' } };
  const other = { ...first, source: 'urn:other', data: { service: 'of another source' } };
  const { results } = await front.publish([first, again, other]);
  expect(results.map(({ status }) => status)).toEqual(['delivered', 'duplicate', 'delivered']);
  for (const one of [first, again, other]) {
    expect((await front.publish([one])).results).toMatchObject([{ status: 'duplicate' }]);
  }
  const expected = [['ServiceRestored', 'first'], ['ServiceRestored', 'of another source'], await end()];
  await expect(client.events.take(3)).resolves.toEqual(expected);
  await client.stop();
});

describe('preferences', () => {
  const minor = 'SystemAnnouncement';
  const announcement = (severity: string): [string, object, unknown[]] => [
    minor,
    { title: severity, message: 'M', severity },
    [severity, 'M', severity],
  ];
  const health = (status: string): [string, object, unknown[]] => [
    'ProviderHealthChanged',
    { provider: 'p', status },
    ['p', status, null],
  ];
  const capabilities: [string, object, unknown[]] = [
    'ModelCapabilitiesDiscovered',
    { provider: 'p', capabilities: [] },
    ['p', []],
  ];
  const available = (isAvailable: boolean): [string, object, unknown[]] => [
    'ModelAvailabilityChanged',
    { model: 'm', isAvailable },
    ['m', isAvailable],
  ];
  const degraded: [string, object, unknown[]] = ['ServiceDegraded', { service: 's', reason: 'r' }, ['s', 'r']];
  const restored: [string, object, unknown[]] = ['ServiceRestored', { service: 's' }, ['s']];
  const mapped: [string, object, unknown[]] = ['ModelMappingChanged', { model: 'm' }, ['m', null]];

  /** Each with its type and its priority, as the contract has them. */
  const ALL: [what: [string, object, unknown[]], type: string, priority: string][] = [
    [announcement('Low'), 'system_announcement', 'Low'],
    [announcement('Medium'), 'system_announcement', 'Medium'],
    [announcement('High'), 'system_announcement', 'High'],
    [announcement('Critical'), 'system_announcement', 'Critical'],
    [health('Unhealthy'), 'provider_health', 'High'],
    [health('Degraded'), 'provider_health', 'Medium'],
    [health('Healthy'), 'provider_health', 'Medium'],
    [degraded, 'service_degradation', 'High'],
    [restored, 'service_degradation', 'Medium'],
    [capabilities, 'model_capabilities', 'Low'],
    [available(false), 'model_availability', 'Medium'],
    [available(true), 'model_availability', 'Low'],
    [mapped, 'model_mapping', 'Medium'],
  ];
  const PRIORITIES = ['Low', 'Medium', 'High', 'Critical'];
  const TYPES = [...new Set(ALL.map(([, type]) => type))];

  test.each([
    [{}, TYPES, 'Low'],
    ...PRIORITIES.map((minimumPriority) => [{ minimumPriority }, TYPES, minimumPriority] as const),
    ...TYPES.map((type) => [{ enabledTypes: [type] }, [type], 'Low'] as const),
    [{ enabledTypes: ['service_degradation', 'rate_limit'], minimumPriority: 'High' }, ['service_degradation'], 'High'],
    [{ enabledTypes: [] }, [], 'Low'],
  ] as [object, string[], string][])('of %j hold for all clients of their key', async (preferences, types, minimum) => {
    const key = await front.createKey();
    const clients = await Promise.all([system(key), system(key)]);
    const [one, two] = clients as [OfficialClient, OfficialClient];
    const navigating = await front.officialAt('navigation-state', key, SYSTEM_EVENTS);
    const stored = { enabledTypes: expect.any(Array), minimumPriority: minimum };
    await one.invoke('UpdatePreferences', preferences);
    await expect(one.events.next()).resolves.toEqual(['PreferencesUpdated', stored]);
    await expect(two.invoke('GetPreferences')).resolves.toEqual(stored);
    await front.publish(ALL.map(([[type, data]]) => broadcast(type, data)));
    // The navigation hub has no preferences: with the last of them there, all have been told.
    const some = ALL.map(([what]) => event(what)).filter(([type]) => NAVIGATION_EVENTS.includes(type));
    await expect(navigating.events.take(some.length)).resolves.toEqual(some);
    await two.invoke('UpdatePreferences', {});
    const last = await end();

    const reaches = (priority: string) => PRIORITIES.indexOf(priority) >= PRIORITIES.indexOf(minimum);
    const wanted = ALL.filter(([, type, priority]) => types.includes(type) && reaches(priority));
    const expected = [...wanted.map(([what]) => event(what)), last];
    for (const client of clients) {
      await client.events.find('the end', ([, title]) => title === last[1]);
      expect(client.events.all.filter(([type]) => type !== 'PreferencesUpdated')).toEqual(expected);
    }
    await stop(...clients, navigating);
  });

  test('are answered by whoever changes them', async () => {
    const key = await front.createKey();
    const client = await system(key);
    const preferences = { enabledTypes: ['rate_limit'], minimumPriority: 'High' };
    await expect(client.invoke('UpdatePreferences', preferences)).resolves.toEqual(preferences);
    await client.stop();
  });

  test('of one key are none of another’s', async () => {
    const [key, other] = await Promise.all([front.createKey(), front.createKey()]);
    const [client, others] = await Promise.all([system(key), system(other)]);
    await client.invoke('UpdatePreferences', { enabledTypes: ['system_announcement'] });
    await client.events.next();
    await front.announce('ServiceRestored', { service: 's' });
    const last = await end();
    await expect(client.events.take(1)).resolves.toEqual([last]);
    await expect(others.events.take(2)).resolves.toEqual([['ServiceRestored', 's'], last]);
    await stop(client, others);
  });
});

describe('a key', () => {
  test('whose object sleeps is woken and told', async () => {
    const [key, awake] = await Promise.all([front.createKey(), front.createKey()]);
    const clients = await Promise.all([system(key), system(key), system(awake)]);
    for (let count = 0; count < 3; count++) {
      await front.sleep(key);
      const last = await end();
      for (const client of clients) await expect(client.events.next()).resolves.toEqual(last);
    }
    await stop(...clients);
  });

  test('nobody of which is online is not waited for', async () => {
    const [away, never, key] = await Promise.all([front.createKey(), front.createKey(), front.createKey()]);
    await (await system(away)).stop();
    const client = await system(key);
    const told = await front.announce('ServiceRestored', { service: 's' });
    expect(told).toEqual({ id: expect.any(String), status: 'delivered' });
    await expect(client.events.next()).resolves.toEqual(['ServiceRestored', 's']);
    // Who comes later is told what comes later.
    const late = await Promise.all([system(away), system(never)]);
    const last = await end();
    for (const one of late) await expect(one.events.next()).resolves.toEqual(last);
    await stop(client, ...late);
  });

  test('that was away is told by Resume, among its own events in order, and once', async () => {
    const key = await front.createKey();
    const before = await system(key, 'meta=1');
    await front.announce('ServiceRestored', { service: 'before' });
    await before.events.next();
    const { resumeToken } = await before.invoke<{ resumeToken: string }>('GetResumeToken');
    await before.stop();

    await front.announce('ServiceRestored', { service: 'first' });
    const warning = { endpoint: '/v1/chat', remaining: 7, resetTime: '2026-01-31T12:01:00.000Z' };
    await front.tell(key, 'RateLimitWarning', warning);
    await front.announce('ServiceRestored', { service: 'second' });

    const after = await system(key, 'meta=1');
    await expect(after.invoke('Resume', resumeToken)).resolves.toMatchObject({ recovered: true, replayed: 3 });
    const last = await end();
    const heard = await after.events.take(4);
    expect(heard.map(([name, first]) => [name, first])).toEqual([
      ['ServiceRestored', 'first'],
      ['RateLimitWarning', '/v1/chat'],
      ['ServiceRestored', 'second'],
      [last[0], last[1]],
    ]);
    await after.stop();
  });

  test('that was away is told by Resume on the navigation hub as well', async () => {
    const key = await front.createKey();
    const before = await front.officialAt('navigation-state', key, SYSTEM_EVENTS);
    const { resumeToken } = await before.invoke<{ resumeToken: string }>('GetResumeToken');
    await before.stop();
    for (const [type, data] of BROADCASTS) await front.announce(type, data);
    const after = await front.officialAt('navigation-state', key, SYSTEM_EVENTS);
    const some = BROADCASTS.map(event).filter(([type]) => NAVIGATION_EVENTS.includes(type));
    await expect(after.invoke('Resume', resumeToken)).resolves.toMatchObject({
      recovered: true,
      replayed: some.length,
    });
    expect(after.events.all).toEqual(some);
    await after.stop();
  });

  test('that was away hears by Resume only what it prefers to hear', async () => {
    const key = await front.createKey();
    const before = await system(key);
    await before.invoke('UpdatePreferences', { minimumPriority: 'High' });
    const { resumeToken } = await before.invoke<{ resumeToken: string }>('GetResumeToken');
    await before.stop();
    await front.announce('ServiceRestored', { service: 's' });
    await front.announce('ServiceDegraded', { service: 's', reason: 'r' });
    const after = await system(key);
    await expect(after.invoke('Resume', resumeToken)).resolves.toMatchObject({ recovered: true, replayed: 1 });
    expect(after.events.all).toEqual([['ServiceDegraded', 's', 'r']]);
    await after.stop();
  });
});

describe('the history of a key', () => {
  interface Entry {
    timestamp: string;
    eventId: string;
    hub: string;
    event: string;
    arguments: unknown[];
  }

  const history = async (key: Key): Promise<Entry[]> =>
    (await front.read<{ items: Entry[] }>(key, '/v1/history?hub=SystemNotificationHub')).items;

  test.each([
    ['that is online', true],
    ['that is away', false],
  ])('%s has what everybody was told among what it was told, in order and with its time', async (_, isOnline) => {
    const key = await front.createKey();
    const client = await system(key);
    if (!isOnline) await client.stop();
    const warning = (endpoint: string) => ({ endpoint, remaining: 7, resetTime: '2026-01-31T12:01:00.000Z' });
    const from = Date.now();
    await front.announce('ServiceRestored', { service: 'first' });
    if (isOnline) await client.events.next();
    await front.tell(key, 'RateLimitWarning', warning('second'));
    await front.announce('ModelAvailabilityChanged', { model: 'third', isAvailable: true });
    if (isOnline) await client.events.take(2);
    const between = Date.now();
    await front.tell(key, 'RateLimitWarning', warning('fourth'));

    const entries = await history(key);
    expect(entries.map((entry) => [entry.event, entry.arguments[0]])).toEqual([
      ['ServiceRestored', 'first'],
      ['RateLimitWarning', 'second'],
      ['ModelAvailabilityChanged', 'third'],
      ['RateLimitWarning', 'fourth'],
    ]);
    expect(entries[2]?.arguments).toEqual(['third', true]);
    const ids = entries.map(({ eventId }) => eventId);
    expect(ids).toEqual([...new Set(ids)].sort());
    const times = entries.map(({ timestamp }) => Date.parse(timestamp));
    expect(times).toEqual([...times].sort((one, other) => one - other));
    expect(times[0]).toBeGreaterThanOrEqual(from);
    expect(times[2]).toBeLessThanOrEqual(between);
    await client.stop();
  });

  test('that was never online has what everybody was told since', async () => {
    const key = await front.createKey();
    await front.announce('ServiceRestored', { service: 'since' });
    const entries = await history(key);
    expect(entries.map((entry) => [entry.event, entry.arguments])).toEqual([['ServiceRestored', ['since']]]);
  });
});
