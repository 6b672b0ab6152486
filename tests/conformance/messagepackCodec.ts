// MessagePack in the notation of the cases: what JSON has no word for is an object with one marked key.
//
// | mark | type |
// |---|---|
// | `$float32`, `$float64` | a number of that width |
// | `$int64`, `$uint64` | an integer of that width, digits in a string |
// | `$bin` | bytes as hexadecimal digits |
// | `$timestamp` | the extension -1: an ISO date, or seconds |
// | `$ext` | any other extension: `[type, hexadecimal digits]` |
//
// The packages at hand lose what these tell apart.

import { isObject } from './values.ts';

const TIMESTAMP = -1;

/** One value as MessagePack. */
export function encode(value: unknown): Buffer {
  if (value === null || value === undefined) return bytes(0xc0);
  if (typeof value === 'boolean') return bytes(value ? 0xc3 : 0xc2);
  if (typeof value === 'bigint') return integer(value);
  if (typeof value === 'number') return Number.isInteger(value) ? integer(BigInt(value)) : float64(value);
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) {
    return Buffer.concat([head(value.length, [0x90, 16], undefined, 0xdc, 0xdd), ...value.map(encode)]);
  }
  if (!isObject(value)) throw new Error(`no MessagePack for ${String(value)}`);
  const marked = encodeMark(value);
  if (marked !== undefined) return marked;
  const entries = Object.entries(value);
  const pairs = entries.flatMap(([key, inner]) => [text(key), encode(inner)]);
  return Buffer.concat([head(entries.length, [0x80, 16], undefined, 0xde, 0xdf), ...pairs]);
}

function encodeMark(value: Record<string, unknown>): Buffer | undefined {
  const [mark, ...others] = Object.keys(value);
  if (mark === undefined || others.length > 0 || !mark.startsWith('$')) return undefined;
  const inner = value[mark];
  switch (mark) {
    case '$float32': {
      const out = bytes(0xca, 0, 0, 0, 0);
      out.writeFloatBE(Number(inner), 1);
      return out;
    }
    case '$float64':
      return float64(Number(inner));
    case '$int64':
    case '$uint64': {
      const out = Buffer.alloc(9, mark === '$int64' ? 0xd3 : 0xcf);
      out.writeBigUInt64BE(BigInt.asUintN(64, BigInt(inner as string)), 1);
      return out;
    }
    case '$bin': {
      const data = Buffer.from(inner as string, 'hex');
      return Buffer.concat([head(data.length, undefined, 0xc4, 0xc5, 0xc6), data]);
    }
    case '$timestamp':
      return timestamp(nanoseconds(inner));
    case '$ext': {
      const [type, digits] = inner as [number, string];
      return extension(type, Buffer.from(digits, 'hex'));
    }
    default:
      return undefined;
  }
}

