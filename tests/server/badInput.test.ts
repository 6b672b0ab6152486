// What breaks the protocol closes its connection with a reason to come back, and nobody else's.

import { MessageType } from '@microsoft/signalr';
import { describe, expect, test } from 'vitest';
import { encode, invocation, PROTOCOLS, type ProtocolName } from '../harness/protocol.ts';
import { testWorker } from '../harness/testWorker.ts';

const { room } = testWorker();

/** As `ServerOptions::max_message_bytes` of the test Worker, what frames the record included. */
const MAX_MESSAGE_BYTES = 32_768;

const text = (json: string) => Buffer.from(`${json}\x1e`);
const binary = (...bytes: number[]) => Buffer.from([bytes.length, ...bytes]);

/** The argument that makes the record of an `Echo` so many bytes long, all framing included. */
function argumentFor(protocol: ProtocolName, recordBytes: number): string {
  const withoutFew = 20_000;
  return 'x'.repeat(
    withoutFew + recordBytes - encode(protocol, invocation('Echo', ['x'.repeat(withoutFew)], '1')).length,
  );
}

const BAD: { protocol: ProtocolName; what: string; bytes: Buffer }[] = [
  { protocol: 'json', what: 'something else than JSON', bytes: text('GET / HTTP/1.1') },
  { protocol: 'json', what: 'an empty record', bytes: text('') },
  { protocol: 'json', what: 'an array', bytes: text('[]') },
  { protocol: 'json', what: 'a type that is no number', bytes: text('{"type":"1"}') },
  { protocol: 'json', what: 'no type', bytes: text('{}') },
  { protocol: 'json', what: 'an invocation without a target', bytes: text('{"type":1,"arguments":[]}') },
  { protocol: 'json', what: 'an invocation without arguments', bytes: text('{"type":1,"target":"Echo"}') },
  { protocol: 'json', what: 'a target that is no string', bytes: text('{"type":1,"target":1,"arguments":[]}') },
  { protocol: 'json', what: 'arguments that are no array', bytes: text('{"type":1,"target":"Echo","arguments":{}}') },
  {
    protocol: 'json',
    what: 'an id that is no string',
    bytes: text('{"type":1,"invocationId":1,"target":"Echo","arguments":["x"]}'),
  },
  {
    protocol: 'json',
    what: 'a completion with a result and an error',
    bytes: text('{"type":3,"invocationId":"1","result":1,"error":"e"}'),
  },
  { protocol: 'json', what: 'bytes that are no UTF-8', bytes: Buffer.from([0x7b, 0xff, 0xfe, 0x7d, 0x1e]) },
  {
    protocol: 'json',
    what: 'a record too long by a byte',
    bytes: encode('json', invocation('Echo', [argumentFor('json', MAX_MESSAGE_BYTES + 1)], '1')),
  },
  { protocol: 'json', what: 'a record that never ends', bytes: Buffer.alloc(MAX_MESSAGE_BYTES + 1, 'x') },
  { protocol: 'messagepack', what: 'something else than an array', bytes: binary(0x06) },
  { protocol: 'messagepack', what: 'an empty record', bytes: binary() },
  { protocol: 'messagepack', what: 'an empty array', bytes: binary(0x90) },
  { protocol: 'messagepack', what: 'a type that is no number', bytes: binary(0x91, 0xa1, 0x31) },
  { protocol: 'messagepack', what: 'an invocation cut short', bytes: binary(0x96, 0x01, 0x80, 0xc0) },
  { protocol: 'messagepack', what: 'an invocation of too few elements', bytes: binary(0x93, 0x01, 0x80, 0xc0) },
  {
    protocol: 'messagepack',
    what: 'a target that is no string',
    bytes: binary(0x96, 0x01, 0x80, 0xc0, 0x01, 0x90, 0x90),
  },
  { protocol: 'messagepack', what: 'a byte that MessagePack never uses', bytes: binary(0xc1) },
  { protocol: 'messagepack', what: 'a length of more than five bytes', bytes: Buffer.alloc(6, 0xff) },
  {
    protocol: 'messagepack',
    what: 'a record too long by a byte',
    bytes: encode('messagepack', invocation('Echo', [argumentFor('messagepack', MAX_MESSAGE_BYTES + 1)], '1')),
  },
  { protocol: 'messagepack', what: 'a length of two gigabytes', bytes: Buffer.from([0xff, 0xff, 0xff, 0xff, 0x07]) },
];

