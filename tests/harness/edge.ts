// Conduit Edge as its users see it: keys for the operator, hubs for clients, events for backends.

import { afterAll, beforeAll } from 'vitest';
import { LOCAL_VARS } from '../../miniflare.config.js';
import { type CloudEvent, cloudEvent, type EventResult, type Published } from './cloudEvents.ts';
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

/** What a client learns that may connect. */
export interface Negotiated {
  negotiateVersion: number;
  connectionId: string;
  connectionToken: string;
  availableTransports: { transport: string; transferFormats: string[] }[];
}

/** A Conduit Edge to talk to, wherever it runs. */
export class FrontDoor {
  /** Where it serves, without a slash at the end. */
  url: string;

  constructor(url: string) {
    this.url = url;
  }

  /** Where the task hub is; the query may hold options of the connection. */
  hub(query = ''): string {
    return `${this.url}${TASK_HUB}${query === '' ? '' : `?${query}`}`;
  }

  /** Asks something with the master key, with a body of JSON if there is one. */
  admin(method: string, path: string, body?: unknown): Promise<Response> {
    const headers = { 'x-master-key': MASTER_KEY, 'content-type': 'application/json' };
    const init = { method, headers };
    return fetch(this.url + path, body === undefined ? init : { ...init, body: JSON.stringify(body) });
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

  /** Posts a body of events as it is. */
  async post(contentType: string, body: string, others: Record<string, string> = {}, query = ''): Promise<Published> {
    const headers = { authorization: `Bearer ${MASTER_KEY}`, 'content-type': contentType, ...others };
    const response = await fetch(`${this.url}/v1/events${query}`, { method: 'POST', headers, body });
    const answer = (await response.json()) as Published;
    return { ...answer, status: response.status };
  }

  /** Posts events as one batch. */
  publish(events: CloudEvent[]): Promise<Published> {
    return this.post('application/cloudevents-batch+json', JSON.stringify(events));
  }

  /** Posts one event of a key, which must not be rejected, and gives what became of it. */
  async tell(key: Key, type: string, data: object, others: object = {}): Promise<EventResult> {
    const [result] = (await this.publish([cloudEvent(key.id, type, data, others)])).results;
    if (result === undefined || result.status === 'rejected') throw new Error(`rejected: ${JSON.stringify(result)}`);
    return result;
  }

  /** Negotiates for a key on the task hub. */
  async negotiate(key: Key): Promise<Negotiated> {
    const headers = { authorization: `Bearer ${key.key}` };
    const response = await fetch(`${this.url}${TASK_HUB}/negotiate?negotiateVersion=1`, { method: 'POST', headers });
    if (response.status !== 200) throw new Error(`not negotiated: ${response.status} ${await response.text()}`);
    return (await response.json()) as Negotiated;
  }

  /** A client token of a key, with these restrictions. */
  async clientToken(key: Key, restrictions: object = {}): Promise<string> {
    const headers = { authorization: `Bearer ${key.key}`, 'content-type': 'application/json' };
    const body = JSON.stringify(restrictions);
    const response = await fetch(`${this.url}/v1/tokens`, { method: 'POST', headers, body });
    if (response.status !== 200) throw new Error(`no token: ${response.status} ${await response.text()}`);
    return ((await response.json()) as { token: string }).token;
  }

  /** An official client of a key on the task hub, connected, that listens for every task event. */
  official(key: Key, options: ClientOptions & { query?: string } = {}): Promise<OfficialClient> {
    const { query, ...rest } = options;
    const always = { events: TASK_EVENTS, accessTokenFactory: () => key.key };
    return OfficialClient.connect(this.hub(query), { ...always, ...rest });
  }

  /** An official client of a key on any hub, connected, that listens for these events. */
  officialAt(
    route: string,
    key: Key,
    events: readonly string[],
    options: ClientOptions & { query?: string } = {},
  ): Promise<OfficialClient> {
    return this.#connectAt(route, key.key, events, options);
  }

  /** An official client of the master key on one of its hubs. */
  officialMaster(
    route: string,
    events: readonly string[] = [],
    options: ClientOptions & { query?: string } = {},
  ): Promise<OfficialClient> {
    return this.#connectAt(route, MASTER_KEY, events, options);
  }

  #connectAt(
    route: string,
    secret: string,
    events: readonly string[],
    { query, ...rest }: ClientOptions & { query?: string },
  ): Promise<OfficialClient> {
    const url = `${this.url}/hubs/${route}${query === undefined ? '' : `?${query}`}`;
    return OfficialClient.connect(url, { events, accessTokenFactory: () => secret, ...rest });
  }

  /** Reads something with a key, which must be there. */
  async read<T>(key: Key, path: string): Promise<T> {
    const response = await fetch(this.url + path, { headers: { authorization: `Bearer ${key.key}` } });
    if (response.status !== 200) throw new Error(`not read: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** Posts an event for everybody, which must not be rejected, and gives what became of it. */
  async announce(type: string, data: object, others: object = {}): Promise<EventResult> {
    const [result] = (await this.publish([cloudEvent(undefined, type, data, others)])).results;
    if (result === undefined || result.status === 'rejected') throw new Error(`rejected: ${JSON.stringify(result)}`);
    return result;
  }

  /** A raw client of a key on the task hub whose handshake is done. */
  raw(key: Key, protocol: ProtocolName = 'json', query = ''): Promise<RawClient> {
    return RawClient.connect(this.hub(query), protocol, { authorization: `Bearer ${key.key}` });
  }
}

/** A Conduit Edge of this process, whose objects can be put to sleep. */
export class Edge extends FrontDoor {
  #instance: WorkerInstance | undefined;

  constructor() {
    super('');
  }

  async start(options: InstanceOptions): Promise<void> {
    this.#instance = await WorkerInstance.start('edge', 'conduit-edge', options);
    this.url = this.#instance.url;
  }

  async stop(): Promise<void> {
    await this.#instance?.stop();
  }

  get instance(): WorkerInstance {
    if (this.#instance === undefined) throw new Error('it runs only while tests do');
    return this.#instance;
  }

  /** Puts the object of a key to sleep with its sockets open. */
  sleep(key: Key): Promise<void> {
    return this.instance.sleep('VirtualKey', `vkey-${key.id}`);
  }

  /** Whether the object of a key sleeps. */
  sleeps(key: Key): Promise<boolean> {
    return this.instance.sleeps('VirtualKey', `vkey-${key.id}`);
  }
}

/** Runs Conduit Edge for the tests of a file. */
export function edge(options: InstanceOptions = {}): Edge {
  const running = new Edge();
  beforeAll(() => running.start(options));
  afterAll(() => running.stop());
  return running;
}
