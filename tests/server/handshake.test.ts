// The first record of a client: what is accepted, and what a client reads when it is not.

import { describe, expect, test } from 'vitest';
import { encode, handshake, invocation, PROTOCOLS } from '../harness/protocol.ts';
import { testWorker } from '../harness/testWorker.ts';

const { room } = testWorker();

const MALFORMED = 'An unexpected error occurred during connection handshake.';

describe('a handshake is accepted', () => {
  test.each(PROTOCOLS)(
    'for %s, with the three bytes that say so and in the kind of frame of the protocol',
    async (protocol) => {
      const client = await room().silent();
      client.send(handshake(protocol));
      const frame = await client.frames.next();
      expect(frame).toEqual({ data: Buffer.from('{}\x1e'), isBinary: protocol === 'messagepack' });
      await client.close(1000);
    },
  );

  test.each([0, 1, 2])('at version %i', async (version) => {
    const client = await room().silent();
    client.send(handshake('json', version));
    await client.handshakeAnswer('json');
    await client.close(1000);
  });

  test.each(PROTOCOLS)('for %s when it comes in pieces', async (protocol) => {
    const client = await room().silent();
    for (const character of handshake(protocol)) client.send(character);
    await client.handshakeAnswer(protocol);
    await expect(client.invoke('Echo', 'x')).resolves.toBe('x');
    await client.close(1000);
  });

  test.each(PROTOCOLS)('for %s when its frame holds invocations too', async (protocol) => {
    const client = await room().silent();
    const records = encode(protocol, invocation('Echo', ['x'], '1'), invocation('Echo', ['y'], '2'));
    client.send(Buffer.concat([Buffer.from(handshake(protocol)), records]));
    await client.handshakeAnswer(protocol);
    await expect(client.records.take(2)).resolves.toMatchObject([{ result: 'x' }, { result: 'y' }]);
    await client.close(1000);
  });
});

describe('a handshake is refused', () => {
  test.each([
    ['an unknown protocol', '{"protocol":"it\'s","version":1}', "The protocol 'it's' is not supported."],
    [
      'a version too high',
      '{"protocol":"json","version":3}',
      "The server does not support version 3 of the 'json' protocol.",
    ],
    [
      'a version too high of the other protocol',
      '{"protocol":"messagepack","version":9}',
      "The server does not support version 9 of the 'messagepack' protocol.",
    ],
    ['no protocol', '{"version":1}', MALFORMED],
    ['no version', '{"protocol":"json"}', MALFORMED],
    ['a version that is no number', '{"protocol":"json","version":"1"}', MALFORMED],
    ['something else than an object', '[]', MALFORMED],
    ['something else than JSON', 'GET / HTTP/1.1', MALFORMED],
    ['nothing before the separator', '', MALFORMED],
    ['a record of the protocol', '{"type":7}', MALFORMED],
  ])('for %s, with the reason and a regular close', async (_, record, error) => {
    const client = await room().silent();
    client.send(`${record}\x1e`);
    const answer = await client.frames.next();
    expect(answer).toEqual({ data: Buffer.from(`${JSON.stringify({ error })}\x1e`), isBinary: false });
    await expect(client.end()).resolves.toEqual({ code: 1000, reason: '' });
    expect(client.frames.all).toHaveLength(1);
  });

  test('when it never comes', async () => {
    const client = await room().silent();
    const answer = await client.frames.next();
    expect(answer.data.toString()).toBe('{"error":"Handshake was canceled."}\x1e');
    await client.closeFrame();
    await client.kill();
  });

  test('when it never ends', async () => {
    const client = await room().silent();
    client.send('{"protocol":');
    const answer = await client.frames.next();
    expect(answer.data.toString()).toBe('{"error":"Handshake was canceled."}\x1e');
    await expect(client.end()).resolves.toEqual({ code: 1000, reason: '' });
  });

  test('when it is larger than a message may be', async () => {
    const client = await room().silent();
    client.send(`{"protocol":"${'x'.repeat(40_000)}`);
    const answer = await client.frames.next();
    expect(answer.data.toString()).toBe('{"error":"Handshake was canceled."}\x1e');
    await client.end();
  });
});

test('before its handshake a connection gets nothing, and afterwards it does', async () => {
  const here = room();
  const client = await here.silent();
  await expect(here.publish('too early')).resolves.toMatchObject({ recipients: 0 });
  client.send(handshake('json'));
  await client.handshakeAnswer('json');
  await expect(here.publish('in time')).resolves.toMatchObject({ recipients: 1 });
  await expect(client.event('Event')).resolves.toEqual(['in time']);
  expect(client.frames.all).toHaveLength(2);
  await client.close(1000);
});

test('a handshake that fails is not noticed by the others', async () => {
  const here = room();
  const [neighbour, client] = await Promise.all([here.raw('messagepack'), here.silent()]);
  client.send('nonsense\x1e');
  await client.end();
  await expect(neighbour.invoke('Echo', 'still here')).resolves.toBe('still here');
  expect(neighbour.records.all).toHaveLength(1);
  await neighbour.close(1000);
});
