// Words in a pattern that stand for any value of a kind: `<number>`, `<non-empty string>`, `z x 100000`.

import { Skip } from './problems.ts';
import { isObject } from './values.ts';

type Kind = (value: unknown) => boolean;

/** What the server's tokens are made of. */
const UNRESERVED = /^[A-Za-z0-9._~-]+$/;

const isText: Kind = (value) => typeof value === 'string';
const isFilled: Kind = (value) => typeof value === 'string' && value !== '';
const isWhole: Kind = (value) => typeof value === 'bigint' || Number.isInteger(value);

/** The first whose words fit decides. */
const KINDS: [words: RegExp, kind: Kind][] = [
  // Tokens may be longer than ASP.NET Core's, which is one of the deliberate differences: see deviations.ts.
  [/base64url|unreserved|22.?char/i, (value) => isFilled(value) && UNRESERVED.test(value as string)],
  [/non-?empty|not empty/i, isFilled],
  [/guid|uuid/i, (value) => isText(value) && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value as string)],
  [/\bint(eger)?\b|whole/i, isWhole],
  [/number|\bn\b|float|double/i, (value) => typeof value === 'number' || typeof value === 'bigint'],
  [/\b(id|token)\b/i, isFilled],
  [/string|text/i, isText],
  [/bool/i, (value) => typeof value === 'boolean'],
  [/array|list/i, (value) => Array.isArray(value)],
  [/object|map/i, isObject],
  [/^null$/i, (value) => value === null],
  [/any|\*|value/i, () => true],
];

/** Whether `pattern` is a placeholder and, if so, whether `value` is of its kind. */
export function placeholder(pattern: string, value: unknown): boolean | undefined {
  const [, words] = pattern.match(/^<([^<>]+)>$/) ?? [];
  if (words !== undefined) {
    const [, length] = words.match(/^string of (?:length )?(\d+)/) ?? [];
    if (length !== undefined) return isText(value) && (value as string).length === Number(length);
    const kind = KINDS.find(([known]) => known.test(words))?.[1];
    if (kind === undefined) throw new Skip(`placeholder not understood: ${pattern}`);
    return kind(value);
  }
  const [, unit, count] = pattern.match(/^(\S+) x (\d+)$/) ?? [];
  if (unit !== undefined) return value === unit.repeat(Number(count)) || value === pattern;
  return undefined;
}
