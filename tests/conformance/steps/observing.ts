// What a case expects of several messages, or of none.

import type { Step } from '../cases.ts';
import type { Connection } from '../connection.ts';
import { askForPing } from '../deviations.ts';
import { alike, fits, idOf, typeOf } from '../matching.ts';
import { Mismatch, Skip } from '../problems.ts';
import { brief, isObject } from '../values.ts';
import type { World } from '../world.ts';
import { isAside } from './receiving.ts';

/** After as many messages as expected: how long one too many is waited for. */
const ONE_TOO_MANY_MILLIS = 200;

/** Nothing but pings comes for so long. */
export async function expectSilence(world: World, step: Step): Promise<void> {
  const { inbound, wasKilled } = world.on(step);
  const until = Date.now() + Number(step.ms ?? step.forMs ?? 500);
  const wanted = `nothing for ${step.ms ?? step.forMs ?? 500} ms`;
  for (;;) {
    const sound = inbound.take((record) => !isAside(record));
    if (sound !== undefined) throw new Mismatch(wanted, brief(sound.value ?? sound.raw));
    if (inbound.ended !== undefined && !wasKilled) throw new Mismatch(wanted, inbound.ended.why);
    if (!(await inbound.more(until)) && Date.now() >= until) return;
    if (inbound.ended !== undefined) return;
  }
}

/** Messages in any order, except that those of one invocation come in theirs; others stay to be read. */
export async function recvSet(world: World, step: Step): Promise<void> {
  const connection = world.on(step);
  const { inbound } = connection;
  const open = expectedById(connection, step);
  const until = world.until(step);
  const isNext = (list: unknown[], value: unknown) => list.length > 0 && fits('shape', list[0], value, world.variables);
  while (open.some((list) => list.length > 0)) {
    let list: unknown[] | undefined;
    const found = inbound.take(({ value }) => {
      list = open.find((one) => isNext(one, value));
      return list !== undefined;
    });
    list?.shift();
    if (found !== undefined || (await inbound.more(until))) continue;
    const others = inbound.unread.map(({ value }) => brief(value)).join(', ');
    throw new Mismatch(`also ${brief(open.flat())}`, others === '' ? inbound.silence : `only ${others}`);
  }
}

/** What is said of the step itself; anything else is what is expected. */
const OWN_FIELDS = new Set(['op', 'on', 'match', 'note', 'withinMs']);

/** The messages still to come, by invocation; those without an id are in no order. */
function expectedById(connection: Connection, step: Step): unknown[][] {
  const name = Object.keys(step).find((field) => !OWN_FIELDS.has(field) && typeof step[field] === 'object');
  const given = step[name ?? ''];
  if (isObject(given)) return Object.entries(given).map(([id, inner]) => messagesOf(connection, id, inner));
  if (!Array.isArray(given)) throw new Skip(`recvSet not understood: ${brief(step)}`);
  const lists = Map.groupBy(given.entries(), ([index, one]) => {
    if (isObject(one) && Array.isArray(one.items)) return one.invocationId ?? one.id;
    if (typeof typeOf(one) !== 'number') throw new Skip(`recvSet not understood: ${brief(step)}`);
    return idOf(one) ?? `without an id ${index}`;
  });
  return [...lists].map(([id, entries]) =>
    entries.flatMap(([, one]) => (isObject(one) && one.items ? messagesOf(connection, String(id), one.items) : [one])),
  );
}

/** A result, or a list of messages or of a stream's items. */
function messagesOf(connection: Connection, id: string, given: unknown): unknown[] {
  if (!Array.isArray(given)) return [completion(connection, id, given)];
  return given.map((one) => (typeof typeOf(one) === 'number' ? one : item(connection, id, one)));
}

function item({ protocol }: Connection, invocationId: string, value: unknown): unknown {
  return protocol === 'json' ? { type: 2, invocationId, item: value } : [2, {}, invocationId, value];
}

