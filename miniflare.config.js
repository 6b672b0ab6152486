// The same Worker under Miniflare, without wrangler's proxy in between: for tests and benchmarks.
//
//     import { miniflareOptions } from '../miniflare.config.js';
//     const miniflare = new Miniflare(miniflareOptions({ vars: { KEEP_ALIVE_SECONDS: '1' } }));
//
// As a process of its own, to be killed:
//
//     node miniflare.config.js --port 8788 --persist folder [--worker tests/worker] [--pages] [--var NAME=VALUE …]
//
// prints `ready http://127.0.0.1:8788/` when it serves. Its workerd outlives a parent that is killed: start it with
// `detached: true` and kill the group, `process.kill(-child.pid, 'SIGKILL')`. What was answered is in the folder then.
//
// In the same process, `miniflare.unsafeEvictDurableObject('conduit-edge', 'VirtualKey', { name: 'vkey-1', webSockets:
// 'hibernate' })` puts an object to sleep with its sockets open; of one that sleeps it throws "not currently running".
// `unsafeGetDurableObjectStorage` needs RPC, which objects written in Rust don't have.
//
// Bindings, variables and the compatibility date come from wrangler.toml; the Worker must have been built (`npm run
// build`).

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Log, LogLevel, Miniflare } from 'miniflare';
import { parse } from 'smol-toml';

const PROJECT = dirname(fileURLToPath(import.meta.url));

const ESM = /** @type {const} */ ('esm');
const WASM = /** @type {const} */ ('wasm');

/**
 * What differs from a deployment: secrets that everybody knows, pages of any origin may connect, and an address may fail
 * as often as it likes.
 */
export const LOCAL_VARS = {
  MASTER_KEY: 'condt_master_known-to-all',
  TOKEN_SIGNING_KEY: 'a-token-signing-key-that-is-known-to-all',
  AZURE_ACCESS_KEY: 'a-primary-access-key-that-is-known-to-all,a-secondary-access-key-that-is-known-to-all',
  ALLOWED_ORIGINS: '*',
  AUTH_FAILURES_PER_MINUTE: '0',
};

/**
 * @param {object} [options]
 * @param {number} [options.port] 0: any free one
 * @param {string} [options.persist] folder of the objects' storage; without it, it is in a temporary folder that goes
 *   with the instance
 * @param {Record<string, string>} [options.vars] over those of wrangler.toml, secrets too
 * @param {string} [options.worker] `edge`, or the folder of another Worker that has a wrangler.toml and a `build/`
 * @param {boolean} [options.pages] whether what is served before the Worker is there too: the dashboard
 * @returns {import('miniflare').MiniflareOptions}
 */
export function miniflareOptions({ port = 0, persist, vars = {}, worker = 'edge', pages = false } = {}) {
  const edge = readConfig(PROJECT);
  const folder = worker === 'edge' ? PROJECT : resolve(PROJECT, worker);
  const config = worker === 'edge' ? edge : readConfig(folder);
  const front = pages ? { assets: assetsBefore(folder, config) } : {};
  return {
    host: '127.0.0.1',
    port,
    // Miniflare 5 knows only this name: version 4's `durableObjectsPersist` and the like are ignored without a word.
    resourcePersistencePath: persist === undefined ? undefined : resolve(persist),
    // `true` asks a server for the `request.cf` of this machine.
    cf: false,
    telemetry: { enabled: false },
    enableDevRegistry: false,
    logRequests: false,
    log: new Log(LogLevel.WARN),
    workers: [
      {
        config: {
          name: config.name,
          compatibilityDate: config.compatibility_date ?? edge.compatibility_date,
          compatibilityFlags: config.compatibility_flags ?? edge.compatibility_flags,
          manifest: manifest(folder),
          env: bindings(config, vars, pages),
          exports: durableObjects(config),
          triggers: queueConsumers(config),
          ...front,
        },
      },
      ...(config.assets === undefined || pages ? [] : [{ config: assetsWorker(folder, config) }]),
    ],
  };
}

/** @param {string} folder */
function readConfig(folder) {
  return /** @type {any} */ (parse(readFileSync(join(folder, 'wrangler.toml'), 'utf8')));
}

