// The borders of WebSocket messages mean nothing to what a client sends, and everything to what it gets: whole records.

import { describe, expect, test } from 'vitest';
import { encode, handshake, invocation, JSON_PING, PROTOCOLS } from '../harness/protocol.ts';
import { testWorker } from '../harness/testWorker.ts';

const { room } = testWorker();

/** Characters of one to four bytes, so that a cut may go through one. */
const TEXT = 'a ü 漢 🦀';

describe.each(PROTOCOLS)('in %s', (protocol) => {
  test('a record that comes byte by byte is one record', async () => {
    const client = await room().raw(protocol);
    for (const byte of encode(protocol, invocation('Echo', [TEXT], '1'))) client.send(Buffer.of(byte));
    await expect(client.completion('1')).resolves.toMatchObject({ result: TEXT });
    await client.close(1000);
  });

  test('ten records in one frame are ten records', async () => {
    const client = await room().raw(protocol);
    const ids = Array.from({ length: 10 }, (_, index) => `${index}`);
    client.sendRecords(...ids.map((id) => invocation('Echo', [TEXT + id], id)));
    const completions = await client.records.take(10);
    expect(completions).toMatchObject(ids.map((id) => ({ invocationId: id, result: TEXT + id })));
    await client.close(1000);
  });

  test('ten records cut anywhere are ten records', async () => {
    const client = await room().raw(protocol);
    const ids = Array.from({ length: 10 }, (_, index) => `${index}`);
    const bytes = encode(protocol, ...ids.map((id) => invocation('Echo', [TEXT + id], id)));
    for (let start = 0; start < bytes.length; start += 97) client.send(bytes.subarray(start, start + 97));
    const completions = await client.records.take(10);
    expect(completions).toMatchObject(ids.map((id) => ({ invocationId: id, result: TEXT + id })));
    await client.close(1000);
  });

  test('a record whose first half came before the object slept is one record', async () => {
    const here = room();
    const client = await here.raw(protocol);
    const [before, whole] = [invocation('Echo', ['before'], '1'), invocation('Echo', [TEXT], '2')];
    const bytes = encode(protocol, before, whole);
    const middle = bytes.length - Math.floor(encode(protocol, whole).length / 2);
    client.send(bytes.subarray(0, middle));
    await client.completion('1');
    await here.sleep();
    client.send(bytes.subarray(middle));
    await expect(client.completion('2')).resolves.toMatchObject({ result: TEXT });
    await here.sleep();
    await expect(client.invoke('Echo', 'nothing is left of it')).resolves.toBe('nothing is left of it');
    await client.close(1000);
  });

  test('answers are sent in frames of whole records and of the kind that the protocol asks for', async () => {
    const client = await room().raw(protocol);
    client.sendRecords(...['1', '2', '3'].map((id) => invocation('Echo', [TEXT], id)));
    await client.records.take(3);
    // The codec that read them fails on a part of a record.
    expect(client.frames.all.map((frame) => frame.isBinary)).not.toContain(protocol === 'json');
    await client.close(1000);
  });
});

test('records whose pieces came between many sleeps of the object are whole', async () => {
  const here = room();
  const client = await here.raw();
  const [first, second] = [invocation('Echo', ['first'], '1'), invocation('Echo', [TEXT], '2')];
  const ofNoKnownType = Buffer.from('{"type":99}\x1e');
  const bytes = Buffer.concat([encode('json', first), ofNoKnownType, encode('json', second)]);
  const size = Math.ceil(bytes.length / 8);
  for (let start = 0; start < bytes.length; start += size) {
    client.send(bytes.subarray(start, start + size));
    // The platform answers in order, without waking the object: the piece has arrived.
    client.send(JSON_PING);
    await client.frames.find('the pong', (frame) => frame.data.toString() === JSON_PING);
    await here.sleep();
  }
  await expect(client.completion('1')).resolves.toMatchObject({ result: 'first' });
  await expect(client.completion('2')).resolves.toMatchObject({ result: TEXT });
  await client.close(1000);
});

test('what a frame is called does not matter: text may come as binary', async () => {
  const client = await room().silent();
  client.send(Buffer.from(handshake('json')));
  await client.handshakeAnswer('json');
  client.send(encode('json', invocation('Echo', [TEXT], '1')));
  await expect(client.completion('1')).resolves.toMatchObject({ result: TEXT });
  await client.close(1000);
});

test('a burst to one connection leaves in fewer frames than it has records', async () => {
  const here = room();
  const [listener, sender] = await Promise.all([here.raw(), here.raw()]);
  const before = listener.frames.all.length;
  sender.sendRecords(...Array.from({ length: 100 }, (_, index) => invocation('TellOthers', [`${index}`])));
  await listener.records.take(100);
  expect(listener.frames.all.length - before).toBeLessThan(50);
  await Promise.all([listener.close(1000), sender.close(1000)]);
});
