// What the realtime proxy adds: messages of a call that goes straight to a double of a provider, and of one that goes through
// Conduit Edge, side by side.
//
//     npm run bench -- --voice [--quick] [--rounds 15] [--storage folder]
//
// Run by itself it wants the Worker built.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machine } from './machine.mjs';
import { median, quantile, spread } from './statistics.mjs';
import { lines, straightCall, throughConduit } from './voiceCalls.mjs';

/** @import { ChildProcess } from 'node:child_process' */
/** @import { Call } from './voiceCalls.mjs' */

const RESULTS = new URL('results/', import.meta.url);

/** Between two messages: a client may send a hundred in a second. */
const PAUSE_MILLIS = 12;

/** @typedef {'up' | 'down'} Direction */
/** @type {Direction[]} */
const DIRECTIONS = ['up', 'down'];

const { values } = parseArgs({
  options: {
    voice: { type: 'boolean' },
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    storage: { type: 'string', default: tmpdir() },
  },
});
const rounds = Number(values.rounds ?? (values.quick ? 3 : 15));
const messages = values.quick ? 20 : 100;

const storage = await mkdtemp(join(values.storage, 'conduit-edge-bench-'));
const facts = { ...machine(), storage: values.storage };
const doubles = await lines();
/** @type {ChildProcess | undefined} */
let server;
try {
  const origin = await serve();
  const rows = [];
  for (const line of doubles) {
    const straight = await straightCall(line);
    const proxied = await throughConduit(line, origin);
    rows.push(...(await measure(line.name, straight, proxied)));
    straight.close();
    proxied.close();
    line.check();
  }
  await report(rows);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
} finally {
  server?.kill();
  for (const { provider } of doubles) provider.stop();
  await rm(storage, { recursive: true, force: true });
}

/** Serves Conduit Edge, which knows the doubles. */
async function serve() {
  const vars = Object.assign({}, ...doubles.map(({ vars }) => vars));
  vars.REALTIME_PROVIDERS = JSON.stringify(Object.fromEntries(doubles.map(({ name, settings }) => [name, settings])));
  // What it logs of sessions is not the table.
  const stdio = /** @type {const} */ (['ignore', 'ignore', 'inherit', 'ipc']);
  server = fork(fileURLToPath(new URL('serve.mjs', import.meta.url)), ['edge', storage, JSON.stringify(vars)], {
    stdio: [...stdio],
  });
  const ended = once(server, 'exit').then(() => {
    throw new Error('the Worker did not start');
  });
  const [running] = await Promise.race([once(server, 'message'), ended]);
  return running.origin;
}

/**
 * Message by message: one that goes straight, one through Conduit, and in the next round the other way about.
 *
 * @param {string} name
 * @param {Call} straight
 * @param {Call} proxied
 */
async function measure(name, straight, proxied) {
  /** @type {Record<Direction, { straight: number[][], proxied: number[][] }>} */
  const millis = { up: { straight: [], proxied: [] }, down: { straight: [], proxied: [] } };
  for (let round = 0; round <= rounds; round += 1) {
    /** @type {Record<Direction, { straight: number[], proxied: number[] }>} */
    const of = { up: { straight: [], proxied: [] }, down: { straight: [], proxied: [] } };
    for (let message = 0; message < messages; message += 1) {
      for (const direction of DIRECTIONS) {
        /** @type {['straight' | 'proxied', Call][]} */
        const calls = [
          ['straight', straight],
          ['proxied', proxied],
        ];
        for (const [way, call] of round % 2 === 0 ? calls : calls.reverse()) {
          await pause(PAUSE_MILLIS);
          of[direction][way].push(await call[direction]());
        }
      }
    }
    // The first warms up.
    if (round === 0) continue;
    for (const direction of DIRECTIONS) {
      millis[direction].straight.push(of[direction].straight);
      millis[direction].proxied.push(of[direction].proxied);
    }
    process.stderr.write(`${name}: round ${round} of ${rounds}\n`);
  }
  return DIRECTIONS.map((direction) => {
    const { straight: direct, proxied: through } = millis[direction];
    const added = through.map((each, round) => median(each) - median(direct[round] ?? []));
    const figures = (/** @type {number[][]} */ all) => ({ p50: median(all.flat()), p99: quantile(all.flat(), 0.99) });
    return { name, direction, straight: figures(direct), proxied: figures(through), added: spread(added) };
  });
}

/** @param {Awaited<ReturnType<typeof measure>>} rows */
async function report(rows) {
  const fixed = (/** @type {number} */ millis) => `${millis.toFixed(2)} ms`;
  const head = ['', 'straight p50', 'p99', 'through Conduit p50', 'p99', 'added', 'rounds p10–p90'];
  const cells = rows.map(({ name, direction, straight, proxied, added }) => [
    `${name}, ${direction === 'up' ? 'to the provider' : 'to the client'}`,
    fixed(straight.p50),
    fixed(straight.p99),
    fixed(proxied.p50),
    fixed(proxied.p99),
    fixed(added.median),
    `${added.p10.toFixed(2)}–${added.p90.toFixed(2)}`,
  ]);
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
  const text = [head, rule, ...cells].map((row) => `| ${row.join(' | ')} |`).join('\n');
  const { date, cores, processor, system, node, workerd } = facts;
  const where = `${date}, ${cores} × ${processor}, ${system}, Node.js ${node}, workerd ${workerd}`;
  console.log(`\n${text}\n\n${where}`);
  await mkdir(RESULTS, { recursive: true });
  const plan = { rounds, messages };
  await writeFile(new URL('voice.json', RESULTS), `${JSON.stringify({ machine: facts, plan, rows }, null, 2)}\n`);
  await writeFile(new URL('voice.md', RESULTS), `# Voice, ${date}\n\n${text}\n\n${where}\n`);
}
