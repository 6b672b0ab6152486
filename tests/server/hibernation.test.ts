// An object that sleeps forgets nothing that its connections rely on.

import { describe, expect, test } from 'vitest';
import { invocation, PROTOCOLS } from '../harness/protocol.ts';
import { testWorker } from '../harness/testWorker.ts';

const { room } = testWorker();

/** Names that look like one another to somebody careless. */
const GROUPS = ['plain', 'Plain', ' plain', '', 'ünï-漢-🦀', '"quoted"\\', 'x'.repeat(500)];

/** So many, and so long, that an attachment (16,384 bytes) cannot hold them. */
const MANY = Array.from({ length: 900 }, (_, index) => `group-${index}-${'x'.repeat(100)}`);

describe.each(PROTOCOLS)('in %s', (protocol) => {
  test('groups outlive a sleep, to the letter of their names', async () => {
    const here = room();
    const [client, other] = await Promise.all([here.raw(protocol), here.raw(protocol)]);
    for (const group of GROUPS) await client.invoke('Join', group);
    await client.invoke('Join', 'left before');
    await client.invoke('Leave', 'left before');
    await here.sleep();
    for (const group of GROUPS) {
      await expect(other.invoke('Tell', group, 'x')).resolves.toBe(1);
      await expect(client.event('Told')).resolves.toEqual([group, 'x']);
    }
    for (const group of ['PLAIN', 'plain ', 'left before']) {
      await expect(other.invoke('Tell', group, 'x')).resolves.toBe(0);
    }
    await Promise.all([client.close(1000), other.close(1000)]);
  });

  test('so many groups outlive a sleep that an attachment cannot hold them', async () => {
    const here = room();
    const [client, other] = await Promise.all([here.raw(protocol), here.raw(protocol)]);
    client.sendRecords(...MANY.map((group) => invocation('Join', [group])));
    await client.invoke('Echo', 'all are joined');
    await here.sleep();
    other.sendRecords(...MANY.map((group) => invocation('Tell', [group, 'x'])));
    const events = await client.records.take(MANY.length);
    expect(events.map((event) => 'arguments' in event && event.arguments[0])).toEqual(MANY);

    // Those left since, and those joined since, are remembered as well.
    const [first = '', second = ''] = MANY;
    await client.invoke('Leave', first);
    await client.invoke('Join', 'joined since');
    await here.sleep();
    await expect(other.invoke('Tell', first, 'x')).resolves.toBe(0);
    await expect(other.invoke('Tell', second, 'x')).resolves.toBe(1);
    await expect(other.invoke('Tell', 'joined since', 'x')).resolves.toBe(1);
    await Promise.all([client.close(1000), other.close(1000)]);
  });

  test('a sleeping object that is asked from outside wakes, and its connections get what it sends', async () => {
    const here = room();
    const client = await here.official({ protocol, events: ['Event'] });
    const awake = await client.invoke('Instance');
    await here.sleep();
    await expect(here.sleeps()).resolves.toBe(true);
    const { recipients, instance } = await here.publish('wake up');
    expect(recipients).toBe(1);
    expect(instance).not.toBe(awake);
    await expect(client.events.next()).resolves.toEqual(['Event', 'wake up']);
    await client.stop();
  });

  test('a connection is the same before and after a sleep', async () => {
    const here = room();
    const client = await here.official({ protocol });
    const before = await client.invoke('Id');
    await here.sleep();
    await expect(client.invoke('Id')).resolves.toBe(before);
    await client.stop();
  });

  test('each sleep is as good as the first', async () => {
    const here = room();
    const client = await here.official({ protocol, events: ['Event', 'Told'] });
    await client.invoke('Join', 'group');
    for (let night = 0; night < 5; night++) {
      await here.sleep();
      await here.publish(`${night}`);
      await expect(client.events.next()).resolves.toEqual(['Event', `${night}`]);
      await expect(client.invoke('Tell', 'group', `${night}`)).resolves.toBe(1);
      await expect(client.events.next()).resolves.toEqual(['Told', 'group', `${night}`]);
    }
    await client.stop();
  });
});

test('what many connections remember is each one’s own', async () => {
  const here = room();
  const clients = await Promise.all(
    Array.from({ length: 40 }, (_, index) => here.raw(index % 2 ? 'messagepack' : 'json')),
  );
  await Promise.all(clients.map((client, index) => client.invoke('Join', `group-${index % 4}`)));
  await here.sleep();
  const [sender] = clients;
  await expect(sender?.invoke('Tell', 'group-1', 'to ten')).resolves.toBe(10);
  const told = clients.filter((_, index) => index % 4 === 1);
  for (const client of told) await expect(client.event('Told')).resolves.toEqual(['group-1', 'to ten']);
  await Promise.all(clients.map((client) => client.invoke('Echo', 'x')));
  const events = clients.map((client) => client.records.all.filter((record) => 'target' in record).length);
  expect(events).toEqual(clients.map((_, index) => (index % 4 === 1 ? 1 : 0)));
  await Promise.all(clients.map((client) => client.close(1000)));
});
