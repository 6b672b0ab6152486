// The objects behind the front door, asked as the Worker asks them: for what can only happen between objects.

import { Miniflare } from 'miniflare';
import { afterAll, beforeAll } from 'vitest';
import { miniflareOptions } from '../../miniflare.config.js';
import { FrontDoor } from './edge.ts';

/** A second Worker, which hands requests to objects of the first: `/OBJECT/CALL`. */
const HALLWAY = `
  export default {
    fetch(request, env) {
      const [, name, path] = new URL(request.url).pathname.split('/');
      return env.OBJECT.getByName(name).fetch(new Request('https://object/' + path, request));
    }
  };
`;

/** A Conduit Edge whose virtual keys' objects can be asked past its Worker. */
export class Behind extends FrontDoor {
  hallway = '';

  /** Asks the object of a key something. */
  async ask<T>(keyId: string, path: string, call: object): Promise<T> {
    const body = JSON.stringify({ virtual_key_id: keyId, ...call });
    const response = await fetch(`${this.hallway}/vkey-${keyId}${path}`, { method: 'POST', body });
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }
}

/** Runs it for the tests of a file. */
export function behind(): Behind {
  const front = new Behind('');
  let miniflare: Miniflare | undefined;
  beforeAll(async () => {
    const options = miniflareOptions({});
    const [first, ...others] = options.workers as [{ config: { compatibilityDate: string } }, ...object[]];
    const hallway = {
      name: 'hallway',
      compatibilityDate: first.config.compatibilityDate,
      manifest: {
        mainModule: 'index.js',
        modulesRoot: '/',
        modules: { 'index.js': { type: 'esm', contents: HALLWAY } },
      },
      env: { OBJECT: { type: 'durable-object', worker: 'conduit-edge', exportName: 'VirtualKey' } },
    };
    const dev = { unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }] };
    const workers = [first, ...others, { config: hallway, dev }] as typeof options.workers;
    miniflare = new Miniflare({ ...options, workers });
    front.url = (await miniflare.ready).toString().replace(/\/$/, '');
    front.hallway = (await miniflare.unsafeGetDirectURL('hallway')).origin;
  });
  afterAll(() => miniflare?.dispose());
  return front;
}
