// One Worker under Miniflare, as a process of its own: `node bench/serve.mjs edge|raw folder [variables]`, started by `run.mjs`
// and `voice.mjs`. The folder is for its objects' storage; the variables, in JSON, are over those of `wrangler.toml`.
//
// Requests go straight to the Worker's socket of workerd. Miniflare's own Worker, through which they would pass, costs
// every contender the same, so with it all of them would look more alike than they are.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Miniflare } from 'miniflare';
import { miniflareOptions } from '../miniflare.config.js';
import { childOf } from './processorTime.mjs';

/** @param {string} persist @param {Record<string, string>} [vars] @returns {any} */
function edge(persist, vars = {}) {
  return miniflareOptions({ persist, vars });
}

/** The raw Worker, in everything that it does not say itself as Conduit Edge is. @param {string} persist @returns {any} */
function raw(persist) {
  const options = edge(persist);
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

const [, , worker, folder = '', vars = '{}'] = process.argv;
const options = worker === 'raw' ? raw(folder) : edge(folder, JSON.parse(vars));
options.workers[0].dev = { unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }] };
const miniflare = new Miniflare(options);

/** @type {Promise<void> | undefined} */
let stopped;

async function stop() {
  // Open sockets would keep workerd for ever; it ends with them.
  stopped ??= miniflare.dispose();
  await stopped;
  process.exit(0);
}
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, stop);
// Whoever started this is gone.
process.once('disconnect', stop);

const { origin } = await miniflare.unsafeGetDirectURL();
process.send?.({ origin, workerd: childOf(process.pid) });
