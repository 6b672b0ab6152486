// The hubs that a virtual key opens: their routes, their events by every name that a dialect has for them, and how an
// invocation of theirs fails.

import type { FrontDoor, Key } from './edge.ts';
import type { OfficialClient } from './officialClient.ts';
import type { ProtocolName } from './protocol.ts';
import { RawClient } from './rawClient.ts';

/** A route below `/hubs/`, the hub's name, and its events in the contract's own dialect. */
export const KEY_HUBS = {
  'video-generation': {
    hub: 'VideoGenerationHub',
    events: ['VideoStarted', 'VideoProgress', 'VideoCompleted', 'VideoFailed', 'VideoCancelled'],
  },
  'image-generation': {
    hub: 'ImageGenerationHub',
    events: ['ImageStarted', 'ImageProgress', 'ImageCompleted', 'ImageFailed', 'ImageCancelled'],
  },
  tasks: {
    hub: 'TaskHub',
    events: ['TaskStarted', 'TaskProgress', 'TaskCompleted', 'TaskFailed', 'TaskCancelled', 'TaskTimedOut'],
  },
  notifications: {
    hub: 'SystemNotificationHub',
    events: [
      'ProviderHealthChanged',
      'RateLimitWarning',
      'SystemAnnouncement',
      'ServiceDegraded',
      'ServiceRestored',
      'ModelMappingChanged',
      'ModelCapabilitiesDiscovered',
      'ModelAvailabilityChanged',
      'PreferencesUpdated',
    ],
  },
  spend: {
    hub: 'SpendNotificationHub',
    events: ['SpendUpdate', 'BudgetAlert', 'SpendSummary', 'UnusualSpendingDetected'],
  },
  webhooks: {
    hub: 'WebhookDeliveryHub',
    events: [
      'DeliveryAttempted',
      'DeliverySucceeded',
      'DeliveryFailed',
      'RetryScheduled',
      'CircuitBreakerStateChanged',
    ],
  },
  'navigation-state': {
    hub: 'NavigationStateHub',
    events: ['NavigationUpdated', 'ProviderHealthChanged', 'ModelMappingChanged', 'ModelCapabilitiesDiscovered'],
  },
} as const;

export type KeyRoute = keyof typeof KEY_HUBS;

export const KEY_ROUTES = Object.keys(KEY_HUBS) as KeyRoute[];

/** The metadata that every event of one object has among its members, and others as one more argument if asked for. */
export const META = {
  timestamp: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
  eventId: /^\S+$/,
};

/** How an invocation is refused. */
export function refusal(method: string, message: string): Error {
  return new Error(`An unexpected error occurred invoking '${method}' on the server. HubException: ${message}`);
}

/** How the invocation of a method fails that there is not. */
export function noSuchMethod(method: string): Error {
  return new Error(`Failed to invoke '${method}' due to an error on the server. HubException: Method does not exist.`);
}

/** Waits until all that was sent to a client so far has arrived: what answers it, if only with a refusal, is behind it. */
export async function settled(client: OfficialClient): Promise<void> {
  await client.invoke('NoSuchMethod').catch((error: Error) => {
    if (error.message !== noSuchMethod('NoSuchMethod').message) throw error;
  });
}

/** The names and first arguments of the events that a client heard, once all that was sent has arrived. */
export async function heard(client: OfficialClient): Promise<unknown[][]> {
  await settled(client);
  return client.events.all;
}

/** What a client reads from an invocation to its completion: events as name and arguments, then `completion`. */
export async function answersTo(
  front: FrontDoor,
  route: KeyRoute,
  key: Key,
  protocol: ProtocolName,
  method: string,
  ...args: unknown[]
): Promise<unknown[][]> {
  const headers = { authorization: `Bearer ${key.key}` };
  const client = await RawClient.connect(`${front.url}/hubs/${route}`, protocol, headers);
  await client.invoke(method, ...args);
  const records = client.records.all.map((record) =>
    'target' in record ? [record.target, ...record.arguments] : ['completion'],
  );
  await client.close(1000);
  return records;
}

/** Errors as a backend reports them that has a stack trace in its hands, and what of them is a trace. */
export const TRACES: [error: string, message: string, trace: RegExp][] = [
  ['Boom\n   at Conduit.Make(String id) in /src/Video.cs:line 42\n   at Conduit.Run()', 'Boom', /Video\.cs|Conduit/],
  [
    'Error: Boom\n    at make (/srv/app/video.js:10:5)\n    at async run (node:internal/x:1:1)',
    'Boom',
    /video\.js|node:/,
  ],
  [
    'Traceback (most recent call last):\n  File "/srv/video.py", line 42, in make\nValueError: Boom',
    'Boom',
    /video\.py/,
  ],
  ['RuntimeException: Boom\n\tat com.example.Video.make(Video.java:42)', 'Boom', /Video\.java/],
];
