// Webhooks from the side of those who ask for them and of those who follow them.

import { expect } from 'vitest';
import type { EventResult } from './cloudEvents.ts';
import type { FrontDoor, Key } from './edge.ts';
import { KEY_HUBS, META } from './keyHubs.ts';
import type { ClientOptions, Event, OfficialClient } from './officialClient.ts';

export const PAYLOAD = { taskId: 'video-1', videoUrl: 'https://media.example.com/ü.mp4', cost: 0.25 };

/** What every event of a delivery has. */
export interface DeliveryEvent {
  deliveryId: string;
  url: string;
  eventType: string;
  attempt: number;
  eventId: string;
  timestamp: string;
  scheduledAt?: string;
  delaySeconds?: number;
  responseTimeMs?: number;
}

/** Has Conduit deliver a webhook. */
export function deliver(front: FrontDoor, key: Key, url: string, data: object = {}, others: object = {}) {
  const request = { url, eventType: 'video.completed', payload: PAYLOAD, ...data };
  return front.tell(key, 'WebhookDeliveryRequested', request, others) as Promise<EventResult>;
}

/** A client that follows deliveries to URLs, all of them unless told otherwise. */
export async function follower(
  front: FrontDoor,
  key: Key,
  urls: string[] = ['*'],
  options: ClientOptions & { query?: string } = {},
): Promise<OfficialClient> {
  const client = await front.officialAt('webhooks', key, KEY_HUBS.webhooks.events, options);
  await client.invoke('SubscribeToWebhooks', urls);
  return client;
}

export function dataOf([, event]: Event): DeliveryEvent {
  return event as DeliveryEvent;
}

function isEnd([name, event]: Event): boolean {
  return name === 'DeliverySucceeded' || (name === 'DeliveryFailed' && (event as { isFinal: boolean }).isFinal);
}

/** The events of a delivery to a URL, up to its end. */
export async function course(client: OfficialClient, url: string): Promise<Event[]> {
  const ofUrl = (event: Event) => dataOf(event).url === url;
  await client.events.find(`the end of the delivery to ${url}`, (event) => ofUrl(event) && isEnd(event));
  return client.events.all.filter(ofUrl);
}

/** The events of a course, each as its name and what tells it from the others. */
export function told(events: Event[]): string[] {
  return events.map(([name, event]) => {
    const { attempt, statusCode, error, isFinal, previousState, currentState } = event as Record<string, unknown>;
    const facts = [attempt, statusCode, error, isFinal === true ? 'final' : undefined, previousState, currentState];
    return [name, ...facts].filter((fact) => fact !== undefined).join(' ');
  });
}

/** The metadata of an event that is one object. */
export const meta = {
  timestamp: expect.stringMatching(META.timestamp),
  eventId: expect.stringMatching(META.eventId),
};

/** Gives a key another secret, and its holder that. */
export async function rotate(front: FrontDoor, key: Key): Promise<{ secret: string; previousExpiresAt?: string }> {
  const headers = { authorization: `Bearer ${key.key}` };
  const response = await fetch(`${front.url}/v1/webhooks/secret/rotate`, { method: 'POST', headers });
  if (response.status !== 200) throw new Error(`no secret: ${response.status} ${await response.text()}`);
  return (await response.json()) as { secret: string; previousExpiresAt?: string };
}