/** @param {string} folder */
function manifest(folder) {
  const modulesRoot = join(folder, 'build');
  const main = join(modulesRoot, 'index.js');
  if (!existsSync(main)) throw new Error(`${main} is not there: run \`npm run build\` first`);
  return {
    mainModule: 'index.js',
    modulesRoot,
    modules: {
      'index.js': { type: ESM, contents: readFileSync(main, 'utf8') },
      'index_bg.wasm': { type: WASM, contents: readFileSync(join(modulesRoot, 'index_bg.wasm')) },
    },
  };
}

/**
 * @param {any} config
 * @param {Record<string, string>} vars
 * @param {boolean} pages
 */
function bindings(config, vars, pages) {
  const texts = { ...config.vars, ...LOCAL_VARS, ...vars };
  const env = /** @type {Record<string, any>} */ ({});
  for (const [name, value] of Object.entries(texts)) env[name] = { type: 'text', value: String(value) };
  for (const { binding } of config.kv_namespaces ?? []) env[binding] = { type: 'kv', id: binding };
  for (const { binding } of config.r2_buckets ?? []) env[binding] = { type: 'r2', name: binding.toLowerCase() };
  for (const { name, namespace_id, simple } of config.ratelimits ?? []) {
    env[name] = { type: 'rate-limit', namespace: namespace_id, simple };
  }
  if (config.assets !== undefined) {
    env[config.assets.binding] = pages ? { type: 'assets' } : { type: 'worker', worker: assetsName(config) };
  }
  for (const { binding, queue } of config.queues?.producers ?? []) env[binding] = { type: 'queue', name: queue };
  for (const { name, class_name } of config.durable_objects?.bindings ?? []) {
    env[name] = { type: 'durable-object', worker: config.name, exportName: class_name };
  }
  return env;
}

/** @param {any} config */
const assetsName = (config) => `${config.name}-assets`;

/**
 * Assets before the Worker, as in a deployment.
 *
 * @param {string} folder
 * @param {any} config
 */
function assetsBefore(folder, { assets }) {
  const directory = resolve(folder, assets.directory);
  const page = join(directory, 'index.html');
  if (!existsSync(page)) throw new Error(`${page} is not there: run \`npm run build\` first`);
  return {
    directory,
    hasUserWorker: true,
    runWorkerFirst: assets.run_worker_first,
  };
}

/**
 * Where nobody looks at pages, assets have a Worker of their own: before the Worker itself, Miniflare's router would take
 * a millisecond of each request, which a deployment does not.
 *
 * @param {string} folder
 * @param {any} config
 */
function assetsWorker(folder, config) {
  const nothing = 'export default { fetch: () => new Response(null, { status: 404 }) }';
  return {
    name: assetsName(config),
    compatibilityDate: config.compatibility_date,
    manifest: {
      mainModule: 'index.js',
      modulesRoot: '/',
      modules: { 'index.js': { type: ESM, contents: nothing } },
    },
    assets: { directory: resolve(folder, config.assets.directory), hasUserWorker: false },
  };
}

/** @param {any} config */
function durableObjects(config) {
  const classes = (config.migrations ?? []).flatMap((/** @type {any} */ step) => step.new_sqlite_classes ?? []);
  return Object.fromEntries(
    classes.map((/** @type {string} */ name) => [name, { type: 'durable-object', storage: 'sqlite' }]),
  );
}

/**
 * Their messages live in the memory of the process: what only a queue holds is gone with it, as it is not in production.
 *
 * @param {any} config
 */
function queueConsumers(config) {
  return (config.queues?.consumers ?? []).map((/** @type {any} */ consumer) => ({
    type: 'queue',
    name: consumer.queue,
    maxBatchSize: consumer.max_batch_size,
    maxBatchTimeout: consumer.max_batch_timeout,
    maxRetries: consumer.max_retries,
    deadLetterQueue: consumer.dead_letter_queue,
  }));
}

/** Serves until it is ended. */
async function serve() {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      persist: { type: 'string' },
      worker: { type: 'string', default: 'edge' },
      pages: { type: 'boolean', default: false },
      var: { type: 'string', multiple: true, default: [] },
    },
  });
  const vars = Object.fromEntries(
    values.var.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
  const { persist, worker, pages } = values;
  const miniflare = new Miniflare(miniflareOptions({ port: Number(values.port), persist, worker, pages, vars }));
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    process.once(signal, () => miniflare.dispose().then(() => process.exit(0)));
  }
  console.log(`ready ${await miniflare.ready}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await serve();
