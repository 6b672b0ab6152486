// The ways in which a message fits what a case expects.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: so the cases write a variable

import { describe, expect, test } from 'vitest';
import { fits } from './matching.ts';
import { Skip } from './problems.ts';
import { Variables } from './variables.ts';

const FITTING: [way: string, expected: unknown, actual: unknown][] = [
  ['exact', { type: 3, invocationId: '1', result: { a: [1] } }, { result: { a: [1] }, type: 3, invocationId: '1' }],
  ['exact', { type: 3, invocationId: '1' }, { type: 3, invocationId: '1', result: null }],
  ['exact', { type: 3, invocationId: '1', result: null }, { type: 3, invocationId: '1' }],
  ['exact', [3, {}, '1', 2], [3, {}, '1', 3, null]],
  ['exact', [3, {}, '1', 3, { $timestamp: 1 }], [3, {}, '1', 3, { $timestamp: '1970-01-01T00:00:01Z' }]],
  ['exact', [3, {}, '1', 3, 2n ** 64n - 1n], [3, {}, '1', 3, 2n ** 64n - 1n]],
  ['subset', { type: 7 }, { type: 7, error: 'e', allowReconnect: true }],
  ['subset', [7, 'bye'], [7, 'bye', true]],
  ['shape', { type: 3, result: '<number>' }, { type: 3, result: 5 }],
  ['shape', { type: 3, result: '<non-empty string>' }, { type: 3, result: 'x' }],
  ['shape', { type: 3, result: 'z x 3' }, { type: 3, result: 'zzz' }],
  ['oneOf', { type: 3, result: 'AB|BA' }, { type: 3, result: 'BA' }],
  ['oneOf', [{ type: 6 }, { type: 7 }], { type: 7 }],
  ['prefixError', { type: 3, invocationId: '1', error: 'No' }, { type: 3, invocationId: '1', error: 'No way.' }],
  ['prefixError', [3, {}, '1', 1, 'No'], [3, {}, '1', 1, 'No way.']],
  ['idAndType', { type: 3, invocationId: '1', result: 1 }, { type: 3, invocationId: '1', error: 'e' }],
  ['idAndType', [3, {}, '1', 2], [3, {}, '1', 3, 5]],
];

const NOT_FITTING: [way: string, expected: unknown, actual: unknown][] = [
  ['exact', { type: 3, invocationId: '1', result: 1 }, { type: 3, invocationId: '1', result: '1' }],
  ['exact', { type: 3, invocationId: '1' }, { type: 3, invocationId: '1', error: 'e' }],
  ['exact', { type: 7 }, { type: 7, allowReconnect: false }],
  ['exact', { type: 2, item: null }, { type: 2 }],
  ['exact', { type: 3, result: '<number>' }, { type: 3, result: 5 }],
  ['exact', [7, null], [7, null, false]],
  ['exact', [3, {}, '1', 3, 42], [3, {}, '1', 3, { $float32: 42 }]],
  ['subset', { type: 7, error: 'e' }, { type: 7 }],
  ['shape', { type: 3, result: '<number>' }, { type: 3, result: '5' }],
  ['shape', { type: 3, result: '<non-empty string>' }, { type: 3, result: '' }],
  ['shape', { type: 3, result: 'z x 3' }, { type: 3, result: 'zz' }],
  ['shape', { type: 3 }, { type: 3, result: 'more' }],
  ['oneOf', { type: 3, result: 'AB|BA' }, { type: 3, result: 'ABBA' }],
  ['prefixError', { type: 3, invocationId: '1', error: 'No' }, { type: 3, invocationId: '2', error: 'No way.' }],
  ['prefixError', { type: 3, invocationId: '1', error: 'No' }, { type: 3, invocationId: '1' }],
  ['idAndType', { type: 3, invocationId: '1' }, { type: 2, invocationId: '1' }],
];

describe('it fits', () => {
  test.each(FITTING)('%s %o: %o', (way, expected, actual) => {
    expect(fits(way, expected, actual, new Variables())).toBe(true);
  });
});

describe('it does not fit', () => {
  test.each(NOT_FITTING)('%s %o: %o', (way, expected, actual) => {
    expect(fits(way, expected, actual, new Variables())).toBe(false);
  });
});

describe('a variable', () => {
  const expected = { type: 1, invocationId: '${x}', target: 'Sum' };

  test('gets what came, and from then on must come again', () => {
    const variables = new Variables();
    expect(fits('bind', expected, { type: 1, invocationId: 's1', target: 'Sum' }, variables)).toBe(true);
    expect(variables.get('x')).toBe('s1');
    expect(fits('bind', expected, { type: 1, invocationId: 's2', target: 'Sum' }, variables)).toBe(false);
  });

  test('gets nothing from a message that does not fit', () => {
    const variables = new Variables();
    expect(fits('bind', expected, { type: 1, invocationId: 's1', target: 'Other' }, variables)).toBe(false);
    expect(variables.get('x')).toBeUndefined();
  });
});

test('what is not known is not judged', () => {
  expect(() => fits('roughly', {}, {}, new Variables())).toThrow(Skip);
  expect(() => fits('shape', '<odd thing>', 'x', new Variables())).toThrow(Skip);
});
