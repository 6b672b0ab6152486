// NavigationStateHub: what one client of a key says of where its user is, the key's other clients are told.

import { describe, expect, test } from 'vitest';
import { edge, type Key } from '../harness/edge.ts';
import { heard, KEY_HUBS, META, refusal } from '../harness/keyHubs.ts';
import type { ClientOptions, OfficialClient } from '../harness/officialClient.ts';
import { PROTOCOLS } from '../harness/protocol.ts';

const front = edge();

const ROUTE = 'navigation-state';

const connect = (key: Key, options: ClientOptions & { query?: string } = {}) =>
  front.officialAt(ROUTE, key, KEY_HUBS[ROUTE].events, options);

async function stop(...clients: OfficialClient[]): Promise<void> {
  await Promise.all(clients.map((client) => client.stop()));
}

/** A state that is so many bytes of JSON. */
const stateOf = (bytes: number) => ({ page: 'x'.repeat(bytes - '{"page":""}'.length) });

const CHAT = { page: 'chat', conversationId: 'c-7', open: [1, null, true, { deep: 'ü🦀' }], ratio: 0.5 };

describe.each(PROTOCOLS)('in %s', (protocol) => {
  test('a state goes to the key’s other connections, whatever their protocol, and not to who told it', async () => {
    const key = await front.createKey();
    const [sender, json, messagepack] = await Promise.all([
      connect(key, { protocol }),
      connect(key),
      connect(key, { protocol: 'messagepack' }),
    ]);
    await expect(sender.invoke('UpdateNavigation', CHAT)).resolves.toBeNull();
    for (const client of [json, messagepack]) {
      await expect(client.events.next()).resolves.toStrictEqual(['NavigationUpdated', CHAT]);
    }
    await json.invoke('UpdateNavigation', { page: 'home' });
    // The first thing that the first sender hears is what another one says.
    await expect(sender.events.next()).resolves.toStrictEqual(['NavigationUpdated', { page: 'home' }]);
    await expect(heard(json)).resolves.toHaveLength(1);
    await stop(sender, json, messagepack);
  });

  test('the last state is sent to who connects, also once everybody left and the key slept', async () => {
    const key = await front.createKey();
    const first = await connect(key, { protocol });
    await expect(heard(first)).resolves.toEqual([]);
    for (const page of ['home', 'settings', 'chat']) await first.invoke('UpdateNavigation', { page });
    const second = await connect(key, { protocol });
    await expect(second.events.next()).resolves.toStrictEqual(['NavigationUpdated', { page: 'chat' }]);
    await front.sleep(key);
    const third = await connect(key, { protocol });
    await expect(third.events.next()).resolves.toStrictEqual(['NavigationUpdated', { page: 'chat' }]);
    await stop(first, second, third);
    await front.sleep(key);
    const fourth = await connect(key, { protocol });
    await expect(heard(fourth)).resolves.toStrictEqual([['NavigationUpdated', { page: 'chat' }]]);
    await stop(fourth);
  });

  test.each([
    ['a text', 'chat'],
    ['a number', 7],
    ['a list', ['chat', { id: 7 }]],
    ['an object without members', {}],
    ['true', true],
    ['nothing', null],
  ])('a state may be %s', async (_, state) => {
    const key = await front.createKey();
    const [sender, other] = await Promise.all([connect(key, { protocol }), connect(key, { protocol })]);
    await sender.invoke('UpdateNavigation', state);
    await expect(other.events.next()).resolves.toStrictEqual(['NavigationUpdated', state]);
    const late = await connect(key, { protocol });
    await expect(late.events.next()).resolves.toStrictEqual(['NavigationUpdated', state]);
    await stop(sender, other, late);
  });

  test('a state of 8 KiB is taken, and one of a byte more refused: nobody is told, and the last one stays', async () => {
    const key = await front.createKey();
    const [sender, other] = await Promise.all([connect(key, { protocol }), connect(key, { protocol })]);
    await sender.invoke('UpdateNavigation', stateOf(8_192));
    await expect(sender.invoke('UpdateNavigation', stateOf(8_193))).rejects.toThrow(
      refusal('UpdateNavigation', 'Navigation state is too large'),
    );
    await expect(heard(other)).resolves.toStrictEqual([['NavigationUpdated', stateOf(8_192)]]);
    const late = await connect(key, { protocol });
    await expect(heard(late)).resolves.toStrictEqual([['NavigationUpdated', stateOf(8_192)]]);
    await stop(sender, other, late);
  });

  test('who asked for metadata gets it as a last argument, of what is told now and of the last state', async () => {
    const key = await front.createKey();
    const [sender, other] = await Promise.all([connect(key), connect(key, { protocol, query: 'meta=1' })]);
    const meta = { timestamp: expect.stringMatching(META.timestamp), eventId: expect.stringMatching(META.eventId) };
    await sender.invoke('UpdateNavigation', CHAT);
    await expect(other.events.next()).resolves.toStrictEqual(['NavigationUpdated', CHAT, meta]);
    const late = await connect(key, { protocol, query: 'meta=1' });
    await expect(late.events.next()).resolves.toStrictEqual(['NavigationUpdated', CHAT, meta]);
    await stop(sender, other, late);
  });
});

