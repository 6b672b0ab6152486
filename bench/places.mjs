// Those under test: where clients connect, what they say first, and how one gets an event.

import { Agent, request } from 'node:http';
import { LOCAL_VARS } from '../miniflare.config.js';
import { POSTED_AT_ONCE } from './series.mjs';

/** @import { Connection } from './connection.mjs' */
/** @import { BenchEvent } from './events.mjs' */

/**
 * @typedef {object} Place
 * @property {string} socketUrl
 * @property {(connection: Connection) => Promise<void>} greet makes an open connection one that gets all events
 * @property {(...events: BenchEvent[]) => Promise<void>} post in one request; settles when the events were accepted
 * @property {(event: BenchEvent) => string} [record] what each connection receives, if it is not the event's own record
 * @property {boolean} [isSocketIo]
 */

/**
 * An object of `raw-worker.js`. What is durable is written first.
 *
 * @param {string} origin
 * @param {string} object
 * @returns {Place}
 */
export function rawPlace(origin, object) {
  const post = poster();
  return {
    socketUrl: `${origin.replace('http', 'ws')}/${object}`,
    greet: async () => {},
    post: async (...events) => {
      const isDurable = events.some(({ type }) => type === 'TaskStarted');
      const path = (isDurable ? 'store-and-send' : 'send') + (events.length === 1 ? '' : '-each');
      await post(`${origin}/${object}/${path}`, { 'content-type': 'text/plain' }, recordsOf(events));
    },
  };
}

/**
 * A room of a peer that sends what is POSTed to it as it is: partyserver, and `ws`.
 *
 * @param {string} origin
 * @param {string} room
 * @returns {Place}
 */
export function peerPlace(origin, room) {
  const post = poster();
  return {
    socketUrl: `${origin.replace('http', 'ws')}/${room}`,
    greet: async () => {},
    post: async (...events) => {
      await post(`${origin}/${room}`, { 'content-type': 'text/plain' }, recordsOf(events));
    },
  };
}

/**
 * A room of Socket.IO, which is told an event and its arguments, and writes them itself.
 *
 * @param {string} origin
 * @param {string} room
 * @returns {Place}
 */
export function socketIoPlace(origin, room) {
  const post = poster();
  /** @param {BenchEvent} event */
  const packet = ({ record }) => {
    const { target, arguments: args } = JSON.parse(record.slice(0, -1));
    return [target, ...args];
  };
  return {
    socketUrl: `${origin.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket&room=${room}`,
    isSocketIo: true,
    greet: async (connection) => {
      // Asks Socket.IO to be connected (type 40), and waits until it is. What Engine.IO says by itself may come before.
      connection.send('40');
      for (let said = ''; !said.includes('40{'); said += connection.take()) await connection.nextRecord();
    },
    post: async (...events) => {
      await post(`${origin}/${room}`, { 'content-type': 'application/json' }, JSON.stringify(events.map(packet)));
    },
    record: (event) => `42${JSON.stringify(packet(event))}\u001e`,
  };
}

/**
 * A new virtual key of Conduit Edge, which may have that many connections.
 *
 * @param {string} origin
 * @param {number} connections
 * @returns {Promise<Place>}
 */
export async function edgePlace(origin, connections) {
  const post = poster();
  const master = { 'x-master-key': LOCAL_VARS.MASTER_KEY };
  const creation = JSON.stringify({ name: `bench of ${connections}`, limits: { connections } });
  const answer = await post(`${origin}/v1/admin/keys`, { ...master, 'content-type': 'application/json' }, creation);
  const { id: virtualkeyid, key } = JSON.parse(answer);
  let posted = 0;
  return {
    socketUrl: `${origin.replace('http', 'ws')}/hubs/tasks?access_token=${key}`,
    greet: async (connection) => {
      await answered(connection, { protocol: 'json', version: 1 }, '{}\u001e');
      const subscribe = { type: 1, invocationId: '1', target: 'SubscribeToTaskType', arguments: ['*'] };
      await answered(connection, subscribe, '{"type":3,"invocationId":"1"');
    },
    post: async (...events) => {
      const lines = events.map(({ type, data }) =>
        JSON.stringify({ specversion: '1.0', id: String(++posted), source: '/bench', type, virtualkeyid, data }),
      );
      const type = lines.length === 1 ? 'application/cloudevents+json' : 'application/x-ndjson';
      const answer = await post(`${origin}/v1/events`, { ...master, 'content-type': type }, lines.join('\n'));
      const missing = JSON.parse(answer).results.find((/** @type {any} */ { status }) => status !== 'delivered');
      if (missing !== undefined) throw new Error(`an event was not delivered: ${JSON.stringify(missing)}`);
    },
  };
}

/** A line each. @param {BenchEvent[]} events */
function recordsOf(events) {
  return events.map(({ record }) => record).join('\n');
}

/**
 * Sends a record and waits for the one that answers it.
 *
 * @param {Connection} connection
 * @param {object} record
 * @param {string} expected how the answer begins
 */
async function answered(connection, record, expected) {
  const arrived = connection.nextRecord();
  connection.send(`${JSON.stringify(record)}\u001e`);
  await arrived;
  const answer = connection.take();
  if (!answer.startsWith(expected)) throw new Error(`${JSON.stringify(record)} was answered ${JSON.stringify(answer)}`);
}

/** Posts over connections that are kept. */
function poster() {
  const agent = new Agent({ keepAlive: true, maxSockets: POSTED_AT_ONCE });
  /**
   * @param {string} url
   * @param {Record<string, string>} headers
   * @param {string} body
   * @returns {Promise<string>} the answer
   */
  return (url, headers, body) =>
    new Promise((resolve, reject) => {
      const length = String(Buffer.byteLength(body));
      const outgoing = request(url, { method: 'POST', agent, headers: { ...headers, 'content-length': length } });
      outgoing.on('error', reject);
      outgoing.on('response', (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => {
          const { statusCode = 0 } = response;
          if (statusCode >= 200 && statusCode < 300) resolve(text);
          else reject(new Error(`POST ${url} was answered ${statusCode}: ${text}`));
        });
      });
      outgoing.end(body);
    });
}
