// A client that does not read: the platform queues for it without a limit, so the server must.

import { MessageType } from '@microsoft/signalr';
import { describe, expect, test } from 'vitest';
import { eventually } from '../harness/deadline.ts';
import { PROTOCOLS } from '../harness/protocol.ts';
import { testWorker } from '../harness/testWorker.ts';

const worker = testWorker();

/** Rooms of this name ask after 16 KiB, spare after 64 KiB, close after 256 KiB. */
const ROOM = 'slow';

describe.each(PROTOCOLS)('in %s', (protocol) => {
  test('an official client that reads is asked, answers, and is sent as much as there is', async () => {
    const client = await worker.room(ROOM).official({ protocol, events: ['Flooded'] });
    for (let round = 0; round < 40; round += 1) await client.invoke('Flood', 8, 4_000);
    // More than a reader may owe.
    expect((await client.events.take(320)).length).toBe(320);
    expect(client.life.all).toEqual([]);
    await client.stop();
  });

  test('one that does not read is spared ephemeral events, then closed; others are not harmed', async () => {
    const room = worker.room(ROOM);
    const slow = await room.raw(protocol);
    const other = await room.official({ protocol, events: ['Told', 'Ended'] });
    const id = await slow.invoke('Id');
    // At 64 KiB, which are 17 of these, it has more than it is given of what a later event makes worthless.
    await expect(slow.invoke('FloodEphemeral', 100, 4_000)).resolves.toBe(17);
    slow.pause();
    slow.sendRecords({ type: MessageType.Invocation, target: 'FloodEphemeral', arguments: [100, 4_000] });
    slow.sendRecords({ type: MessageType.Invocation, target: 'Flood', arguments: [100, 4_000] });
    await expect(other.events.next()).resolves.toEqual(['Ended', id]);
    const why = await other.invoke<string>('EndedWith', id);
    expect(why).toMatch(/reads too slowly: \d+ bytes/);
    const [, bytes] = why.match(/: (\d+) bytes/) ?? [];
    // What one turn sends is the most that it can be over the limit.
    expect(Number(bytes)).toBeLessThan(262_144 + 410_000);
    await expect(other.invoke('Echo', 'unharmed')).resolves.toBe('unharmed');
    await other.stop();
    await slow.kill();
  });

  test('a stream waits for a client that does not read', async () => {
    const room = worker.room(ROOM);
    const slow = await room.raw(protocol);
    slow.pause();
    slow.sendRecords({
      type: MessageType.StreamInvocation,
      invocationId: 's',
      target: 'Count',
      arguments: [1_000_000],
    });
    const other = await room.official({ protocol });
    // It goes on slowly for a client that may have no way to answer; this one is not closed for it.
    await expect(other.invoke('Echo', 'x')).resolves.toBe('x');
    await expect(other.invoke('Ended')).resolves.toEqual([]);
    await slow.kill();
    await eventually(
      'the end of the slow client',
      () => other.invoke<string[]>('Ended'),
      (ended) => ended.length === 1,
    );
    await other.stop();
  });
});
