// How long to wait before an attempt.

import type { Policy } from './options.ts';

/**
 * Exponential, with jitter over the upper half, so that clients that were cut off together do not come back together.
 *
 * @param attempt 0 for the first
 * @returns milliseconds
 */
export function backoffMillis(
  attempt: number,
  { baseReconnectDelay, maxReconnectDelay }: Pick<Policy, 'baseReconnectDelay' | 'maxReconnectDelay'>,
  random: () => number = Math.random,
): number {
  const longest = Math.min(baseReconnectDelay * 2 ** attempt, maxReconnectDelay);
  return Math.round(longest * (0.5 + random() / 2));
}
