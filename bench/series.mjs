// What is compared with what, and how a round of it goes.

import { taskProgress, taskStarted } from './events.mjs';

/** @import { BenchEvent } from './events.mjs' */

/** @typedef {'raw' | 'edge' | 'party' | 'socketIo' | 'ws'} Contender */

/**
 * @typedef {object} Series
 * @property {string} id
 * @property {string} title
 * @property {Contender} worker
 * @property {(taskId: string, count: number) => BenchEvent[]} events those of a round, in order
 * @property {(taskId: string, count: number) => BenchEvent[]} burst those of a round in which they are posted at once
 * @property {string} limit id of the series that shows what was possible: raw JavaScript's, with as many rows
 */

/** Those of one task that has started. At most a hundred: each is a percent. @type {Series['events']} */
const ephemeral = (taskId, count) => Array.from({ length: count }, (_, index) => taskProgress(taskId, index + 1));

/** Those of a task each, so that none comes too late. @type {Series['events']} */
const ephemeralOfEach = (taskId, count) =>
  Array.from({ length: count }, (_, index) => taskProgress(`${taskId}-${index + 1}`, 50));

/** Those of a task each. @type {Series['events']} */
const durable = (taskId, count) => Array.from({ length: count }, (_, index) => taskStarted(`${taskId}-${index + 1}`));

/** @type {Series[]} */
export const SERIES = [
  {
    id: 'raw-send',
    title: 'raw JavaScript, send',
    worker: 'raw',
    events: ephemeral,
    burst: ephemeralOfEach,
    limit: 'raw-send',
  },
  {
    id: 'edge-progress',
    title: 'Conduit Edge, TaskProgress',
    worker: 'edge',
    events: ephemeral,
    burst: ephemeralOfEach,
    limit: 'raw-send',
  },
  {
    id: 'party-send',
    title: 'partyserver, broadcast',
    worker: 'party',
    events: ephemeral,
    burst: ephemeralOfEach,
    limit: 'raw-send',
  },
  {
    id: 'socket-io-emit',
    title: 'Socket.IO on Node.js, emit',
    worker: 'socketIo',
    events: ephemeral,
    burst: ephemeralOfEach,
    limit: 'raw-send',
  },
  {
    id: 'ws-send',
    title: 'ws on Node.js, send',
    worker: 'ws',
    events: ephemeral,
    burst: ephemeralOfEach,
    limit: 'raw-send',
  },
  {
    id: 'raw-row',
    title: 'raw JavaScript, one row, then send',
    worker: 'raw',
    events: durable,
    burst: durable,
    limit: 'raw-row',
  },
  {
    id: 'edge-started',
    title: 'Conduit Edge, TaskStarted',
    worker: 'edge',
    events: durable,
    burst: durable,
    limit: 'raw-row',
  },
];

/** Events of a burst that are on their way at a time. */
export const POSTED_AT_ONCE = 8;

/** @typedef {'lone' | 'fanOut' | 'burst' | 'batch'} Measure */

/** @type {Measure[]} */
export const MEASURES = ['lone', 'fanOut', 'burst', 'batch'];

/**
 * @typedef {object} Plan
 * @property {number} rounds counted ones; a first one warms up
 * @property {number} connections of the fan-out
 * @property {Record<Measure, number>} events of a round, in each series
 */

/**
 * @typedef {object} Figures what one round of one series gave
 * @property {number} round
 * @property {string} series its id
 * @property {Measure} measure
 * @property {number[]} millis for each event, from its POST to its receipt at the last connection; of a burst, its share; of a batch, the batch
 * @property {number} serverMicros processor time of the server for all of them; NaN where it is not known
 * @property {number} loadMicros processor time of the load generator
 */
