// One Worker under Miniflare, as a process of its own: `node bench/serve.mjs edge|raw|party folder [variables]`, started by `run.mjs`
// and `voice.mjs`. The folder is for its objects' storage; the variables, in JSON, are over those of `wrangler.toml`.
//
// Requests go straight to the Worker's socket of workerd. Miniflare's own Worker, through which they would pass, costs
// every contender the same, so with it all of them would look more alike than they are.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, stop as stopEsbuild } from 'esbuild';
import { Miniflare } from 'miniflare';
import { miniflareOptions } from '../miniflare.config.js';
import { childOf } from './processorTime.mjs';

/** @param {string} persist @param {Record<string, string>} [vars] @returns {any} */
function edge(persist, vars = {}) {
  return miniflareOptions({ persist, vars });
}

/** The raw Worker. @param {string} persist */
function raw(persist) {
  return other(persist, 'raw', 'Raw', readFileSync(new URL('raw-worker.js', import.meta.url), 'utf8'));
}

/**
 * Another Worker with one class of objects, in everything that it does not say itself as Conduit Edge is.
 *
 * @param {string} persist
 * @param {string} name
 * @param {string} exportName of the class; its binding is that in capitals
 * @param {string} contents
 * @returns {any}
 */
function other(persist, name, exportName, contents) {
  const options = edge(persist);
  const modulesRoot = fileURLToPath(new URL('.', import.meta.url));
  options.workers[0].config = {
    ...options.workers[0].config,
    name,
    manifest: { mainModule: 'index.js', modulesRoot, modules: { 'index.js': { type: 'esm', contents } } },
    env: { [exportName.toUpperCase()]: { type: 'durable-object', worker: name, exportName } },
    exports: { [exportName]: { type: 'durable-object', storage: 'sqlite' } },
  };
  return options;
}

/** partyserver's Worker. @param {string} persist */
async function party(persist) {
  const entryPoints = [fileURLToPath(new URL('peers/party.js', import.meta.url))];
  const format = /** @type {const} */ ('esm');
  const { outputFiles } = await build({
    entryPoints,
    bundle: true,
    write: false,
    format,
    external: ['cloudflare:workers'],
  });
  // Its process is a child as well, and would hide workerd.
  await stopEsbuild();
  return other(persist, 'party', 'Party', outputFiles.map(({ text }) => text).join(''));
}

const [, , worker, folder = '', vars = '{}'] = process.argv;
const kinds = { raw, party, edge: (/** @type {string} */ persist) => edge(persist, JSON.parse(vars)) };
const options = await kinds[/** @type {keyof typeof kinds} */ (worker)](folder);
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
process.send?.({ origin, server: childOf(process.pid) });
