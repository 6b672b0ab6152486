// Conduit Edge beside the least that a Durable Object can do, and beside what one would take instead:
//
//     npm run bench [-- --quick] [-- --rounds 15] [-- --connections 500] [-- --storage folder]
//
// Run by itself it wants the Worker built.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machine } from './machine.mjs';
import { rows } from './rows.mjs';
import { MEASURES, SERIES } from './series.mjs';
import { table } from './table.mjs';

/** @import { ChildProcess } from 'node:child_process' */
/** @import { Running } from './load.mjs' */
/** @import { Contender, Figures, Plan } from './series.mjs' */

const RESULTS = new URL('results/', import.meta.url);

/** Those that are no Workers. @type {Set<Contender>} */
const NODE_PEERS = new Set(['socketIo', 'ws']);

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    connections: { type: 'string', default: '500' },
    storage: { type: 'string', default: tmpdir() },
  },
});

/** @type {Plan} */
const plan = {
  rounds: count('rounds', values.rounds ?? (values.quick ? '3' : '15')),
  connections: count('connections', values.connections),
  events: values.quick
    ? { lone: 10, fanOut: 5, burst: 20, batch: 100 }
    : { lone: 40, fanOut: 20, burst: 50, batch: 100 },
};

const facts = { ...machine(), storage: values.storage };
const storage = await mkdtemp(join(values.storage, 'conduit-edge-bench-'));
/** @type {ChildProcess[]} */
const children = [];
// Whoever waits for one of them fails then, and all is cleared away.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => children.map(stop));
try {
  const workers = {
    raw: await serve('raw'),
    edge: await serve('edge'),
    party: await serve('party'),
    socketIo: await serve('socketIo'),
    ws: await serve('ws'),
  };
  const figures = await load({ plan, workers });
  await report(figures);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
} finally {
  await Promise.all(children.map(stop));
  await rm(storage, { recursive: true, force: true });
}

/**
 * @param {Contender} worker
 * @returns {Promise<Running>}
 */
async function serve(worker) {
  const server = NODE_PEERS.has(worker)
    ? fork(place(`peers/${worker}.mjs`))
    : fork(place('serve.mjs'), [worker, join(storage, worker)]);
  children.push(server);
  const ended = once(server, 'exit').then(() => {
    throw new Error(`the Worker "${worker}" did not start`);
  });
  const [running] = await Promise.race([once(server, 'message'), ended]);
  return running;
}

/** @param {ChildProcess} child */
async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}

/**
 * @param {object} task
 * @returns {Promise<Figures[]>}
 */
async function load(task) {
  /** @type {Figures[]} */
  const figures = [];
  // It collects its garbage when nothing is measured.
  const child = fork(place('load.mjs'), { execArgv: ['--expose-gc'], serialization: 'advanced' });
  children.push(child);
  const ended = once(child, 'exit');
  child.send(task);
  child.on('message', (/** @type {Figures} */ each) => {
    figures.push(each);
    const { length } = figures;
    if (length % (MEASURES.length * SERIES.length) === 0)
      process.stderr.write(`round ${each.round} of ${plan.rounds}\n`);
  });
  const [code] = await ended;
  if (code !== 0) throw new Error('the benchmark failed');
  return figures;
}

/** @param {Figures[]} figures */
async function report(figures) {
  const measured = rows(figures, plan);
  const text = table(measured, plan);
  const { date, cores, processor, system, node, workerd, storage: folder } = facts;
  const where = `${date}, ${cores} × ${processor}, ${system}, Node.js ${node}, workerd ${workerd}, storage in ${folder}`;
  console.log(`\n${text}\n\n${where}`);
  await mkdir(RESULTS, { recursive: true });
  await writeFile(
    new URL('latest.json', RESULTS),
    `${JSON.stringify({ machine: facts, plan, rows: measured, figures }, null, 2)}\n`,
  );
  await writeFile(new URL('latest.md', RESULTS), `# Benchmark of ${date}\n\n${text}\n\n${where}\n`);
}

/**
 * @param {string} option
 * @param {string} text
 */
function count(option, text) {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  process.stderr.write(`--${option} is "${text}": it must be a whole number from 1 to 9999\n`);
  process.exit(1);
}

/** @param {string} file in this folder */
function place(file) {
  return fileURLToPath(new URL(file, import.meta.url));
}
