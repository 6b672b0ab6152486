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

/** How far back is read: less, where so much happened that it would be too many events. */
const SPANS_MILLIS = [60, 10, 1].map((minutes) => minutes * 60_000);
const MOST_EVENTS = 2_000;

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Reads the events of a hub. */
export async function recent(api: Api, hub: string): Promise<Told[]> {
  let told: Told[] = [];
  for (const span of SPANS_MILLIS) {
    told = await all<Told>(api, `/v1/history?hub=${hub}&after=${ulidAt(Date.now() - span)}`, MOST_EVENTS);
    if (told.length < MOST_EVENTS) break;
  }
  return told;
}

/** The first event id (a ULID) of a time: ids sort as times do. */
function ulidAt(millis: number): string {
  let text = '';
  for (let rest = millis, place = 0; place < 10; place += 1) {
    text = DIGITS[rest % 32] + text;
    rest = Math.floor(rest / 32);
  }
  return text + '0'.repeat(16);
}
