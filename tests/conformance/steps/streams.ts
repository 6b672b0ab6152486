// Bodies that go on: what comes of them, byte by byte or message by message.

import type { Step } from '../cases.ts';
import type { Exchange } from '../http.ts';
import { fits } from '../matching.ts';
import { Mismatch, Skip } from '../problems.ts';
import { brief, parseJson } from '../values.ts';
import type { World } from '../world.ts';

const LOOK_AGAIN_MILLIS = 20;

/** Waits until the unread part of a body is as wanted; `until` says when not to. */
async function waitFor(exchange: Exchange, until: number, isThere: (unread: Buffer) => boolean): Promise<Buffer> {
  for (;;) {
    const unread = exchange.body.subarray(exchange.read);
    if (isThere(unread) || exchange.settled || Date.now() > until) return unread;
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MILLIS));
  }
}

/** The next bytes are those given. */
export async function readStream(world: World, step: Step): Promise<void> {
  const exchange = world.exchange(step);
  const hex = step.hex ?? step.bytesHex;
  const wanted =
    step.text ?? step.bytes ?? step.equals ?? step.startsWith ?? step.data ?? step.expect?.text ?? step.expect;
  if (step.ended === true || step.expect === 'end' || step.end === true) {
    await waitFor(exchange, world.until(step), () => false);
    if (!exchange.settled) throw new Mismatch('the end of the body', 'it goes on');
    return;
  }
  if (hex === undefined && typeof wanted !== 'string') throw new Skip(`readStream not understood: ${brief(step)}`);
  const expected = hex === undefined ? Buffer.from(world.variables.resolve(wanted)) : Buffer.from(hex, 'hex');
  const came = await waitFor(exchange, world.until(step), (unread) => unread.length >= expected.length);
  if (!came.subarray(0, expected.length).equals(expected)) throw Mismatch.of(expected, came);
  exchange.read += expected.length;
}

/** The next message in an event stream is as given. */
export async function readStreamMsg(world: World, step: Step): Promise<void> {
  const exchange = world.exchange(step);
  const expected = step.msg ?? step.jsonRecord ?? step.message;
  if (expected === undefined) throw new Skip(`readStreamMsg not understood: ${brief(step)}`);
  const until = world.until(step);
  for (;;) {
    const came = await waitFor(exchange, until, (unread) => eventEnd(unread) > 0);
    const end = eventEnd(came);
    if (end === 0)
      throw new Mismatch(brief(expected), `nothing in time${came.length > 0 ? `, except ${brief(came)}` : ''}`);
    exchange.read += end;
    const lines = came.subarray(0, end).toString().split('\n');
    const data = lines.filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trim());
    // A comment, such as the one every stream begins with.
    if (data.length === 0) continue;
    const records = data.join('\n').split('\x1e').filter(Boolean).map(parseJson);
    if (records.every((record) => (record as { type?: unknown }).type === 6)) continue;
    const [record] = records;
    if (records.length === 1 && fits(step.match ?? 'exact', expected, record, world.variables)) return;
    throw Mismatch.of(expected, records.length === 1 ? record : records);
  }
}

/** Where the first event or comment ends, behind its empty line; 0 while it goes on. */
function eventEnd(bytes: Buffer): number {
  const text = bytes.toString('latin1');
  const comment = text.match(/^:[^\n]*\n(\r?\n)?/);
  if (comment !== null) return comment[0].length;
  const end = text.match(/\r?\n\r?\n/);
  return end === null ? 0 : (end.index ?? 0) + end[0].length;
}
