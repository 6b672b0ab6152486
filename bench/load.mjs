// The load generator, a process of its own: connects all clients, then measures round by round. `run.mjs` starts it,
// sends it `{ plan, workers }` and gets `Figures` one by one.

import { setTimeout as pause } from 'node:timers/promises';
import { Audience } from './audience.mjs';
import { taskStarted } from './events.mjs';
import { edgePlace, peerPlace, rawPlace, socketIoPlace } from './places.mjs';
import { processorMicros } from './processorTime.mjs';
import { MEASURES, SERIES } from './series.mjs';

/** @import { Place } from './places.mjs' */
/** @import { Contender, Figures, Measure, Plan, Series } from './series.mjs' */
/** @typedef {{ origin: string, server?: number }} Running */
/** @typedef {Record<Contender, Running>} Workers */

/** Between two events, so that each is a lone one: no window of coalescing is open any more. */
const PAUSE_MILLIS = 8;

/** After a series: what comes twice has come by then, or is found by the next check. */
const SETTLE_MILLIS = 30;

/**
 * @param {Plan} plan
 * @param {Workers} workers
 */
async function measure(plan, workers) {
  const audiences = await connect(plan, workers);
  for (let round = 0; round <= plan.rounds; round += 1) {
    for (const measure of MEASURES) {
      for (const series of inTurn(round)) {
        const figures = await runSeries(audiences, plan, workers, { round, series, measure }).catch((error) => {
          throw new Error(`${series.title}, round ${round}: ${error.message}`);
        });
        if (round > 0) process.send?.(figures);
      }
    }
    for (const audience of Object.values(audiences).flatMap(Object.values)) audience.ping();
    await pause(SETTLE_MILLIS);
  }
  for (const audience of Object.values(audiences).flatMap(Object.values)) {
    audience.check();
    audience.close();
  }
}

/**
 * The series in another order each round: none is always first, or always behind the same one.
 *
 * @param {number} round
 */
function inTurn(round) {
  const first = round % SERIES.length;
  const rotated = [...SERIES.slice(first), ...SERIES.slice(0, first)];
  return round % 2 === 0 ? rotated : rotated.reverse();
}

/**
 * @param {Plan} plan
 * @param {Workers} workers
 * @returns {Promise<Record<Contender, Record<Measure, Audience>>>}
 */
async function connect({ connections }, { raw, edge, party, socketIo, ws }) {
  /** @param {(name: string, connections: number) => Place | Promise<Place>} place */
  const audiences = async (place) => ({
    lone: await Audience.open(await place('lone', 1), 1),
    fanOut: await Audience.open(await place('fan-out', connections), connections),
    burst: await Audience.open(await place('burst', connections), connections),
    batch: await Audience.open(await place('batch', connections), connections),
  });
  return {
    raw: await audiences((name) => rawPlace(raw.origin, name)),
    edge: await audiences((_, connections) => edgePlace(edge.origin, connections)),
    party: await audiences((name) => peerPlace(party.origin, name)),
    socketIo: await audiences((name) => socketIoPlace(socketIo.origin, name)),
    ws: await audiences((name) => peerPlace(ws.origin, name)),
  };
}

/**
 * The events of one series, each when the one before it has arrived, or, in a burst, some at once.
 *
 * @param {Record<Contender, Record<Measure, Audience>>} audiences
 * @param {Plan} plan
 * @param {Workers} workers
 * @param {{ round: number, series: Series, measure: Measure }} which
 * @returns {Promise<Figures>}
 */
async function runSeries(audiences, plan, workers, { round, series, measure }) {
  const { id, worker, events, burst } = series;
  const audience = audiences[worker][measure];
  const taskId = `${measure}-${round}-${id}`;
  globalThis.gc?.();
  // Not measured: it makes the task known, and wakes whatever went to sleep.
  await audience.deliver(taskStarted(taskId));
  const isAtOnce = measure === 'burst' || measure === 'batch';
  const sent = (isAtOnce ? burst : events)(taskId, plan.events[measure]);
  const millis = [];
  const serverBefore = processorMicros(workers[worker].server);
  const loadBefore = processorMicros(process.pid);
  if (measure === 'batch') {
    millis.push(await audience.deliver(...sent));
  } else if (measure === 'burst') {
    const share = (await audience.deliverAll(sent)) / sent.length;
    millis.push(...sent.map(() => share));
  } else {
    for (const event of sent) {
      await pause(PAUSE_MILLIS);
      millis.push(await audience.deliver(event));
    }
  }
  const serverMicros = processorMicros(workers[worker].server) - serverBefore;
  const loadMicros = processorMicros(process.pid) - loadBefore;
  await pause(SETTLE_MILLIS);
  audience.check({ isOrdered: measure !== 'burst' });
  return { round, series: id, measure, millis, serverMicros, loadMicros };
}

/** @param {unknown} error */
function fail(error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
}
process.on('uncaughtException', fail);

function orphaned() {
  process.exit(1);
}
process.once('disconnect', orphaned);

process.once('message', async (/** @type {{ plan: Plan, workers: Workers }} */ { plan, workers }) => {
  await measure(plan, workers).catch(fail);
  process.off('disconnect', orphaned);
  process.disconnect();
});
