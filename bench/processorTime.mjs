// How much of a processor a process used. Linux only: elsewhere nobody knows.

import { readdirSync, readFileSync } from 'node:fs';

/**
 * The process that this one started, if it is the only one.
 *
 * @param {number} pid
 * @returns {number | undefined}
 */
export function childOf(pid) {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
      return readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean);
    });
    return children.length === 1 ? Number(children[0]) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Microseconds on a processor of all threads of a process, since it began (`schedstat`, whose first number is in
 * nanoseconds). NaN where that is not known.
 *
 * @param {number | undefined} pid
 */
export function processorMicros(pid) {
  if (pid === undefined) return Number.NaN;
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const nanos = threads.map((thread) =>
      Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
    );
    return nanos.reduce((sum, each) => sum + each, 0) / 1_000;
  } catch {
    return Number.NaN;
  }
}
