// The Worker under `wrangler dev`, as a group of processes that ends as one.

import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { CannotGoOn } from '../setup/cannotGoOn.mjs';
import { say } from '../setup/command.mjs';
import { npmCommand, PROJECT } from '../setup/places.mjs';

const HOST = '127.0.0.1';

/** From the first answer of a cold start on two busy cores, with room. */
const READY_WITHIN_MILLIS = 60_000;

/** How long wrangler may take to end workerd before both are killed. */
const END_WITHIN_MILLIS = 3_000;

export async function checkPortIsFree(port) {
  await new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, HOST, () => server.close(resolve));
  }).catch((error) => {
    if (error.code !== 'EADDRINUSE') throw error;
    throw new CannotGoOn(`Port ${port} is taken: end what listens there, or choose another with PORT=8788 npm start.`);
  });
}

/**
 * Starts it, with variables over those of wrangler.toml, and waits until it is healthy. `ended` settles when it has
 * ended, `end()` ends it.
 */
export async function startWranglerDev(port, { logRequests, vars }) {
  const args = ['dev', '--ip', HOST, '--port', String(port), '--show-interactive-dev-session=false'];
  if (!logRequests) args.push('--log-level=warn');
  for (const [name, value] of Object.entries(vars)) args.push('--var', `${name}:${value}`);
  const child = spawn(npmCommand('wrangler'), args, {
    cwd: PROJECT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, WRANGLER_SEND_METRICS: 'false', FORCE_COLOR: process.stdout.isTTY ? '1' : '0' },
    // A group of its own: Ctrl-C then reaches only us, and ending the group ends workerd too.
    detached: true,
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  const end = () => endGroup(child, ended);
  process.on('exit', () => kill(child, 'SIGKILL'));

  // What it says while it starts is of interest only if it doesn't; afterwards it is the Worker's log.
  const output = [];
  let ready = false;
  for (const [stream, screen] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ]) {
    stream.on('data', (chunk) => (ready ? screen.write(chunk) : output.push(chunk)));
  }

  const address = `http://${HOST}:${port}`;
  say('starting the Worker …');
  const outcome = await Promise.race([healthy(address), ended.then(() => 'wrangler dev ended')]);
  if (outcome !== 'healthy') {
    process.stderr.write(Buffer.concat(output));
    await end();
    throw new CannotGoOn(`The Worker did not start: ${outcome}; what it said is above.`);
  }
  ready = true;
  return { address, ended, end };
}

async function healthy(address) {
  const deadline = Date.now() + READY_WITHIN_MILLIS;
  let last = 'no answer';
  while (Date.now() < deadline) {
    try {
      const response = await fetch(`${address}/health`);
      await response.body?.cancel();
      if (response.status === 200) return 'healthy';
      last = `GET /health answers ${response.status}`;
    } catch {
      // It does not listen yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return `${last} within ${READY_WITHIN_MILLIS / 1000} s`;
}

async function endGroup(child, ended) {
  kill(child, 'SIGINT');
  const late = setTimeout(() => kill(child, 'SIGKILL'), END_WITHIN_MILLIS);
  await ended;
  clearTimeout(late);
  // wrangler has ended; workerd might outlive it.
  kill(child, 'SIGKILL');
}

function kill(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Nobody of the group is left.
  }
}