/** The nanoseconds since 1970 that a `$timestamp` stands for. */
export function nanoseconds(value: unknown): bigint {
  if (typeof value === 'number') return BigInt(Math.round(value * 1000)) * 1_000_000n;
  const [, whole = '', fraction = '', zone = 'Z'] = String(value).match(/^(.*?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?$/) ?? [];
  return BigInt(Date.parse(whole + zone)) * 1_000_000n + BigInt(fraction.padEnd(9, '0').slice(0, 9));
}

function timestamp(nanos: bigint): Buffer {
  const seconds = nanos / 1_000_000_000n;
  const rest = nanos % 1_000_000_000n;
  if (rest === 0n && seconds < 1n << 32n) {
    const out = Buffer.alloc(4);
    out.writeUInt32BE(Number(seconds));
    return extension(TIMESTAMP, out);
  }
  const out = Buffer.alloc(8);
  out.writeBigUInt64BE((rest << 34n) | seconds);
  return extension(TIMESTAMP, out);
}

function extension(type: number, data: Buffer): Buffer {
  const fixed = [1, 2, 4, 8, 16].indexOf(data.length);
  const start = fixed >= 0 ? bytes(0xd4 + fixed) : head(data.length, undefined, 0xc7, 0xc8, 0xc9);
  return Buffer.concat([start, bytes(type & 0xff), data]);
}

function integer(value: bigint): Buffer {
  if (value >= -32n && value < 128n) return bytes(Number(value) & 0xff);
  const sizes = [8n, 16n, 32n, 64n];
  const unsigned = value >= 0n;
  const at = sizes.findIndex((bits) => (unsigned ? value < 1n << bits : value >= -(1n << (bits - 1n))));
  const width = 1 << at;
  const digits = BigInt.asUintN(width * 8, value)
    .toString(16)
    .padStart(width * 2, '0');
  return Buffer.concat([bytes((unsigned ? 0xcc : 0xd0) + at), Buffer.from(digits, 'hex')]);
}

function float64(value: number): Buffer {
  const out = Buffer.alloc(9, 0xcb);
  out.writeDoubleBE(value, 1);
  return out;
}

function text(value: string): Buffer {
  const data = Buffer.from(value);
  return Buffer.concat([head(data.length, [0xa0, 32], 0xd9, 0xda, 0xdb), data]);
}

/** The head of something with a length: in the byte itself if it is below the limit, else behind it. */
function head(
  length: number,
  short: [base: number, limit: number] | undefined,
  one: number | undefined,
  two: number,
  four: number,
): Buffer {
  if (short !== undefined && length < short[1]) return bytes(short[0] + length);
  if (one !== undefined && length < 0x100) return bytes(one, length);
  if (length < 0x10000) return bytes(two, length >> 8, length & 0xff);
  const out = bytes(four, 0, 0, 0, 0);
  out.writeUInt32BE(length, 1);
  return out;
}

function bytes(...values: number[]): Buffer {
  return Buffer.from(values);
}

/** The one value that `data` is. */
export function decode(data: Buffer): unknown {
  const reader = new Reader(data);
  const value = reader.value();
  if (reader.left > 0) throw new Error(`${reader.left} bytes after the value`);
  return value;
}

class Reader {
  #at = 0;

  private readonly data: Buffer;

  constructor(data: Buffer) {
    this.data = data;
  }

  get left(): number {
    return this.data.length - this.#at;
  }

  value(): unknown {
    const tag = this.#unsigned(1);
    if (tag < 0x80) return tag;
    if (tag < 0x90) return this.#map(tag & 0x0f);
    if (tag < 0xa0) return this.#array(tag & 0x0f);
    if (tag < 0xc0) return this.#text(tag & 0x1f);
    if (tag >= 0xe0) return tag - 0x100;
    switch (tag) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return { $bin: this.#take(this.#unsigned(1 << (tag - 0xc4))).toString('hex') };
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.#extension(this.#unsigned(1 << (tag - 0xc7)));
      case 0xca:
        return { $float32: this.#take(4).readFloatBE() };
      case 0xcb:
        return this.#take(8).readDoubleBE();
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#unsigned(1 << (tag - 0xcc));
      case 0xcf:
        return whole(this.#take(8).readBigUInt64BE());
      case 0xd0:
      case 0xd1:
      case 0xd2: {
        const width = 1 << (tag - 0xd0);
        return this.#take(width).readIntBE(0, width);
      }
      case 0xd3:
        return whole(this.#take(8).readBigInt64BE());
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#extension(1 << (tag - 0xd4));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#unsigned(1 << (tag - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#array(this.#unsigned(2 << (tag - 0xdc)));
      case 0xde:
      case 0xdf:
        return this.#map(this.#unsigned(2 << (tag - 0xde)));
      default:
        throw new Error(`no MessagePack value begins with 0x${tag.toString(16)}`);
    }
  }

  #take(length: number): Buffer {
    if (length > this.left) throw new Error('the value is not complete');
    this.#at += length;
    return this.data.subarray(this.#at - length, this.#at);
  }

  #unsigned(width: number): number {
    return this.#take(width).readUIntBE(0, width);
  }

  #text(length: number): string {
    return this.#take(length).toString();
  }

  #array(length: number): unknown[] {
    return Array.from({ length }, () => this.value());
  }

  #map(length: number): Record<string, unknown> {
    const entries = Array.from({ length }, () => {
      const key = this.value();
      return [typeof key === 'string' ? key : String(key), this.value()] as const;
    });
    return Object.fromEntries(entries);
  }

  #extension(length: number): unknown {
    const type = this.#take(1).readInt8();
    const data = this.#take(length);
    return type === TIMESTAMP ? { $timestamp: isoDate(data) } : { $ext: [type, data.toString('hex')] };
  }
}

function whole(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function isoDate(data: Buffer): string {
  let seconds: bigint;
  let nanos = 0n;
  if (data.length === 4) {
    seconds = BigInt(data.readUInt32BE());
  } else if (data.length === 8) {
    const both = data.readBigUInt64BE();
    seconds = both & ((1n << 34n) - 1n);
    nanos = both >> 34n;
  } else {
    nanos = BigInt(data.readUInt32BE());
    seconds = data.readBigInt64BE(4);
  }
  const date = new Date(Number(seconds) * 1000).toISOString().slice(0, -5);
  return nanos === 0n ? `${date}Z` : `${date}.${nanos.toString().padStart(9, '0')}Z`;
}

/** A record: its length in front of it. */
export function frame(body: Buffer): Buffer {
  const prefix: number[] = [];
  let rest = body.length;
  do {
    prefix.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return Buffer.concat([Buffer.from(prefix), body]);
}

/** Where the body of a record lies, or nothing while its length or its body is not all there. */
export function bodyOf(data: Buffer): { start: number; end: number } | undefined {
  let length = 0;
  for (let at = 0; at < Math.min(data.length, 5); at++) {
    const byte = data[at] ?? 0;
    length += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) {
      const end = at + 1 + length;
      return end <= data.length ? { start: at + 1, end } : undefined;
    }
  }
  return undefined;
}
