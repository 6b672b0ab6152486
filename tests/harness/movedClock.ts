// The clock of the objects, set ahead, so that midnight is seconds away.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Edge } from './edge.ts';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The midnight, in UTC, that comes after a time. */
export function midnightAfter(time: number): number {
  return (Math.floor(time / DAY) + 1) * DAY;
}

/**
 * The next Monday that is the first day of a month, and more than a month away: a midnight at which a day, a week and a
 * month end.
 */
export function mondayTheFirst(): number {
  let midnight = midnightAfter(Date.now()) + 40 * DAY;
  const isIt = (day: Date) => day.getUTCDay() === 1 && day.getUTCDate() === 1;
  while (!isIt(new Date(midnight))) midnight += DAY;
  return midnight;
}

/** A time as events have it. */
export function text(time: number): string {
  return new Date(time).toISOString();
}

/** How far ahead a clock is that shows this time, or up to a second less, now. */
function ahead(time: number): string {
  const seconds = Math.floor((time - Date.now()) / SECOND);
  if (seconds < 0) throw new Error(`${text(time)} has been already`);
  return `${seconds}`;
}

/** Conduit Edge on one storage, with a clock that is set anew with each start. */
export class EdgeInTime extends Edge {
  #folder: string | undefined;

  /** Starts, or starts again, with a clock that shows this time. */
  async startAt(time: number, vars: Record<string, string> = {}): Promise<void> {
    await super.stop();
    this.#folder ??= await mkdtemp(join(tmpdir(), 'conduit-edge-clock-'));
    await this.start({ persist: this.#folder, vars: { ...vars, CLOCK_AHEAD_SECONDS: ahead(time) } });
  }

  override async stop(): Promise<void> {
    await super.stop();
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }
}
