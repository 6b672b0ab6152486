// A Conduit Edge whose virtual keys' objects, and their relays, fail when they are told to: each call goes through a class that throws, or
// does not answer, and hands all others on to the real one.

import { Miniflare } from 'miniflare';
import { afterAll, beforeAll } from 'vitest';
import { miniflareOptions } from '../../miniflare.config.js';
import { FrontDoor, type Key } from './edge.ts';

/** What becomes of a call: the object throws, or takes a minute, or does it and its answer is lost. */
export type Fault = 'throws' | 'hangs' | 'loses the answer';

const SCRIPT = `
  import { DurableObject } from 'cloudflare:workers';
  import unsafe from 'workerd:unsafe';
  const faults = new Map();
  export class Flaky extends DurableObject {
    async fetch(request) {
      const { pathname } = new URL(request.url);
      const fault = faults.get(this.ctx.id.name + ' ' + pathname) ?? faults.get(this.ctx.id.name + ' *');
      if (fault === 'throws') throw new Error('out of order');
      if (fault === 'hangs') await new Promise((resolve) => setTimeout(resolve, 60_000));
      const answer = await this.real.getByName(this.ctx.id.name).fetch(request);
      if (fault === 'loses the answer') throw new Error('out of order');
      return answer;
    }
    get real() { return this.env.REAL_KEY; }
  }
  export class FlakyRelay extends Flaky {
    get real() { return this.env.REAL_RELAY; }
  }
  export default {
    async fetch(request) {
      const { where, fault } = await request.json();
      if (where === 'everywhere') {
        await unsafe.abortAllDurableObjects();
        return new Response();
      }
      if (fault === null) faults.delete(where); else faults.set(where, fault);
      return new Response();
    },
  };
`;

/** What Miniflare gives to reach a Worker or an object, as far as it is used here. */
interface Reachable {
  fetch(url: string, init: RequestInit): Promise<Response>;
}

export class FlakyFront extends FrontDoor {
  miniflare: Miniflare | undefined;

  constructor() {
    super('');
  }

  get running(): Miniflare {
    if (this.miniflare === undefined) throw new Error('it runs only while tests do');
    return this.miniflare;
  }

  /** Has calls to a key's object fail, those of one path or all; null makes it well again. */
  break(key: Key, fault: Fault | null, path = '*'): Promise<void> {
    return this.breakObject(`vkey-${key.id}`, fault, path);
  }

  /** As `break`, of an object by its name. */
  async breakObject(name: string, fault: Fault | null, path: string): Promise<void> {
    const worker = (await this.running.getWorker('flaky')) as unknown as Reachable;
    await worker.fetch('http://flaky/', {
      method: 'POST',
      body: JSON.stringify({ where: `${name} ${path}`, fault }),
    });
  }

  /** Ends the memory of all objects but relays in the midst of whatever they do, as a crash does. */
  async crash(): Promise<void> {
    const worker = (await this.running.getWorker('flaky')) as unknown as Reachable;
    await worker.fetch('http://flaky/', { method: 'POST', body: JSON.stringify({ where: 'everywhere' }) });
  }

  /** Asks a key's object something, past the door. */
  ask<T>(key: Key, path: string, call: object): Promise<T> {
    return this.askObject('VIRTUAL_KEY', `vkey-${key.id}`, path, { virtual_key_id: key.id, ...call });
  }

  /** Asks any object something, past the door. */
  async askObject<T>(binding: string, name: string, path: string, call: object): Promise<T> {
    const namespace: unknown = await this.running.getDurableObjectNamespace(binding, 'conduit-edge');
    const object = (namespace as { getByName(name: string): Reachable }).getByName(name);
    const answer = await object.fetch(`https://object${path}`, { method: 'POST', body: JSON.stringify(call) });
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }
}

/** Runs it for the tests of a file. */
export function flaky(vars: Record<string, string> = {}): FlakyFront {
  const front = new FlakyFront();
  beforeAll(async () => {
    const options = miniflareOptions({ vars });
    const [{ config }, ...others] = options.workers as [
      { config: Record<string, unknown> & { env: Record<string, unknown> } },
      ...object[],
    ];
    const env = { REAL_KEY: config.env.VIRTUAL_KEY, REAL_RELAY: config.env.RELAY };
    config.env.VIRTUAL_KEY = { type: 'durable-object', worker: 'flaky', exportName: 'Flaky' };
    config.env.RELAY = { type: 'durable-object', worker: 'flaky', exportName: 'FlakyRelay' };
    const { exports } = config as unknown as { exports: Record<string, object> };
    exports.Relay = { ...exports.Relay, unsafePreventEviction: true };
    const between = {
      name: 'flaky',
      compatibilityDate: config.compatibilityDate,
      compatibilityFlags: ['unsafe_module'],
      manifest: {
        mainModule: 'index.js',
        modulesRoot: '/',
        modules: { 'index.js': { type: 'esm', contents: SCRIPT } },
      },
      env,
      exports: {
        Flaky: { type: 'durable-object', storage: 'sqlite' },
        FlakyRelay: { type: 'durable-object', storage: 'sqlite', unsafePreventEviction: true },
      },
    };
    const workers = [{ config }, ...others, { config: between }] as typeof options.workers;
    // What they log of it is not for the reader of a test.
    front.miniflare = new Miniflare({ ...options, workers, handleStructuredLogs: () => {} });
    front.url = (await front.miniflare.ready).toString().replace(/\/$/, '');
  });
  afterAll(() => front.miniflare?.dispose());
  return front;
}