function completion({ protocol }: Connection, invocationId: string, result: unknown): unknown {
  return protocol === 'json' ? { type: 3, invocationId, result } : [3, {}, invocationId, 3, result];
}

/** Sends of one target, or items of one stream, with these values in this order; others may come in between. */
export async function recvSequence(world: World, step: Step): Promise<void> {
  const { inbound } = world.on(step);
  const until = world.until(step);
  for (const expected of valuesOf(step)) {
    for (;;) {
      const record = await inbound.next(until, () => `${step.target ?? step.invocationId} with ${brief(expected)}`);
      const value = valueIn(record.value, step);
      if (value === undefined) continue;
      if (alike(expected, value.it, { subset: false }) || String(expected) === String(value.it)) break;
      throw new Mismatch(`${step.target ?? step.invocationId} with ${brief(expected)}`, brief(record.value));
    }
  }
}

/** `0..99`, or a list. */
function valuesOf({ values, count }: Step): unknown[] {
  if (Array.isArray(values)) return values;
  const [, from, to] =
    String(values ?? (count === undefined ? '' : `0..${count - 1}`)).match(/^(-?\d+)\.\.(-?\d+)$/) ?? [];
  if (from === undefined) throw new Skip(`values not understood: ${values}`);
  return Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => Number(from) + index);
}

/** The value of a message of the sequence; nothing if the message is another. */
function valueIn(message: unknown, { target, invocationId }: Step): { it: unknown } | undefined {
  const [name, args, item] = Array.isArray(message)
    ? [message[3], message[4], message[3]]
    : isObject(message)
      ? [message.target, message.arguments, message.item]
      : [];
  if (target !== undefined) {
    if (typeOf(message) !== 1 || name !== target || !Array.isArray(args)) return undefined;
    return { it: args.length === 1 ? args[0] : args };
  }
  const isItem = typeOf(message) === 2 && (invocationId === undefined || idOf(message) === invocationId);
  return isItem ? { it: item } : undefined;
}

/** So many messages of one type come, and no more. */
export async function recvCount(world: World, step: Step): Promise<void> {
  const connection = world.on(step);
  const { inbound } = connection;
  const least = Number(step.count ?? step.min ?? step.atLeast);
  const isExact = step.count !== undefined;
  const matching = ({ value }: { value: unknown }) =>
    typeOf(value) === step.type && (step.invocationId === undefined || idOf(value) === step.invocationId);
  const until = world.until(step);
  const wanted = `${isExact ? '' : 'at least '}${least} messages of type ${step.type}`;
  for (let count = 0; count < least; ) {
    if (inbound.take(matching)) {
      count++;
      continue;
    }
    if (step.type === 6) await askForPing(connection, { type: 6 });
    if (await inbound.more(until)) continue;
    const others = inbound.unread.map(({ value }) => brief(value)).join(', ');
    throw new Mismatch(wanted, `${count}, then ${inbound.silence}${others === '' ? '' : `; also ${others}`}`);
  }
  await inbound.more(Date.now() + ONE_TOO_MANY_MILLIS);
  const extra = isExact && step.type !== 6 ? inbound.take(matching) : undefined;
  if (extra !== undefined) throw new Mismatch(wanted, `one more: ${brief(extra.value)}`);
}

/** No message of this type ever came on the connection. */
export async function assertNone(world: World, step: Step): Promise<void> {
  const types = [step.type ?? step.types].flat();
  const seen = world
    .on(step)
    .inbound.all.find(({ value, isHandshake }) => !isHandshake && types.includes(typeOf(value)));
  if (seen !== undefined) throw new Mismatch(`no message of type ${types}`, brief(seen.value));
}

/** The kind of the frame that came last. */
export async function assertFrame(world: World, step: Step): Promise<void> {
  const { lastFrame } = world.on(step).inbound;
  if (lastFrame !== step.kind) throw new Mismatch(`a ${step.kind} frame`, lastFrame ?? 'none');
}
