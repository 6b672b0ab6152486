// The two figures that limit failed authentications: what the Worker is told, and what the platform counts to.

import { readFileSync } from 'node:fs';
import { parse } from 'smol-toml';
import { expect, test } from 'vitest';
import { authFailuresDisagreement } from '../../scripts/checks/authFailures.mjs';

type Config = NonNullable<Parameters<typeof authFailuresDisagreement>[0]>;

const config = (figure: string | undefined, limit: number, period = 60): Config => ({
  vars: figure === undefined ? {} : { AUTH_FAILURES_PER_MINUTE: figure },
  ratelimits: [{ name: 'AUTH_FAILURES', simple: { limit, period } }],
});

test('agree in wrangler.toml', () => {
  const text = readFileSync(new URL('../../wrangler.toml', import.meta.url), 'utf8');
  const deployed = parse(text) as Config;
  expect(deployed.vars?.AUTH_FAILURES_PER_MINUTE).toBe('10');
  expect(authFailuresDisagreement(deployed)).toBeUndefined();
});

test.each<[Config]>([
  [config('20', 20)],
  [config(undefined, 10)],
  [config('', 10)],
  [config('0', 10)],
  [{ vars: { AUTH_FAILURES_PER_MINUTE: '0' } }],
])('agree in %j', (agreeing) => {
  expect(authFailuresDisagreement(agreeing)).toBeUndefined();
});

test.each<[Config | undefined, RegExp]>([
  [config('20', 10), /20, .* 10 in 60 s/],
  [config(undefined, 20), /10, .* 20 in 60 s/],
  [config('10', 10, 10), /10 in 10 s/],
  [{ vars: {} }, /missing/],
  [undefined, /missing/],
])('are refused in %j', (disagreeing, expected) => {
  expect(authFailuresDisagreement(disagreeing)).toMatch(expected);
});
