// One Worker under Miniflare, as a process of its own: `node bench/serve.mjs edge|raw`, started by `run.mjs`.
//
// Requests go straight to the Worker's socket of workerd. Miniflare's own Worker, through which they would pass, costs
// every contender the same, so with it all of them would look more alike than they are.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Miniflare } from 'miniflare';
import { miniflareOptions } from '../miniflare.config.js';
import { childOf } from './processorTime.mjs';

/** @returns {any} */
function edge() {
  return miniflareOptions();
}

/** The raw Worker, in everything that it does not say itself as Conduit Edge is. @returns {any} */
function raw() {
  const options = edge();
  const contents = readFileSync(new URL('raw-worker.js', import.meta.url), 'utf8');
  const modulesRoot = fileURLToPath(new URL('.', import.meta.url));
  options.workers[0].config = {
    ...options.workers[0].config,
    name: 'raw',
    manifest: { mainModule: 'index.js', modulesRoot, modules: { 'index.js': { type: 'esm', contents } } },
    env: { RAW: { type: 'durable-object', worker: 'raw', exportName: 'Raw' } },
    exports: { Raw: { type: 'durable-object', storage: 'sqlite' } },
  };
  return options;
}

const options = process.argv[2] === 'raw' ? raw() : edge();
options.workers[0].dev = { unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }] };
const miniflare = new Miniflare(options);

async function stop() {
  // Open sockets would keep workerd for ever; it ends with them.
  await miniflare.dispose();
  process.exit(0);
}
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stop);
// Whoever started this is gone.
process.once('disconnect', stop);

const { origin } = await miniflare.unsafeGetDirectURL();
process.send?.({ origin, workerd: childOf(process.pid) });