test('a sleeping key’s connections are told, and the sender is not', async () => {
  const key = await front.createKey();
  const [sender, other] = await Promise.all([connect(key), connect(key, { protocol: 'messagepack' })]);
  await front.sleep(key);
  await sender.invoke('UpdateNavigation', CHAT);
  await expect(other.events.next()).resolves.toStrictEqual(['NavigationUpdated', CHAT]);
  await expect(heard(sender)).resolves.toEqual([]);
  await stop(sender, other);
});

test('another key is told nothing, and has no last state of it', async () => {
  const [mine, theirs] = await Promise.all([front.createKey(), front.createKey()]);
  const [sender, neighbor] = await Promise.all([connect(mine), connect(theirs)]);
  await sender.invoke('UpdateNavigation', CHAT);
  const late = await connect(theirs);
  for (const client of [neighbor, late]) await expect(heard(client)).resolves.toEqual([]);
  await neighbor.invoke('UpdateNavigation', { page: 'theirs' });
  await expect(late.events.next()).resolves.toStrictEqual(['NavigationUpdated', { page: 'theirs' }]);
  await expect(heard(sender)).resolves.toEqual([]);
  await stop(sender, neighbor, late);
});

test('clients of other hubs of the key are told nothing', async () => {
  const key = await front.createKey();
  const [sender, other, tasks] = await Promise.all([
    connect(key),
    connect(key),
    front.officialAt('tasks', key, KEY_HUBS[ROUTE].events),
  ]);
  await sender.invoke('UpdateNavigation', CHAT);
  await other.events.next();
  await expect(heard(tasks)).resolves.toEqual([]);
  await stop(sender, other, tasks);
});

test('news of models and providers come to everybody, here as on the system hub, whatever the preferences are', async () => {
  const [mine, theirs] = await Promise.all([front.createKey(), front.createKey()]);
  const system = await front.officialAt('notifications', mine, []);
  await system.invoke('UpdatePreferences', { enabledTypes: [], minimumPriority: 'Critical' });
  const clients = await Promise.all([connect(mine), connect(theirs, { protocol: 'messagepack' })]);
  const capabilities = [{ model: 'gpt-4o', capabilities: ['chat', 'vision'] }];
  await front.announce('ProviderHealthChanged', { provider: 'openai', status: 'Degraded', message: 'slow' });
  await front.announce('ModelMappingChanged', { model: 'gpt-4o' });
  await front.announce('ModelAvailabilityChanged', { model: 'gpt-4o', isAvailable: false });
  await front.announce('ModelCapabilitiesDiscovered', { provider: 'openai', capabilities });
  for (const client of clients) {
    await expect(client.events.take(3)).resolves.toStrictEqual([
      ['ProviderHealthChanged', 'openai', 'Degraded', 'slow'],
      ['ModelMappingChanged', 'gpt-4o', null],
      ['ModelCapabilitiesDiscovered', 'openai', capabilities],
    ]);
  }
  await stop(system, ...clients);
});
