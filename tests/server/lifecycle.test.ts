// A connection that ends is told of once, however it ends.

import { MessageType } from '@microsoft/signalr';
import { describe, expect, test } from 'vitest';

import { invocation } from '../harness/protocol.ts';
import type { RawClient } from '../harness/rawClient.ts';
import { testWorker } from '../harness/testWorker.ts';

const { room } = testWorker();

/** The ways a connection ends, from the side that ends it. */
const ENDS: { how: string; end: (client: RawClient) => Promise<unknown> }[] = [
  { how: 'a close frame', end: (client) => client.close(1000) },
  { how: 'a close frame without a code', end: (client) => client.close() },
  { how: 'a Close record', end: endByRecord },
  { how: 'a cut line', end: (client) => client.kill() },
  { how: 'Abort on the server', end: abort },
  { how: 'garbage', end: sendGarbage },
];

describe.each(ENDS)('a connection that ends by $how', ({ end }) => {
  test('is told of once', async () => {
    const here = room();
    const [observer, client] = await Promise.all([here.raw(), here.raw()]);
    const id = await client.invoke('Id');
    await end(client);
    await expect(observer.event('Ended')).resolves.toEqual([id]);
    await expect(observer.invoke('Ended')).resolves.toEqual([id]);
    await observer.close(1000);
  });

  test('gets nothing any more and is in no group', async () => {
    const here = room();
    const [observer, client] = await Promise.all([here.raw('messagepack'), here.raw()]);
    await client.invoke('Join', 'group');
    await expect(observer.invoke('Tell', 'group', 'before')).resolves.toBe(1);
    await end(client);
    await observer.event('Ended');
    await expect(observer.invoke('Tell', 'group', 'after')).resolves.toBe(0);
    await expect(here.publish('to all')).resolves.toMatchObject({ recipients: 1 });
    await observer.close(1000);
  });
});

describe.each(ENDS.slice(0, 4))('a connection whose object sleeps when it ends by $how', ({ end }) => {
  test('is told of once', async () => {
    const here = room();
    const [observer, client] = await Promise.all([here.raw(), here.raw()]);
    const id = await client.invoke('Id');
    const instance = await observer.invoke('Instance');
    await here.sleep();
    await end(client);
    await expect(observer.event('Ended')).resolves.toEqual([id]);
    await expect(observer.invoke('Ended')).resolves.toEqual([id]);
    expect(await observer.invoke('Instance')).not.toBe(instance);
    await observer.close(1000);
  });
});

test('a connection that never shook hands is not told of', async () => {
  const here = room();
  const [observer, silent] = await Promise.all([here.raw(), here.silent()]);
  await silent.close(1000);
  const client = await here.raw();
  const id = await client.invoke('Id');
  await client.close(1000);
  await expect(observer.event('Ended')).resolves.toEqual([id]);
  await expect(observer.invoke('Ended')).resolves.toEqual([id]);
  await observer.close(1000);
});

test('the end of a connection does not wait for the call that runs, and drops those behind it', async () => {
  const here = room();
  const [observer, client] = await Promise.all([here.raw(), here.raw()]);
  const id = await client.invoke('Id');
  client.sendRecords(
    invocation('Echo', ['read'], '1'),
    invocation('Wait', ['signal']),
    invocation('TellOthers', ['dropped']),
  );
  await client.completion('1');
  await client.kill();
  await expect(observer.event('Ended')).resolves.toEqual([id]);
  await expect(observer.invoke('Signal', 'signal')).resolves.toBe(true);
  await expect(observer.invoke('Echo', 'x')).resolves.toBe('x');
  expect(observer.records.all).not.toContainEqual(expect.objectContaining({ target: 'Told' }));
  await observer.close(1000);
});

test('what the hub says when a connection comes arrives before the answers to its calls', async () => {
  const client = await room().silent('greet');
  client.send('{"protocol":"json","version":1}\x1e{"type":1,"invocationId":"1","target":"Echo","arguments":["x"]}\x1e');
  await client.handshakeAnswer('json');
  await expect(client.records.take(2)).resolves.toMatchObject([
    { type: 1, target: 'Greeted', arguments: ['at once'] },
    { type: 3, invocationId: '1', result: 'x' },
  ]);
  await client.close(1000);
});

test('a connection that ends while the hub still greets it is told of once, after that', async () => {
  const here = room();
  const observer = await here.raw();
  for (let count = 1; count <= 5; count++) {
    const client = await here.raw('json', 'greet');
    await client.kill();
    await observer.event('Ended');
    await expect(observer.invoke('Ended')).resolves.toHaveLength(count);
  }
  await observer.close(1000);
});

test('a hub that refuses a connection closes it for good, with its reason', async () => {
  const client = await room().raw('json', 'refuse');
  await expect(client.records.next()).resolves.toEqual({
    type: 7,
    error: 'Connection closed with an error. HubException: not today',
  });
  await expect(client.end()).resolves.toEqual({ code: 1000, reason: '' });
});

async function endByRecord(client: RawClient): Promise<void> {
  client.send('{"type":7}\x1e');
  await client.end();
}

async function abort(client: RawClient): Promise<void> {
  client.sendRecords(invocation('Abort', []));
  await client.end();
  expect(client.records.all.at(-1)).toEqual({ type: MessageType.Close });
}

async function sendGarbage(client: RawClient): Promise<void> {
  client.send('garbage\x1e');
  await client.end();
}
