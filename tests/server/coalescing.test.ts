// Events that follow each other leave in one frame; what is alone, or waited for, leaves at once. In rooms whose window is
// a minute nothing arrives by waiting: what arrives did not wait.

import { HttpTransportType, type HubMessage, MessageType } from '@microsoft/signalr';
import { describe, expect, test } from 'vitest';
import { decode, invocation, PROTOCOLS, type ProtocolName } from '../harness/protocol.ts';
import type { RawClient } from '../harness/rawClient.ts';
import { testWorker } from '../harness/testWorker.ts';

const { room } = testWorker();

/** The largest frame of more than one record. */
const FRAME_BYTES = 128 * 1024;

/** What of a record tells it from others: an event's last argument, an answer's result, a close. */
function gist(record: HubMessage): unknown {
  switch (record.type) {
    case MessageType.Invocation:
      return record.arguments.at(-1);
    case MessageType.Completion:
      return record.result;
    default:
      return MessageType[record.type];
  }
}

/** The records of each frame behind the handshake's answer. */
function frames(client: RawClient, protocol: ProtocolName): unknown[][] {
  const { all } = client.frames;
  return all.slice(1).map(({ data }) => decode(protocol, data).map(gist));
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index));

describe.each(PROTOCOLS)('in %s', (protocol) => {
  test('an event leaves at once where nothing came before it, whatever others were told', async () => {
    const here = room('hold');
    const [first, second] = [await here.raw(protocol), await here.raw(protocol)];
    await second.invoke('Join', 'g');
    await first.invoke('TellOthers', 'lone');
    await expect(second.event('Told')).resolves.toEqual(['others', 'lone']);
    await second.invoke('TellOthers', 'lone as well');
    await expect(first.event('Told')).resolves.toEqual(['others', 'lone as well']);
    await Promise.all([first.close(1000), second.close(1000)]);
  });

  test('events of many turns leave in few frames, in order', async () => {
    const here = room('short');
    const [listener, sender] = await Promise.all([here.raw(protocol), here.raw(protocol)]);
    const texts = numbers(200);
    for (const text of texts) sender.sendRecords(invocation('TellOthers', [text]));
    await listener.records.take(texts.length);
    const received = frames(listener, protocol);
    expect(received.flat()).toEqual(texts);
    expect(received[0]).toEqual(['0']);
    expect(received.length).toBeLessThan(texts.length / 4);
    await Promise.all([listener.close(1000), sender.close(1000)]);
  });

  test('an answer leaves at once, and with it the events before it', async () => {
    const here = room('hold');
    const client = await here.raw(protocol);
    const other = await here.raw(protocol);
    for (const text of ['1', '2', '3']) {
      await expect(here.publish(text)).resolves.toMatchObject({ recipients: 2 });
    }
    await client.invoke('Echo', 'answer');
    expect(frames(client, protocol)).toEqual([['1'], ['2', '3', 'answer']]);
    expect(frames(other, protocol)).toEqual([['1']]);
    await other.invoke('Echo', 'answer');
    expect(frames(other, protocol)).toEqual([['1'], ['2', '3', 'answer']]);
    await Promise.all([client.close(1000), other.close(1000)]);
  });

  test('a connection that is closed gets its events first', async () => {
    const here = room('hold');
    const client = await here.raw(protocol);
    for (const text of ['1', '2']) await here.publish(text);
    client.sendRecords(invocation('Abort', []));
    await client.end();
    expect(frames(client, protocol)).toEqual([['1'], ['2', 'Close']]);
  });

  test('what fills a frame leaves at once, and no frame is larger', async () => {
    const here = room('hold');
    const [listener, sender] = await Promise.all([here.raw(protocol), here.raw(protocol)]);
    const texts = numbers(6).map((text) => text.padStart(30_000));
    for (const text of texts) await sender.invoke('TellOthers', text);
    await listener.records.take(texts.length);
    // The first alone; then five are more than a frame, and leave as four and one.
    const received = frames(listener, protocol);
    expect(received.map((records) => records.length)).toEqual([1, 4, 1]);
    expect(received.flat()).toEqual(texts);
    for (const { data } of listener.frames.all) expect(data.length).toBeLessThanOrEqual(FRAME_BYTES);
    await Promise.all([listener.close(1000), sender.close(1000)]);
  });

  test('without a window every turn leaves by itself', async () => {
    const here = room('off');
    const [listener, sender] = await Promise.all([here.raw(protocol), here.raw(protocol)]);
    const texts = numbers(50);
    for (const text of texts) await sender.invoke('TellOthers', text);
    await listener.records.take(texts.length);
    expect(frames(listener, protocol)).toEqual(texts.map((text) => [text]));
    await Promise.all([listener.close(1000), sender.close(1000)]);
  });

  test('what must outlive its socket does not wait', async () => {
    const here = room('hold');
    const stateful = { protocol, stateful: true, skipNegotiation: false, events: ['Event'] };
    const client = await here.official(stateful);
    const polling = { ...stateful, transport: HttpTransportType.LongPolling, stateful: false };
    const poller = await here.official(polling);
    for (const text of numbers(5)) {
      await here.publish(text);
      await expect(client.events.next()).resolves.toEqual(['Event', text]);
      await expect(poller.events.next()).resolves.toEqual(['Event', text]);
    }
    await Promise.all([client.stop(), poller.stop()]);
  });
});

test('Server-Sent Events that follow each other are whole and in order', async () => {
  const here = room('short');
  const transport = HttpTransportType.ServerSentEvents;
  const client = await here.official({ transport, skipNegotiation: false, events: ['Told'] });
  const sender = await here.raw();
  const texts = numbers(200);
  for (const text of texts) sender.sendRecords(invocation('TellOthers', [text]));
  const events = await client.events.take(texts.length);
  expect(events).toEqual(texts.map((text) => ['Told', 'others', text]));
  await Promise.all([client.stop(), sender.close(1000)]);
});

test('who slept is told at once', async () => {
  const here = room('hold');
  const client = await here.raw();
  await here.publish('before');
  await client.event('Event');
  await here.sleep();
  await here.publish('after');
  await expect(client.event('Event')).resolves.toEqual(['after']);
  await client.close(1000);
});
