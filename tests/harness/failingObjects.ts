// A Conduit Edge of which one class of objects is out of order.

import { Miniflare } from 'miniflare';
import { afterAll, beforeAll } from 'vitest';
import { miniflareOptions } from '../../miniflare.config.js';
import { FrontDoor } from './edge.ts';

/** A class in the place of another that fails as an object does whose storage is gone. */
const FAILING = `
  import { DurableObject } from 'cloudflare:workers';
  export class Failing extends DurableObject {
    fetch() { throw new Error('out of order'); }
  }
  export default {};
`;

/** Runs it for the tests of a file, without the class behind a binding of `wrangler.toml`, and without some queues. */
export function withFailing(
  binding: string,
  { vars = {}, missing = [] }: { vars?: Record<string, string>; missing?: string[] } = {},
): FrontDoor {
  const front = new FrontDoor('');
  let miniflare: Miniflare | undefined;
  beforeAll(async () => {
    const options = miniflareOptions({ vars });
    const [{ config }, ...others] = options.workers as [
      { config: Record<string, unknown> & { env: Record<string, unknown> } },
      ...object[],
    ];
    config.env[binding] = { type: 'durable-object', worker: 'failing', exportName: 'Failing' };
    for (const queue of missing) delete config.env[queue];
    const modules = { 'index.js': { type: 'esm', contents: FAILING } };
    const failing = {
      name: 'failing',
      compatibilityDate: config.compatibilityDate,
      manifest: { mainModule: 'index.js', modulesRoot: '/', modules },
      exports: { Failing: { type: 'durable-object', storage: 'sqlite' } },
    };
    const workers = [{ config }, ...others, { config: failing }] as typeof options.workers;
    // What they log of it is not for the reader of a test.
    miniflare = new Miniflare({ ...options, workers, handleStructuredLogs: () => {} });
    front.url = (await miniflare.ready).toString().replace(/\/$/, '');
  });
  afterAll(() => miniflare?.dispose());
  return front;
}