describe.each(BAD)('in $protocol, $what', ({ protocol, bytes }) => {
  test('closes the connection with a Close that allows to reconnect, and is not noticed by the others', async () => {
    const here = room();
    const [client, neighbour] = await Promise.all([here.raw(protocol), here.raw(protocol)]);
    client.send(bytes);
    const close = await client.records.next();
    expect(close).toEqual({ type: MessageType.Close, error: 'Connection closed with an error.', allowReconnect: true });
    await expect(client.end()).resolves.toEqual({ code: 1000, reason: '' });
    await expect(neighbour.invoke('Echo', 'still here')).resolves.toBe('still here');
    expect(neighbour.socket.readyState).toBe(neighbour.socket.OPEN);
    await neighbour.close(1000);
  });
});

test.each(PROTOCOLS)(
  'in %s, the records before a bad one are served, and those behind it are not',
  async (protocol) => {
    const client = await room().raw(protocol);
    const good = (id: string) => encode(protocol, invocation('Echo', [id], id));
    const bad = protocol === 'json' ? text('bad') : binary(0xc1);
    client.send(Buffer.concat([good('before'), bad, good('behind')]));
    await client.end();
    const ids = client.records.all.map((record) => 'invocationId' in record && record.invocationId);
    expect(ids).not.toContain('behind');
    expect(client.records.all.at(-1)).toMatchObject({ type: MessageType.Close });
  },
);

test.each(PROTOCOLS)('in %s, a record of exactly the largest size is served', async (protocol) => {
  const client = await room().raw(protocol);
  const argument = argumentFor(protocol, MAX_MESSAGE_BYTES);
  const record = encode(protocol, invocation('Echo', [argument], '1'));
  expect(record).toHaveLength(MAX_MESSAGE_BYTES);
  client.send(record);
  await expect(client.completion('1')).resolves.toMatchObject({ result: argument });
  await client.close(1000);
});

test('in json, a message of a type that nobody knows is passed over', async () => {
  const client = await room().raw('json');
  for (const type of [0, 10, 99, -1]) client.send(text(`{"type":${type},"whatever":[1]}`));
  await expect(client.invoke('Echo', 'x')).resolves.toBe('x');
  await client.close(1000);
});

test('in messagepack, a message of a type that nobody knows is passed over', async () => {
  const client = await room().raw('messagepack');
  for (const record of [binary(0x91, 0x00), binary(0x92, 0x0a, 0x01), binary(0x91, 0x63)]) client.send(record);
  await expect(client.invoke('Echo', 'x')).resolves.toBe('x');
  await client.close(1000);
});

test('properties that nobody knows, and any order of those that are known, do not matter', async () => {
  const client = await room().raw('json');
  client.send(
    text(
      '{"arguments":["x"],"future":{"a":[]},"target":"Echo","streamIds":[],"invocationId":"1","headers":{"a":"b"},"type":1}',
    ),
  );
  await expect(client.completion('1')).resolves.toMatchObject({ result: 'x' });
  await client.close(1000);
});

test('an official client that is closed for bad input reconnects by itself', async () => {
  const here = room();
  const client = await here.official({ reconnect: [0, 0, 0] });
  const id = await client.invoke('Id');
  const connection = client.connection as unknown as { _sendMessage(message: unknown): Promise<void> };
  await connection._sendMessage('bad\x1e');
  await client.life.find('the reconnection', (event) => event === 'reconnected');
  await expect(client.invoke('Id')).resolves.not.toBe(id);
  await client.stop();
});
