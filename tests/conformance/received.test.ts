// Bytes of a connection cut into records.

import { expect, test } from 'vitest';
import { frame } from './messagepackCodec.ts';
import { Inbound } from './received.ts';

const GREETING = Buffer.from('{}\x1e');

test('records of JSON come one by one, however they came', () => {
  const inbound = new Inbound();
  inbound.push(Buffer.from('{}\x1e{"type":6}\x1e{"ty'), 'text');
  expect(inbound.unread.map(({ value }) => value)).toEqual([{}, { type: 6 }]);
  expect(inbound.splits).toBe(1);
  inbound.push(Buffer.from('pe":7}\x1e'), 'text');
  expect(inbound.unread.at(-1)).toMatchObject({ value: { type: 7 }, isHandshake: false });
});

test('the first record is text in MessagePack too', () => {
  const inbound = new Inbound();
  inbound.protocol = 'messagepack';
  inbound.push(Buffer.concat([GREETING, frame(Buffer.from([0x91, 6]))]), 'binary');
  expect(inbound.unread.map(({ value }) => value)).toEqual([{}, [6]]);
  expect(inbound.splits).toBe(0);
});

test('bytes can be taken over the borders of records', () => {
  const inbound = new Inbound();
  inbound.push(Buffer.from('{}\x1e{"type":6}\x1e'), 'text');
  inbound.takeBytes(GREETING.length + 1);
  expect(inbound.unreadBytes.toString()).toBe('"type":6}\x1e');
});

test('another socket begins without a handshake, and forgets what was not read', () => {
  const inbound = new Inbound();
  inbound.protocol = 'messagepack';
  inbound.push(Buffer.concat([GREETING, frame(Buffer.from([0x91, 6]))]), 'binary');
  inbound.resume();
  inbound.push(frame(Buffer.from([0x92, 9, 1])), 'binary');
  expect(inbound.unread).toMatchObject([{ value: [9, 1], isHandshake: false, socket: 1 }]);
  expect(inbound.all).toHaveLength(3);
});

test('whoever waits is woken by what comes, by the end, or in time', async () => {
  const inbound = new Inbound();
  const waiting = inbound.more(Date.now() + 60_000);
  inbound.push(GREETING, 'text');
  await expect(waiting).resolves.toBe(true);
  await expect(inbound.more(Date.now() + 5)).resolves.toBe(false);
  const ending = inbound.more(Date.now() + 60_000);
  inbound.end({ why: 'it was time' });
  await expect(ending).resolves.toBe(true);
  await expect(inbound.more(Date.now() + 60_000)).resolves.toBe(false);
  expect(inbound.silence).toContain('it was time');
});
