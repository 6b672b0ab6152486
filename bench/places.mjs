// The two kinds of object under test: where clients connect to one, what they say first, and how it gets an event.

import { Agent, request } from 'node:http';
import { LOCAL_VARS } from '../miniflare.config.js';
import { POSTED_AT_ONCE } from './series.mjs';

/** @import { Connection } from './connection.mjs' */
/** @import { BenchEvent } from './events.mjs' */

/**
 * @typedef {object} Place
 * @property {string} socketUrl
 * @property {(connection: Connection) => Promise<void>} greet makes an open connection one that gets all events
 * @property {(event: BenchEvent) => Promise<void>} post settles when the event was accepted
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
    post: async ({ type, record }) => {
      const path = type === 'TaskStarted' ? 'store-and-send' : 'send';
      await post(`${origin}/${object}/${path}`, { 'content-type': 'text/plain' }, record);
    },
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
    post: async ({ type, data }) => {
      const event = { specversion: '1.0', id: String(++posted), source: '/bench', type, virtualkeyid, data };
      const headers = { ...master, 'content-type': 'application/cloudevents+json' };
      const answer = await post(`${origin}/v1/events`, headers, JSON.stringify(event));
      const [result] = JSON.parse(answer).results;
      if (result.status !== 'delivered') throw new Error(`an event was not delivered: ${answer}`);
    },
  };
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
