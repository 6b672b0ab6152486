// `GET /v1/history`: what a key was told and must not miss.

import { ConduitSignalRError } from './errors.ts';
import type { KeyLease } from './keyLease.ts';

/** An event as it was told. */
export interface HistoryEntry {
  hub: string;
  event: string;
  arguments: unknown[];
  timestamp: string;
  eventId: string;
  correlationId?: string;
}

interface Page {
  items: HistoryEntry[];
  next?: string;
}

/** Where to read, and with which key. */
export interface Api {
  baseUrl: string;
  key: KeyLease;
  signal?: AbortSignal;
}

const ITEMS_A_PAGE = 1_000;

/**
 * Reads something with a key.
 *
 * @throws {ConduitSignalRError} `refused` where the server says no, or `unauthorized`
 */
export async function read<T>({ baseUrl, key, signal }: Api, path: string): Promise<T> {
  const ask = (secret: string) => {
    const headers = { authorization: `Bearer ${secret}` };
    return fetch(baseUrl + path, { headers, ...(signal === undefined ? {} : { signal }) });
  };
  const used = await key.get();
  let response = await ask(used);
  if (response.status === 401) {
    // A token may have expired since it was fetched; a key is what it was.
    key.renew();
    const renewed = await key.get();
    if (renewed !== used) response = await ask(renewed);
  }
  if (response.ok) return (await response.json()) as T;
  const code = response.status === 401 || response.status === 403 ? 'unauthorized' : 'refused';
  throw new ConduitSignalRError(code, `${path.split('?')[0]} answers ${response.status}`);
}

/** The events of a hub after one of them, page by page, oldest first. */
export async function* history(api: Api, hub: string, after?: string): AsyncGenerator<HistoryEntry> {
  for (let cursor = after; ; ) {
    const query = new URLSearchParams({
      hub,
      limit: `${ITEMS_A_PAGE}`,
      ...(cursor === undefined ? {} : { after: cursor }),
    });
    const page = await read<Page>(api, `/v1/history?${query}`);
    yield* page.items;
    if (page.next === undefined) return;
    cursor = page.next;
  }
}

/** An event's arguments as a connection with `?meta=1` would get them. */
export function argumentsOf({ arguments: args, timestamp, eventId, correlationId }: HistoryEntry): unknown[] {
  const [only] = args;
  if (args.length === 1 && typeof only === 'object' && only !== null && 'eventId' in only) return args;
  const meta = { timestamp, eventId, ...(correlationId === undefined ? {} : { correlationId }) };
  return [...args, meta];
}
