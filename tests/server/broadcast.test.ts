// One event for many: clients of both protocols side by side get the same.

import { describe, expect, test } from 'vitest';
import type { OfficialClient } from '../harness/officialClient.ts';
import { PROTOCOLS } from '../harness/protocol.ts';
import { type Room, testWorker } from '../harness/testWorker.ts';

const { room } = testWorker();

/** What a protocol might get wrong. */
const TEXTS = ['plain', '', 'ü 漢 🦀', '"\\\u0000\u001f\u007f\u2028', '</script><!--', `a\u001eb`, 'x'.repeat(70_000)];

/** Two clients of each protocol. */
function four(here: Room): Promise<OfficialClient[]> {
  const clients = [...PROTOCOLS, ...PROTOCOLS].map((protocol) =>
    here.official({ protocol, events: ['Event', 'Told'] }),
  );
  return Promise.all(clients);
}

async function stop(clients: OfficialClient[]): Promise<void> {
  await Promise.all(clients.map((client) => client.stop()));
}

describe('an event', () => {
  test('for everybody reaches everybody, letter by letter', async () => {
    const here = room();
    const clients = await four(here);
    for (const text of TEXTS) {
      await expect(here.publish(text)).resolves.toMatchObject({ recipients: 4 });
      for (const client of clients) await expect(client.events.next()).resolves.toEqual(['Event', text]);
    }
    await stop(clients);
  });

  test.each(PROTOCOLS)('for the others reaches all but its sender, who speaks %s', async (protocol) => {
    const here = room();
    const clients = await four(here);
    const sender = await here.official({ protocol, events: ['Told'] });
    await expect(sender.invoke('TellOthers', 'x')).resolves.toBe(4);
    for (const client of clients) await expect(client.events.next()).resolves.toEqual(['Told', 'others', 'x']);
    expect(sender.events.all).toEqual([]);
    await stop([sender, ...clients]);
  });

  test('for a group reaches its members, once each, however often they joined', async () => {
    const here = room();
    const clients = await four(here);
    const [first, second, ...outside] = clients as [OfficialClient, OfficialClient, OfficialClient];
    for (const member of [first, second, first]) await member.invoke('Join', 'group');
    await expect(outside[0].invoke('Tell', 'group', 'x')).resolves.toBe(2);
    for (const member of [first, second]) await expect(member.events.next()).resolves.toEqual(['Told', 'group', 'x']);
    await Promise.all(clients.map((client) => client.invoke('Echo', 'what was sent has arrived')));
    expect(clients.map((client) => client.events.all.length)).toEqual([1, 1, 0, 0]);
    await stop(clients);
  });

  test('for a group does not reach who left it, nor who never joined', async () => {
    const here = room();
    const clients = await four(here);
    for (const client of clients) await client.invoke('Join', 'group');
    for (const client of clients.slice(0, 2)) await client.invoke('Leave', 'group');
    for (const client of clients) await client.invoke('Leave', 'a group it is not in');
    await expect(clients[0]?.invoke('Tell', 'group', 'x')).resolves.toBe(2);
    await expect(clients[0]?.invoke('Tell', 'nobody joined', 'x')).resolves.toBe(0);
    await Promise.all(clients.map((client) => client.invoke('Echo', 'what was sent has arrived')));
    expect(clients.map((client) => client.events.all.length)).toEqual([0, 0, 1, 1]);
    await stop(clients);
  });

  test('of one object does not reach another object', async () => {
    const [here, elsewhere] = [room(), room()];
    const [clients, strangers] = await Promise.all([four(here), four(elsewhere)]);
    for (const client of [...clients, ...strangers]) await client.invoke('Join', 'group');
    await expect(clients[0]?.invoke('Tell', 'group', 'x')).resolves.toBe(4);
    await expect(here.publish('x')).resolves.toMatchObject({ recipients: 4 });
    await Promise.all(strangers.map((stranger) => stranger.invoke('Echo', 'what was sent has arrived')));
    expect(strangers.flatMap((stranger) => stranger.events.all)).toEqual([]);
    await stop([...clients, ...strangers]);
  });
});

test('the rest of a crowd gets an event while some of it leave', async () => {
  const here = room();
  const clients = await Promise.all(
    Array.from({ length: 30 }, (_, index) => here.raw(index % 2 ? 'messagepack' : 'json')),
  );
  const [staying, leaving] = [clients.slice(0, 15), clients.slice(15)];
  const left = leaving.map((client, index) => (index % 2 ? client.kill() : client.close(1000)));
  const published = here.publish('x');
  for (const client of staying) await expect(client.event('Event')).resolves.toEqual(['x']);
  await Promise.all([published, ...left]);
  await Promise.all(staying.map((client) => client.close(1000)));
});
