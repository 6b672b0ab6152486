// A Conduit Edge whose Worker reaches the objects of virtual keys through others that can be killed: to a key's object it
// then looks as if the Worker were lost, and to the Worker as if the object were.

import { Miniflare } from 'miniflare';
import { afterAll, beforeAll } from 'vitest';
import { miniflareOptions } from '../../miniflare.config.js';
import { FrontDoor, type Key } from './edge.ts';

const SCRIPT = `
  import { DurableObject } from 'cloudflare:workers';
  function pass(from, to) {
    from.accept();
    from.addEventListener('message', ({ data }) => to.send(data));
    from.addEventListener('close', ({ code, reason }) => to.close(code === 1005 || code === 1006 ? 1000 : code, reason));
  }
  export class Between extends DurableObject {
    async fetch(request) {
      if (new URL(request.url).pathname === '/kill') this.ctx.abort('killed');
      const response = await this.env.REAL.getByName(this.ctx.id.name).fetch(request);
      if (response.webSocket === null) return response;
      const { 0: ours, 1: theirs } = new WebSocketPair();
      pass(response.webSocket, theirs);
      pass(theirs, response.webSocket);
      return new Response(null, { status: 101, webSocket: ours, headers: response.headers });
    }
  }
  export default { fetch: () => new Response() };
`;

export class CutFront extends FrontDoor {
  miniflare: Miniflare | undefined;

  constructor() {
    super('');
  }

  /** Cuts everything between the Worker and a key's object, at once and without a word. */
  async cut(key: Key): Promise<void> {
    const namespace: unknown = await this.miniflare?.getDurableObjectNamespace('VIRTUAL_KEY', 'conduit-edge');
    const { getByName } = namespace as { getByName(name: string): { fetch(url: string): Promise<unknown> } };
    // It is killed before it answers.
    await getByName
      .call(namespace, `vkey-${key.id}`)
      .fetch('http://object/kill')
      .catch(() => {});
  }
}

/** Runs it for the tests of a file. */
export function cutLeases(vars: Record<string, string>): CutFront {
  const front = new CutFront();
  beforeAll(async () => {
    const options = miniflareOptions({ vars });
    const [{ config }, ...others] = options.workers as [
      { config: Record<string, unknown> & { env: Record<string, unknown> } },
      ...object[],
    ];
    const real = config.env.VIRTUAL_KEY;
    config.env.VIRTUAL_KEY = { type: 'durable-object', worker: 'between', exportName: 'Between' };
    const modules = { 'index.js': { type: 'esm', contents: SCRIPT } };
    const between = {
      name: 'between',
      compatibilityDate: config.compatibilityDate,
      manifest: { mainModule: 'index.js', modulesRoot: '/', modules },
      env: { REAL: real },
      exports: { Between: { type: 'durable-object', storage: 'sqlite' } },
    };
    const workers = [{ config }, ...others, { config: between }] as typeof options.workers;
    // What they log of it is not for the reader of a test.
    front.miniflare = new Miniflare({ ...options, workers, handleStructuredLogs: () => {} });
    front.url = (await front.miniflare.ready).toString().replace(/\/$/, '');
  });
  afterAll(() => front.miniflare?.dispose());
  return front;
}
