// The notation of MessagePack values, and the records they travel in.

import { describe, expect, test } from 'vitest';
import { bodyOf, decode, encode, frame } from './messagepackCodec.ts';

/** Notation and bytes that stand for one another. */
const BOTH_WAYS: [value: unknown, hex: string][] = [
  [null, 'c0'],
  [true, 'c3'],
  [127, '7f'],
  [-32, 'e0'],
  [128, 'cc80'],
  [-33, 'd0df'],
  [65_536, 'ce00010000'],
  [-32_769, 'd2ffff7fff'],
  [18_446_744_073_709_551_615n, 'cfffffffffffffffff'],
  [-9_223_372_036_854_775_808n, 'd38000000000000000'],
  [1.5, 'cb3ff8000000000000'],
  [{ $float32: 42 }, 'ca42280000'],
  [{ $bin: '010203' }, 'c403010203'],
  [{ $timestamp: '2017-04-25T01:02:03Z' }, 'd6ff58fea00b'],
  [{ $timestamp: '2017-04-25T01:02:03.500000000Z' }, 'd7ff7735940058fea00b'],
  [{ $ext: [5, 'aabb'] }, 'd505aabb'],
  ['é', 'a2c3a9'],
  [[1, [], {}], '93019080'],
  [{ a: { b: 'x' } }, '81a16181a162a178'],
];

describe('a value', () => {
  test.each(BOTH_WAYS)('%o is written and read', (value, hex) => {
    expect(encode(value).toString('hex')).toBe(hex);
    expect(decode(Buffer.from(hex, 'hex'))).toEqual(value);
  });

  test.each([
    [40, 0xd9],
    [300, 0xda],
    [70_000, 0xdb],
  ])('a text of %i characters has the shortest head', (length, head) => {
    const encoded = encode('x'.repeat(length));
    expect(encoded[0]).toBe(head);
    expect(decode(encoded)).toBe('x'.repeat(length));
  });

  test('long lists and maps are read', () => {
    const list = Array.from({ length: 70_000 }, (_, index) => index % 100);
    const map = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`k${index}`, index]));
    expect(decode(encode(list))).toEqual(list);
    expect(decode(encode(map))).toEqual(map);
  });

  test('timestamps may be seconds, and any width may be asked for', () => {
    expect(encode({ $timestamp: 1 }).toString('hex')).toBe('d6ff00000001');
    expect(encode({ $uint64: '42' }).toString('hex')).toBe('cf000000000000002a');
    expect(encode({ $float64: 42 }).toString('hex')).toBe('cb4045000000000000');
  });

  test.each(['', '92', 'c1', 'a3', '0101'])('0x%s is none', (hex) => {
    expect(() => decode(Buffer.from(hex, 'hex'))).toThrow();
  });
});

describe('a record', () => {
  test.each([0, 1, 127, 128, 16_383, 16_384, 70_000])('of %i bytes is framed and found', (length) => {
    const record = frame(Buffer.alloc(length));
    expect(bodyOf(record)).toEqual({ start: record.length - length, end: record.length });
    expect(bodyOf(Buffer.concat([record, Buffer.from([1])]))?.end).toBe(record.length);
    if (length > 0) expect(bodyOf(record.subarray(0, -1))).toBeUndefined();
  });

  test('whose length has not ended is not found', () => {
    expect(bodyOf(Buffer.from([0x80]))).toBeUndefined();
    expect(bodyOf(Buffer.alloc(0))).toBeUndefined();
  });
});
