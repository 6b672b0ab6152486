// What a case expects to come next on a connection.

import type { Step } from '../cases.ts';
import type { Connection } from '../connection.ts';
import { askForPing } from '../deviations.ts';
import { alternativesOf, fits, typeOf } from '../matching.ts';
import { Mismatch, Skip } from '../problems.ts';
import type { Received } from '../received.ts';
import { brief, parseJson } from '../values.ts';
import type { World } from '../world.ts';

const PING = 6;
const ACK = 8;

/** Whether a message may come at any time, and is passed over by whoever does not expect it. */
export function isAside({ value, isHandshake }: Received): boolean {
  return !isHandshake && (typeOf(value) === PING || typeOf(value) === ACK);
}

/** One hub message, in one of the ways to match. */
export async function recv(world: World, step: Step): Promise<void> {
  const connection = world.on(step);
  if (step.msg === undefined && step.msgs === undefined) throw new Skip('recv without a message');
  for (const expected of step.msgs ?? [step.msg]) {
    await receiveOne(world, step, connection, world.variables.pattern(expected));
  }
}

async function receiveOne(world: World, step: Step, connection: Connection, expected: unknown): Promise<void> {
  const way = String(step.match ?? 'exact');
  const types = alternativesOf(expected).map(typeOf);
  const isPassedOver = (record: Received) => isAside(record) && !types.includes(typeOf(record.value));
  const until = world.until(step);
  await askForPing(connection, expected);
  if (way === 'unordered') {
    await receiveAmongOthers(world, connection, expected, until);
    return;
  }
  for (;;) {
    const record = await connection.inbound.next(until, () => wording(way, expected));
    if (isPassedOver(record)) continue;
    if (fits(way, expected, record.value, world.variables)) return;
    throw new Mismatch(wording(way, expected), brief(record.value));
  }
}

/** Others may come before it, and stay to be read. */
async function receiveAmongOthers(world: World, { inbound }: Connection, expected: unknown, until: number) {
  for (;;) {
    if (inbound.take(({ value }) => fits('unordered', expected, value, world.variables))) return;
    if (await inbound.more(until)) continue;
    const others = inbound.unread.map(({ value }) => brief(value)).join(', ');
    throw new Mismatch(brief(expected), others === '' ? inbound.silence : `only ${others}`);
  }
}

function wording(way: string, expected: unknown): string {
  return way === 'exact' ? brief(expected) : `${way} ${brief(expected)}`;
}

/** The next bytes, or the next text record as JSON. */
export async function recvRaw(world: World, step: Step): Promise<void> {
  const connection = world.on(step);
  const { inbound } = connection;
  const until = world.until(step);
  if (step.jsonRecord !== undefined) {
    const came = await bytesWhen(connection, until, (bytes) => bytes.includes(0x1e));
    const end = came.indexOf(0x1e);
    const record = end < 0 ? undefined : readJson(came.subarray(0, end));
    if (record === undefined || !fits(step.match ?? 'exact', step.jsonRecord, record, world.variables)) {
      throw new Mismatch(brief(step.jsonRecord), came.length > 0 ? brief(came) : inbound.silence);
    }
    inbound.takeBytes(end + 1);
    return;
  }
  const expected = expectedBytes(world, step);
  if (isPing(expected)) await askForPing(connection, { type: PING });
  const came = await bytesWhen(connection, until, (bytes) => bytes.length >= expected.length, isPing(expected));
  if (!came.subarray(0, expected.length).equals(expected)) {
    throw new Mismatch(brief(expected), came.length > 0 ? brief(came) : inbound.silence);
  }
  inbound.takeBytes(expected.length);
}

/** The bytes of however many frames, until they are those expected. */
export const recvRawAll = recvRaw;

function expectedBytes(world: World, { text, hex }: Step): Buffer {
  if (hex !== undefined) return Buffer.from(hex, 'hex');
  if (typeof text !== 'string') throw new Skip('recvRaw without text, hex or jsonRecord');
  return Buffer.from(world.variables.resolve(text));
}

function isPing(bytes: Buffer): boolean {
  return bytes.toString('latin1') === '{"type":6}\x1e';
}

/** What is unread, once it is as wanted or nothing more comes. Pings before it are dropped. */
async function bytesWhen(
  { inbound }: Connection,
  until: number,
  isThere: (bytes: Buffer) => boolean,
  keepPings = false,
): Promise<Buffer> {
  for (;;) {
    const [first] = inbound.unread;
    if (first !== undefined && !keepPings && !first.isHandshake && typeOf(first.value) === PING) {
      inbound.takeBytes(first.raw.length);
      continue;
    }
    const bytes = inbound.unreadBytes;
    if (isThere(bytes) || !(await inbound.more(until))) return bytes;
  }
}

function readJson(bytes: Buffer): unknown {
  try {
    return parseJson(bytes.toString());
  } catch {
    return undefined;
  }
}
