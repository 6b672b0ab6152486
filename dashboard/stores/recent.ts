// What a key was told in the last hour, before the page was there: the journal, from an event id of then on.

import { type Api, all } from '../connection/api.ts';

/** An event of the journal. */
export interface Told {
  hub: string;
  event: string;
  arguments: unknown[];
  timestamp: string;
  eventId: string;
}

const SINCE_MILLIS = 60 * 60_000;

/** Events that are read: of a key that is told more in an hour, only the first of them. */
const MOST_EVENTS = 5_000;

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Reads the events of some hubs. */
export function recent(api: Api, hub: string): Promise<Told[]> {
  return all<Told>(api, `/v1/history?hub=${hub}&after=${ulidAt(Date.now() - SINCE_MILLIS)}`, MOST_EVENTS);
}

/** The first event id (a ULID) of a time: ids sort as times do. */
export function ulidAt(millis: number): string {
  let text = '';
  for (let rest = millis, place = 0; place < 10; place += 1) {
    text = DIGITS[rest % 32] + text;
    rest = Math.floor(rest / 32);
  }
  return text + '0'.repeat(16);
}
