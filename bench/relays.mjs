// One key with more connections than an object can hold, at relays:
//
//     node bench/relays.mjs [--connections 32000] [--each 8000] [--events 5]
//
// wants the Worker built and some gigabytes of memory, and takes minutes. Prints how long connecting took, the memory of
// workerd for a connection, and how long an event took to the last of them; every connection must get each event once and
// in order, or it fails. Linux: clients come from several loopback addresses, since one has ports for about 28,000.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import WebSocket from 'ws';
import { LOCAL_VARS } from '../miniflare.config.js';

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '32000' },
    each: { type: 'string', default: '8000' },
    events: { type: 'string', default: '5' },
  },
});
const [connections, events] = [Number(values.connections), Number(values.events)];

/** So many connect at a time. */
const AT_ONCE = 64;

const PORTS_OF_AN_ADDRESS = 16_000;

const HANDSHAKE = '{"protocol":"json","version":1}\u001e';
const SUBSCRIBE = '{"type":1,"invocationId":"1","target":"SubscribeToTaskType","arguments":["*"]}\u001e';

const folder = await mkdtemp(join(tmpdir(), 'conduit-edge-relays-'));
const server = fork(new URL('serve.mjs', import.meta.url), ['edge', folder], {
  env: { ...process.env, SERVE_VARS: JSON.stringify({ RELAY_AFTER_CONNECTIONS: values.each }) },
});
try {
  const [{ origin, workerd }] = await once(server, 'message');
  await measure(origin, workerd);
} finally {
  server.kill();
  await rm(folder, { recursive: true, force: true });
}

/**
 * @param {string} origin
 * @param {number} workerd
 */
async function measure(origin, workerd) {
  const headers = { 'x-master-key': LOCAL_VARS.MASTER_KEY, 'content-type': 'application/json' };
  const body = JSON.stringify({ name: 'crowd', limits: { connections } });
  const created = await fetch(`${origin}/v1/admin/keys`, { method: 'POST', headers, body });
  const { id, key } = await created.json();
  const before = memoryBytes(workerd);
  const crowd = new Crowd(`${origin.replace('http', 'ws')}/hubs/tasks`, key);
  const connecting = performance.now();
  await Promise.all(Array.from({ length: AT_ONCE }, () => crowd.connect()));
  const connectSeconds = (performance.now() - connecting) / 1_000;
  const bytesEach = (memoryBytes(workerd) - before) / connections;
  console.log(`${connections} connections of one key, ${values.each} at each object`);
  console.log(`connected in ${connectSeconds.toFixed(0)} s, ${(connections / connectSeconds).toFixed(0)} a second`);
  console.log(`${(bytesEach / 1_024).toFixed(1)} KiB of workerd for each`);

  for (let number = 0; number < events; number++) {
    const taskId = `t${number}`;
    const arrived = crowd.arrival(taskId);
    const sent = performance.now();
    const event = { specversion: '1.0', id: taskId, source: 'bench', type: 'TaskStarted', virtualkeyid: id };
    const response = await fetch(`${origin}/v1/events`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/cloudevents+json' },
      body: JSON.stringify({ ...event, data: { taskId, taskType: 'bench' } }),
    });
    const { results } = await response.json();
    const accepted = performance.now() - sent;
    if (results[0].recipients !== connections) throw new Error(`for ${results[0].recipients} connections`);
    await arrived;
    const last = performance.now() - sent;
    console.log(
      `event ${number + 1}: accepted after ${accepted.toFixed(0)} ms, at the last after ${last.toFixed(0)} ms`,
    );
  }
  crowd.leave();
}

/** The clients. Each expects the events in the order of `arrival`. */
class Crowd {
  /** @type {WebSocket[]} */
  #sockets = [];
  #begun = 0;
  /** @type {string[]} */
  #expected = [];
  /** How many events each socket has got. @type {number[]} */
  #got = [];
  #missing = 0;
  #whenAll = () => {};

  /**
   * @param {string} url
   * @param {string} key
   */
  constructor(url, key) {
    this.url = url;
    this.headers = { authorization: `Bearer ${key}` };
  }

  /** Connects until there are enough. */
  async connect() {
    while (this.#begun < connections) {
      const place = this.#begun++;
      const localAddress = `127.0.0.${2 + Math.floor(place / PORTS_OF_AN_ADDRESS)}`;
      const socket = new WebSocket(this.url, { headers: this.headers, perMessageDeflate: false, localAddress });
      this.#sockets.push(socket);
      this.#got[place] = 0;
      await once(socket, 'open');
      socket.on('close', (code) => {
        if (!this.left) throw new Error(`a connection was closed with ${code}`);
      });
      const subscribed = new Promise((resolve) => {
        socket.on('message', (/** @type {Buffer} */ frame) => {
          for (const record of frame.toString().split('\u001e')) {
            if (record.startsWith('{"type":3')) resolve(undefined);
            if (record.startsWith('{"type":1,')) this.#take(place, JSON.parse(record).arguments[0]);
          }
        });
      });
      socket.send(HANDSHAKE + SUBSCRIBE);
      await subscribed;
    }
  }

  /**
   * @param {number} place
   * @param {string} taskId
   */
  #take(place, taskId) {
    const got = this.#got[place] ?? 0;
    if (taskId !== this.#expected[got]) throw new Error(`${taskId} where ${this.#expected[got]} was due`);
    this.#got[place] = got + 1;
    this.#missing -= 1;
    if (this.#missing === 0) this.#whenAll();
  }

  /**
   * Settles when everybody has an event.
   *
   * @param {string} taskId
   * @returns {Promise<void>}
   */
  arrival(taskId) {
    this.#expected.push(taskId);
    this.#missing = connections;
    return new Promise((resolve) => {
      this.#whenAll = resolve;
    });
  }

  leave() {
    this.left = true;
    for (const socket of this.#sockets) socket.terminate();
  }
}

/**
 * What a process has in memory.
 *
 * @param {number} pid
 */
function memoryBytes(pid) {
  const [, kilobytes] = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+) kB$/m) ?? [];
  return Number(kilobytes) * 1_024;
}
