// Domain events as a backend sends them.

import { randomUUID } from 'node:crypto';

/** A CloudEvent of one of the contract's types. */
export interface CloudEvent {
  specversion: string;
  id: string;
  source: string;
  type: string;
  virtualkeyid?: string | number;
  data?: unknown;
  [attribute: string]: unknown;
}

/** An event that no other is like, for a key. */
export function cloudEvent(
  virtualkeyid: string | undefined,
  type: string,
  data: object,
  others: object = {},
): CloudEvent {
  return { specversion: '1.0', id: randomUUID(), source: 'urn:tests', type, virtualkeyid, data, ...others };
}

/** What the Worker says became of an event. */
export interface EventResult {
  id?: string;
  status: 'delivered' | 'duplicate' | 'ignored' | 'rejected' | 'queued' | 'unavailable';
  recipients?: number;
  reason?: string;
  error?: { field?: string; message: string };
}

/** The answer to a POST of events. */
export interface Published {
  status: number;
  results: EventResult[];
}
