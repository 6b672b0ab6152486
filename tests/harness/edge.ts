// Conduit Edge as its users see it: keys for the operator, hubs for clients, events for backends.

import { afterAll, beforeAll } from 'vitest';
import { LOCAL_VARS } from '../../miniflare.config.js';
import { type CloudEvent, cloudEvent, type Published } from './cloudEvents.ts';
import { type ClientOptions, OfficialClient } from './officialClient.ts';
import type { ProtocolName } from './protocol.ts';
import { RawClient } from './rawClient.ts';
import { type InstanceOptions, WorkerInstance } from './workerInstance.ts';

export const MASTER_KEY = LOCAL_VARS.MASTER_KEY;

export const TASK_HUB = '/hubs/tasks';

export const TASK_EVENTS = [
  'TaskStarted',
  'TaskProgress',
  'TaskCompleted',
  'TaskFailed',
  'TaskCancelled',
  'TaskTimedOut',
] as const;

/** A virtual key and its secret. */
export interface Key {
  id: string;
  key: string;
}

/** Runs Conduit Edge for the tests of a file. */
export function edge(options: InstanceOptions = {}): Edge {
  const running = new Edge();
  beforeAll(async () => {
    running.instance = await WorkerInstance.start('edge', 'conduit-edge', options);
  });
  afterAll(() => running.instance.stop());
  return running;
}

/** A Conduit Edge to talk to, wherever it runs. */
export class FrontDoor {
  constructor(readonly url: string) {}

  /** Asks something with the master key, with a body of JSON if there is one. */
  admin(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(this.url + path, {
      method,
      headers: { 'x-master-key': MASTER_KEY, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  }

  /** A new virtual key. */
  async createKey(fields: object = {}): Promise<Key> {
    const response = await this.admin('POST', '/v1/admin/keys', { name: 'test', ...fields });
    if (response.status !== 201) throw new Error(`no key: ${response.status} ${await response.text()}`);
    return (await response.json()) as Key;
  }

  /** Changes a key. */
  async patchKey(key: Key, patch: object): Promise<void> {
    const response = await this.admin('PATCH', `/v1/admin/keys/${key.id}`, patch);
    if (response.status !== 200) throw new Error(`not changed: ${response.status} ${await response.text()}`);
  }

  /** Posts events as one batch. */
  async publish(...events: CloudEvent[]): Promise<Published> {
    return this.post('application/cloudevents-batch+json', JSON.stringify(events));
  }

  /** Posts one event of a key, which must not be rejected; answers what became of it. */
  async tell(key: Key, type: string, data: object, others: object = {}) {
    const { results } = await this.publish(cloudEvent(key.id, type, data, others));
    const [result] = results;
    if (result === undefined || result.status === 'rejected') throw new Error(`rejected: ${JSON.stringify(result)}`);
    return result;
  }

  /** Posts a body of events as it is. */
  async post(contentType: string, body: string): Promise<Published> {
    const headers = { authorization: `Bearer ${MASTER_KEY}`, 'content-type': contentType };
    const response = await fetch(`${this.url}/v1/events`, { method: 'POST', headers, body });
    const answer = (await response.json()) as Published;
    return { ...answer, status: response.status };
  }

  /** An official client of a key on TaskHub that listens for every task event. */
  official(key: Key, options: ClientOptions & { query?: string } = {}): Promise<OfficialClient> {
    return this.officialUnstarted(key, options).then(async (client) => {
      await client.start();
      return client;
    });
  }

  /** A raw client of a key on TaskHub whose handshake is done. */
  raw(key: Key, protocol: ProtocolName = 'json', query = ''): Promise<RawClient> {
    return RawClient.connect(`${this.url}${TASK_HUB}?${query}`, protocol, { authorization: `Bearer ${key.key}` });
  }
}
