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
import { LOCAL_VARS } from '../miniflare.config.js';
import { Crowd } from './crowd.mjs';

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '32000' },
    each: { type: 'string', default: '8000' },
    events: { type: 'string', default: '5' },
  },
});
const [connections, events] = [Number(values.connections), Number(values.events)];

const folder = await mkdtemp(join(tmpdir(), 'conduit-edge-relays-'));
const vars = JSON.stringify({ RELAY_AFTER_CONNECTIONS: values.each });
const server = fork(new URL('serve.mjs', import.meta.url), ['edge', folder, vars]);
try {
  const [{ origin, server: workerd }] = await once(server, 'message');
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
  const crowd = new Crowd(`${origin.replace('http', 'ws')}/hubs/tasks`, key, connections);
  const connecting = performance.now();
  await crowd.connect();
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

/**
 * What a process has in memory.
 *
 * @param {number} pid
 */
function memoryBytes(pid) {
  const [, kilobytes] = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+) kB$/m) ?? [];
  return Number(kilobytes) * 1_024;
}
