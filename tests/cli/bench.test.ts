// `conduit bench` against the real Worker, and against raw servers that do what they should not.

import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { conduit, json, type Settings } from '../harness/commandLine.ts';
import { edge, MASTER_KEY } from '../harness/edge.ts';

const front = edge();
const operator = (): Settings => ({ CONDUIT_URL: front.url, CONDUIT_MASTER_KEY: MASTER_KEY });

interface Figures {
  ok: boolean;
  events: number;
  deliveries: Record<'expected' | 'received' | 'missing' | 'duplicates' | 'outOfOrder' | 'unknown', number>;
  lostConnections: number;
  latencyMillis: Record<'count' | 'p50' | 'p99' | 'p999' | 'max', number>;
  histogramsMicros?: Record<'latency' | 'accepted' | 'connect', [number, number][]>;
}

const SHORT = ['--rate', '40', '--duration', '1', '--warmup', '0', '--json'];

test.each([
  ['json', 'progress', []],
  ['messagepack', 'started', ['--source-address', '127.0.0.1,127.0.0.2']],
])('in %s, every %s arrives at every connection once and in order', async (encoding, event, others) => {
  const plan = ['--connections', '9', '--keys', '3', '--encoding', encoding, '--event', event];
  const file = join(tmpdir(), `conduit-bench-${process.pid}-${encoding}.json`);
  const ended = await conduit(['bench', ...plan, ...SHORT, ...others, '--output', file], operator());
  expect([ended.code, ended.stderr]).toEqual([0, '']);
  const figures = json<Figures>(ended);
  expect(figures).toMatchObject({ ok: true, lostConnections: 0, plan: { connections: 9, encoding } });
  // 14 events for each of three keys, and three connections of each.
  expect([figures.events, figures.deliveries.expected, figures.deliveries.received]).toEqual([42, 126, 126]);
  const { count, p50, p999, max } = figures.latencyMillis;
  expect([count, p50 > 0, p50 <= p999, p999 <= max]).toEqual([126, true, true, true]);
  const written = JSON.parse(await readFile(file, 'utf8')) as Figures;
  await rm(file);
  expect(written.histogramsMicros?.latency.reduce((sum, [, count]) => sum + count, 0)).toBe(126);
  const keys = await conduit(['keys', 'list'], operator());
  expect(keys.stdout).not.toContain('conduit bench');
});

test('people are told in words', async () => {
  const ended = await conduit(
    ['bench', '--connections', '2', '--rate', '5', '--duration', '1', '--warmup', '1'],
    operator(),
  );
  expect(ended.code).toBe(0);
  expect(ended.stdout).toMatch(/20 of 20 deliveries, 0 missing, 0 twice, 0 out of order, 0 lost connections/);
  expect(ended.stdout).toMatch(/p50 +p90 +p99 +p99\.9 +max/);
});

let raw: Server | undefined;

afterEach(() => {
  raw?.close();
  raw?.closeAllConnections();
});

/** A server that does something with what is posted and the sockets that are open. */
async function rawServer(tell: (body: string, sockets: WebSocket[]) => void): Promise<string[]> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      tell(body, [...sockets.clients]);
      response.end();
    });
  });
  const sockets = new WebSocketServer({ server });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  raw = server;
  const at = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return ['--protocol', 'raw', '--socket-url', `ws://${at}/`, '--post-url', `http://${at}/`, '--connections', '4'];
}

const toAll = (body: string, sockets: WebSocket[]) => {
  for (const socket of sockets) socket.send(body);
};

test('a raw server is measured alike', async () => {
  const ended = await conduit(['bench', ...(await rawServer(toAll)), ...SHORT]);
  expect(ended.code).toBe(0);
  expect(json<Figures>(ended)).toMatchObject({ ok: true, events: 40, deliveries: { received: 160 } });
});

const number = (body: string) => Number(body.split(':')[0]);

test.each<[what: string, (body: string, sockets: WebSocket[]) => void, Partial<Figures['deliveries']>]>([
  ['twice', (body, sockets) => toAll(body, [...sockets, ...sockets]), { duplicates: 160, missing: 0 }],
  ['in another order', outOfOrder(), { outOfOrder: 80, missing: 0 }],
  ['as something else', (body, sockets) => toAll(`?${body}`, sockets), { unknown: 160, missing: 160 }],
  ['not everywhere', (body, [first]) => first?.send(body), { missing: 120 }],
])('what arrives %s is found', async (_, tell, found) => {
  const ended = await conduit(['bench', ...(await rawServer(tell)), ...SHORT]);
  expect(ended.code).toBe(8);
  const figures = json<Figures>(ended);
  expect(figures.ok).toBe(false);
  expect(figures.deliveries).toMatchObject(found);
});

/** Each pair of events the other way round. */
function outOfOrder() {
  let held: string | undefined;
  return (body: string, sockets: WebSocket[]) => {
    if (number(body) % 2 === 0) {
      held = body;
      return;
    }
    toAll(body, sockets);
    if (held !== undefined) toAll(held, sockets);
  };
}

test('a plan that cannot be is refused before anything is made', async () => {
  for (const args of [
    ['--connections', '0'],
    ['--protocol', 'raw'],
    ['--encoding', 'xml'],
    ['--source-address', 'x'],
  ]) {
    expect([args, (await conduit(['bench', ...args], operator())).code]).toEqual([args, 2]);
  }
  expect((await conduit(['bench'], { CONDUIT_URL: front.url })).code).toBe(4);
  expect((await conduit(['bench'], { ...operator(), CONDUIT_URL: 'http://127.0.0.1:1' })).code).toBe(3);
});
