// Whether a message that came is the one that a case expects, in the case's way of matching.

import { nanoseconds } from './messagepackCodec.ts';
import { placeholder } from './placeholders.ts';
import { Skip } from './problems.ts';
import { isObject } from './values.ts';
import { Unbound, type Variables } from './variables.ts';

/** How two values are compared. */
interface Manner {
  /** What came may have more properties. */
  subset: boolean;
  /** Words such as `<number>` stand for a kind of value. */
  placeholders: boolean;
  /** Texts such as `a|b` stand for either. */
  alternatives: boolean;
  /** What variables without a value were compared with. */
  bound: Map<string, unknown>;
}

const EXACT = { subset: false, placeholders: false, alternatives: false };

type Way = (expected: unknown, actual: unknown, bound: Map<string, unknown>) => boolean;

const WAYS: Record<string, Way> = {
  exact: (expected, actual, bound) => same(voided(expected), voided(actual), { ...EXACT, bound }),
  subset: (expected, actual, bound) => {
    const cut = Array.isArray(expected) && Array.isArray(actual) ? actual.slice(0, expected.length) : actual;
    return same(expected, cut, { ...EXACT, subset: true, placeholders: true, bound });
  },
  shape: (expected, actual, bound) => same(voided(expected), voided(actual), { ...EXACT, placeholders: true, bound }),
  oneOf: (expected, actual, bound) =>
    alternativesOf(expected).some((one) =>
      same(voided(one), voided(actual), { ...EXACT, alternatives: true, placeholders: true, bound }),
    ),
  prefixError: (expected, actual, bound) => {
    const [wanted, came] = [errorOf(expected), errorOf(actual)];
    if (typeof wanted !== 'string' || typeof came !== 'string' || !came.startsWith(wanted)) return false;
    return same(withError(expected, ''), withError(actual, ''), { ...EXACT, bound });
  },
  idAndType: (expected, actual, bound) =>
    typeOf(expected) === typeOf(actual) && same(idOf(expected), idOf(actual), { ...EXACT, bound }),
  bind: (expected, actual, bound) => same(voided(expected), voided(actual), { ...EXACT, placeholders: true, bound }),
};
WAYS.unordered = WAYS.exact as Way;

/** Whether the message that came fits; variables that had no value get theirs if it does. */
export function fits(way: string, expected: unknown, actual: unknown, variables: Variables): boolean {
  const compare = WAYS[way];
  if (compare === undefined) throw new Skip(`way of matching not known: ${way}`);
  const bound = new Map<string, unknown>();
  if (!compare(variables.pattern(expected), actual, bound)) return false;
  for (const [name, value] of bound) variables.set(name, value);
  return true;
}

/** The alternatives of an expectation: the elements of a list of messages, else itself. */
export function alternativesOf(expected: unknown): unknown[] {
  const isList = Array.isArray(expected) && (isObject(expected[0]) || Array.isArray(expected[0]));
  return isList ? expected : [expected];
}

/** The number that says what kind of message it is. */
export function typeOf(message: unknown): unknown {
  if (Array.isArray(message)) return message[0];
  return isObject(message) ? message.type : undefined;
}

/** The invocation id of a message. */
export function idOf(message: unknown): unknown {
  if (Array.isArray(message)) return Number(message[0]) <= 5 ? message[2] : undefined;
  return isObject(message) ? message.invocationId : undefined;
}

/** The error text of a completion or a close message. */
export function errorOf(message: unknown): unknown {
  if (Array.isArray(message)) return message[0] === 7 ? message[1] : message[3] === 1 ? message[4] : undefined;
  return isObject(message) ? message.error : undefined;
}

function withError(message: unknown, error: string): unknown {
  if (Array.isArray(message)) return message.with(message[0] === 7 ? 1 : 4, error);
  return isObject(message) ? { ...message, error } : message;
}

/** A completion with a null result as one without: servers may write either for a method that returns nothing. */
function voided(message: unknown): unknown {
  if (Array.isArray(message)) {
    const isNull = message[0] === 3 && message[3] === 3 && message.length === 5 && message[4] === null;
    return isNull ? [...message.slice(0, 3), 2] : message;
  }
  if (!isObject(message) || message.type !== 3 || message.result !== null || message.error !== undefined)
    return message;
  const { result: _, ...rest } = message;
  return rest;
}

/** Whether two values are the same, all placeholders counting. */
export function alike(expected: unknown, actual: unknown, { subset }: { subset: boolean }): boolean {
  return same(expected, actual, { ...EXACT, subset, placeholders: true, bound: new Map() });
}

function same(expected: unknown, actual: unknown, manner: Manner): boolean {
  if (expected instanceof Unbound) return bind(expected.name, actual, manner);
  if (typeof expected === 'string') return sameText(expected, actual, manner);
  if (typeof expected === 'bigint' || typeof actual === 'bigint') {
    const isNumber = (value: unknown) => typeof value === 'bigint' || Number.isInteger(value);
    return isNumber(expected) && isNumber(actual) && BigInt(expected as number) === BigInt(actual as number);
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length) return false;
    return expected.every((value, index) => same(value, actual[index], manner));
  }
  if (!isObject(expected)) return Object.is(expected, actual) || (expected === 0 && actual === 0);
  if (!isObject(actual)) return '$float64' in expected && expected.$float64 === actual;
  if ('$timestamp' in expected && '$timestamp' in actual) {
    return nanoseconds(expected.$timestamp) === nanoseconds(actual.$timestamp);
  }
  const names = Object.keys(expected);
  if (!manner.subset && names.length !== Object.keys(actual).length) return false;
  return names.every((name) => Object.hasOwn(actual, name) && same(expected[name], actual[name], manner));
}

function sameText(expected: string, actual: unknown, manner: Manner): boolean {
  if (expected === actual) return true;
  if (manner.placeholders) {
    const isOfKind = placeholder(expected, actual);
    if (isOfKind !== undefined) return isOfKind;
  }
  return manner.alternatives && expected.includes('|') && expected.split('|').includes(String(actual));
}

function bind(name: string, actual: unknown, { bound }: Manner): boolean {
  if (actual === undefined || actual === null) return false;
  if (bound.has(name)) return Object.is(bound.get(name), actual);
  bound.set(name, actual);
  return true;
}
