// Pings are answered, and those that every official JSON client sends without waking the object.

import { describe, expect, test } from 'vitest';
import { invocation, JSON_PING, MESSAGEPACK_PING } from '../harness/protocol.ts';
import { testWorker } from '../harness/testWorker.ts';

const { room } = testWorker();

/** The ping of clients that write JSON with spaces, as Python's do. */
const SPACED_PING = '{"type": 6}\x1e';

const PINGS = [
  { name: 'the JSON ping', protocol: 'json', ping: JSON_PING, answer: Buffer.from(JSON_PING) },
  { name: 'a JSON ping with spaces', protocol: 'json', ping: SPACED_PING, answer: Buffer.from(JSON_PING) },
  { name: 'the MessagePack ping', protocol: 'messagepack', ping: MESSAGEPACK_PING, answer: MESSAGEPACK_PING },
] as const;

describe.each(PINGS)('$name', ({ protocol, ping, answer }) => {
  test('is answered by an object that is awake', async () => {
    const client = await room().raw(protocol);
    client.send(ping);
    await client.records.next();
    expect(client.frames.all.at(-1)).toEqual({ data: answer, isBinary: protocol === 'messagepack' });
    await client.close(1000);
  });

  test('is answered by an object that sleeps, and events still arrive', async () => {
    const here = room();
    const client = await here.raw(protocol);
    await client.invoke('Join', 'group');
    await here.sleep();
    for (let count = 0; count < 3; count++) {
      client.send(ping);
      await client.records.next();
      expect(client.frames.all.at(-1)).toEqual({ data: answer, isBinary: protocol === 'messagepack' });
    }
    await expect(client.invoke('Tell', 'group', 'x')).resolves.toBe(1);
    await client.close(1000);
  });
});

test('the JSON ping does not wake the object', async () => {
  const here = room();
  const [client, other] = await Promise.all([here.raw(), here.raw('messagepack')]);
  await here.sleep();
  for (let count = 0; count < 10; count++) client.send(JSON_PING);
  await client.records.take(10);
  await expect(here.sleeps()).resolves.toBe(true);
  await Promise.all([client.close(1000), other.close(1000)]);
});

test.each([PINGS[1], PINGS[2]])(
  '$name wakes the object, which is how the test above can tell',
  async ({ protocol, ping }) => {
    const here = room();
    const client = await here.raw(protocol);
    await here.sleep();
    client.send(ping);
    await client.records.next();
    await expect(here.sleeps()).resolves.toBe(false);
    await client.close(1000);
  },
);

test('a ping in one frame with an invocation is answered before it', async () => {
  const client = await room().raw();
  client.send(`${JSON_PING}{"type":1,"invocationId":"1","target":"Echo","arguments":["x"]}\x1e`);
  await expect(client.records.take(2)).resolves.toMatchObject([{ type: 6 }, { type: 3, result: 'x' }]);
  await client.close(1000);
});

test('a ping is answered while an invocation of the same connection runs', async () => {
  const here = room();
  const [client, other] = await Promise.all([here.raw('messagepack'), here.raw()]);
  client.sendRecords(invocation('Wait', ['w'], '1'));
  client.send(MESSAGEPACK_PING);
  await expect(client.records.next()).resolves.toMatchObject({ type: 6 });
  await other.invoke('Signal', 'w');
  await expect(client.completion('1')).resolves.toMatchObject({ result: 'w' });
  await Promise.all([client.close(1000), other.close(1000)]);
});
