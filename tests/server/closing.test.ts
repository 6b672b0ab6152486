// Closing: either side may begin, and each gets the other's answer.

import { MessageType } from '@microsoft/signalr';
import { describe, expect, test } from 'vitest';
import { encode, PROTOCOLS } from '../harness/protocol.ts';
import { testWorker } from '../harness/testWorker.ts';

const { room } = testWorker();

describe.each([
  { state: 'awake', asleep: false },
  { state: 'asleep', asleep: true },
])('while the object is $state', ({ asleep }) => {
  test.each([1000, 1001, 3000, 4000, 4999])('a close frame with code %i is answered with the same', async (code) => {
    const here = room();
    const client = await here.raw();
    if (asleep) await here.sleep();
    await expect(client.close(code)).resolves.toEqual({ code, reason: '' });
  });

  test('a close frame without a code is answered by one without a code', async () => {
    const here = room();
    const client = await here.raw();
    if (asleep) await here.sleep();
    // 1005 is how the API says that the frame had none (RFC 6455, 7.1.5).
    await expect(client.close()).resolves.toEqual({ code: 1005, reason: '' });
  });

  test('a close frame before the handshake is answered', async () => {
    const here = room();
    const client = await here.silent();
    await expect(client.close(1000)).resolves.toEqual({ code: 1000, reason: '' });
  });

  test.each(PROTOCOLS)('a Close record in %s is answered by one that is bare, and a close frame', async (protocol) => {
    const here = room();
    const client = await here.raw(protocol);
    if (asleep) await here.sleep();
    client.send(encode(protocol, { type: MessageType.Close, error: 'I am tired', allowReconnect: true } as never));
    await expect(client.end()).resolves.toEqual({ code: 1000, reason: '' });
    // [7, nil, false]
    const bare = protocol === 'json' ? Buffer.from('{"type":7}\x1e') : Buffer.from('049307c0c2', 'hex');
    expect(client.frames.all.at(-1)?.data).toEqual(bare);
  });
});

test('nothing that was sent behind a Close record is served', async () => {
  const here = room();
  const [client, neighbour] = await Promise.all([here.raw(), here.raw()]);
  client.send('{"type":7}\x1e{"type":1,"target":"TellOthers","arguments":["behind"]}\x1e');
  await client.end();
  await neighbour.invoke('Echo', 'x');
  expect(neighbour.records.all).not.toContainEqual(expect.objectContaining({ target: 'Told' }));
  await neighbour.close(1000);
});

test('an official client that stops is closed without an error', async () => {
  const here = room();
  for (const protocol of PROTOCOLS) {
    const client = await here.official({ protocol });
    await client.stop();
    await expect(client.end()).resolves.toBeUndefined();
  }
});

test('Abort closes the connection without an error, and an official client does not come back', async () => {
  const client = await room().official({ reconnect: [0, 0, 0] });
  await client.connection.send('Abort');
  await expect(client.end()).resolves.toBeUndefined();
  expect(client.life.all).toEqual(['closed']);
});
