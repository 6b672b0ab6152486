// Failed authentications are limited by a variable and a binding, which must agree.

/** What the Worker does without the variable (`crates/contract/src/configuration/table.rs`). */
const DEFAULT = '10';

/**
 * What is wrong with `wrangler.toml`, or one environment of it; `undefined` if nothing is. Where the variable turns the
 * limit off, the binding is never asked.
 *
 * @param {{ vars?: Record<string, string>, ratelimits?: { name: string, simple: { limit: number, period: number } }[] }} [config]
 * @returns {string | undefined}
 */
export function authFailuresDisagreement(config = {}) {
  const figure = Number(config.vars?.AUTH_FAILURES_PER_MINUTE || DEFAULT);
  if (figure === 0) return undefined;
  const binding = config.ratelimits?.find(({ name }) => name === 'AUTH_FAILURES');
  if (binding === undefined) return 'wrangler.toml: the rate-limit binding AUTH_FAILURES is missing.';
  const { limit, period } = binding.simple;
  if (limit === figure && period === 60) return undefined;
  return `wrangler.toml: AUTH_FAILURES_PER_MINUTE is ${figure}, and the binding AUTH_FAILURES allows ${limit} in ${period} s: both must say the same.`;
}
