// Services of the client library that end with the test that made them.

import { afterEach } from 'vitest';
import { ConduitSignalRService, type ServiceOptions } from '../../clients/js/src/index.ts';
import { type FrontDoor, type Key, TASK_EVENTS } from './edge.ts';
import { Inbox } from './inbox.ts';
import type { Event } from './officialClient.ts';

/** Attempts that follow each other closely, and for longer than any restart takes. */
export const EAGER = { baseReconnectDelay: 20, maxReconnectDelay: 50, maxReconnectAttempts: 2_000 } as const;

/** Failures are what tests are about: they look at errors and events, not at lines. */
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/** Makes services for a Conduit Edge: `service(front, key, options)`. */
export function clientServices() {
  const made: ConduitSignalRService[] = [];
  afterEach(async () => {
    await Promise.all(made.splice(0).map((service) => service.disconnectAll()));
  });
  return (front: Pick<FrontDoor, 'url'>, key?: Key, options: ServiceOptions = {}): ConduitSignalRService => {
    const service = new ConduitSignalRService({
      apiBaseUrl: front.url,
      ...(key === undefined ? {} : { virtualKey: key.key }),
      connection: EAGER,
      logger: SILENT,
      ...options,
    });
    made.push(service);
    return service;
  };
}

/** The events of a hub as handlers of a service get them. */
export function eventsOf(
  service: ConduitSignalRService,
  hubName: string,
  names: readonly string[] = TASK_EVENTS,
): Inbox<Event> {
  const inbox = new Inbox<Event>(`the handlers of ${hubName}`);
  for (const name of names) service.on(hubName, name, (...args: unknown[]) => inbox.push([name, ...args]));
  return inbox;
}

/** What arrived, without times and ids. */
export function briefly(events: readonly Event[]): unknown[][] {
  const isMeta = (value: unknown) => typeof value === 'object' && value !== null && 'eventId' in value;
  return events.map((event) => (isMeta(event.at(-1)) ? event.slice(0, -1) : event));
}

/** Waits until all that was told so far has arrived. */
export async function untilTold(service: ConduitSignalRService, hubName: string): Promise<void> {
  await service.ping(hubName);
}
