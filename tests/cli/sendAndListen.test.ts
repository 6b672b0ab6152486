// `conduit send` and `conduit listen` against the real Worker: what one sends, the other shows.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { conduit, failure, jsonLines, Running, type Settings } from '../harness/commandLine.ts';
import { type Key, MASTER_KEY } from '../harness/edge.ts';
import { EdgeProcess } from '../harness/edgeProcess.ts';
import { GatedProxy } from '../harness/gatedProxy.ts';

let folder: string;
let front: EdgeProcess;
const listeners: Running[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conduit-edge-cli-'));
  front = await EdgeProcess.start(folder);
});

afterEach(() => {
  for (const listener of listeners.splice(0)) listener.kill();
});

afterAll(async () => {
  await front?.kill();
  await rm(folder, { recursive: true, force: true });
});

interface Told {
  event: string;
  arguments: unknown[];
  eventId?: string;
}

interface Sent {
  number?: number;
  id?: string;
  status?: string;
  error?: { field?: string };
  summary?: { taken: number; notTaken: number; byStatus: Record<string, number> };
}

const operator = (): Settings => ({ CONDUIT_URL: front.url, CONDUIT_MASTER_KEY: MASTER_KEY });

const send = (args: string[], input = '', settings = operator()) => conduit(['send', ...args], settings, input);

/** A listener that listens. */
async function listen(key: Key, args: string[], url = front.url): Promise<Running> {
  const running = new Running(['listen', ...args], { CONDUIT_URL: url, CONDUIT_KEY: key.key });
  listeners.push(running);
  await expect(running.asides.next()).resolves.toMatch(/^listening to /);
  return running;
}

const started = (taskId: string) => ({ type: 'TaskStarted', data: { taskId, taskType: 'test' } });

const lines = (events: object[]) => events.map((event) => `${JSON.stringify(event)}\n`).join('');

test('one event of its parts reaches a listener, which ends after as many as it was told', async () => {
  const key = await front.createKey();
  const listener = await listen(key, ['--json', '--count', '2']);
  const args = ['--type', 'TaskStarted', '--key-id', key.id, '--data', '{"taskId":"t1","taskType":"video"}'];
  const sent = await send(args);
  expect(sent).toEqual({ code: 0, stdout: '1 of 1 taken (1 delivered)\n', stderr: '' });
  const [one] = jsonLines<Sent>(
    await send(['--json', '--id', 'e2', '--type', 'TaskCompleted', '--key-id', key.id, '--data', '{"taskId":"t1"}']),
  );
  expect(one).toEqual({ number: 1, id: 'e2', status: 'delivered', recipients: 1 });
  const ended = await listener.ended();
  expect(ended.code).toBe(0);
  expect(jsonLines<Told>(ended)).toEqual([
    expect.objectContaining({ event: 'TaskStarted', arguments: ['t1', 'video', {}], eventId: expect.any(String) }),
    expect.objectContaining({ event: 'TaskCompleted', arguments: ['t1', null] }),
  ]);
});

test('a file of lines and an array are the same, arrive in order, and count once', async () => {
  const key = await front.createKey();
  const listener = await listen(key, ['--json']);
  const events = Array.from({ length: 1_200 }, (_, index) => ({ id: `e${index}`, ...started(`t${index}`) }));
  const file = join(folder, 'events.ndjson');
  await writeFile(file, lines(events));
  const first = await send([file, '--key-id', key.id, '--batch', '500']);
  expect([first.code, first.stdout]).toEqual([0, '1200 of 1200 taken (1200 delivered)\n']);
  const again = await send(['-', '--key-id', key.id], JSON.stringify(events));
  expect([again.code, again.stdout]).toEqual([0, '1200 of 1200 taken (1200 duplicate)\n']);
  for (let index = 0; index < 1_200; index += 1) {
    const { arguments: args } = JSON.parse(await listener.lines.next()) as Told;
    expect(args[0]).toBe(`t${index}`);
  }
  expect((await listener.interrupt()).code).toBe(0);
});

test('what is piped goes out when nothing more comes at once', async () => {
  const key = await front.createKey();
  const listener = await listen(key, ['--json']);
  const sender = new Running(['send', '--key-id', key.id, '--json', '-'], operator());
  for (const taskId of ['a', 'b']) {
    sender.write(lines([started(taskId)]));
    expect((JSON.parse(await listener.lines.next()) as Told).arguments[0]).toBe(taskId);
  }
  sender.endOfInput();
  expect((await sender.ended()).code).toBe(0);
});

test('of wrong events each is told with its field, and the others are taken', async () => {
  const key = await front.createKey();
  const input = lines([started('t1'), { type: 'NoSuchType', data: {} }, { ...started('t2'), virtualkeyid: 'nobody' }]);
  const sent = await send(['--key-id', key.id, '--json', '-'], input);
  expect([sent.code, failure(sent).kind]).toEqual([6, 'rejected']);
  const results = jsonLines<Sent>(sent);
  expect(results.map(({ status }) => status)).toEqual(['delivered', 'rejected', 'rejected', undefined]);
  expect(results.map(({ error }) => error?.field)).toEqual([undefined, 'type', 'virtualkeyid', undefined]);
  expect(results.at(-1)?.summary).toMatchObject({ taken: 1, notTaken: 2 });
  const text = await send(['--key-id', key.id, '-'], input);
  expect(text.stdout).toContain('rejected  event 2');

  const broken = await send(['--key-id', key.id, '-'], `${lines([started('t3')])}nonsense`);
  expect([broken.code, broken.stdout]).toEqual([6, '1 of 1 taken (1 delivered)\n']);
  expect(broken.stderr).toContain('after event 1');
});

test('the command line and the environment are checked before anything is sent', async () => {
  for (const args of [
    [],
    ['no-such-file'],
    ['--type', 'X', '--data', '{'],
    ['-', '--type', 'X'],
    ['-', '--batch', '0'],
  ]) {
    expect([args, (await send(args)).code]).toEqual([args, 2]);
  }
  expect((await send(['--type', 'X'], '', { CONDUIT_URL: front.url })).code).toBe(4);
  const wrong = await send(['--type', 'X'], '', { CONDUIT_URL: front.url, CONDUIT_TOKEN: 'condtsvc_wrong' });
  expect(wrong.code).toBe(4);
  const nowhere = await send(['--type', 'X', '--retries', '1'], '', {
    ...operator(),
    CONDUIT_URL: 'http://127.0.0.1:1',
  });
  expect(nowhere.code).toBe(3);
});

test('a service token sends what it may', async () => {
  const key = await front.createKey();
  const made = await front.admin('POST', '/v1/admin/service-tokens', { name: 'cli', eventTypes: ['TaskStarted'] });
  const { token } = (await made.json()) as { token: string };
  const settings = { CONDUIT_URL: front.url, CONDUIT_TOKEN: token };
  const data = '{"taskId":"t1","taskType":"x"}';
  expect((await send(['--type', 'TaskStarted', '--key-id', key.id, '--data', data], '', settings)).code).toBe(0);
  const other = await send(['--type', 'TaskCompleted', '--key-id', key.id, '--data', '{"taskId":"t1"}'], '', settings);
  expect(other.code).toBe(6);
});

describe('a server that cannot now', () => {
  const answers: (() => { status: number; headers?: Record<string, string>; body: object })[] = [];
  const bodies: string[] = [];
  let server: Server;

  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        bodies.push(body);
        const { status, headers, body: answer } = answers.shift()?.() ?? { status: 500, body: {} };
        response.writeHead(status, { 'x-request-id': '1', 'content-type': 'application/json', ...headers });
        response.end(JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterAll(() => server.close());

  const settings = () => ({
    CONDUIT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    CONDUIT_MASTER_KEY: 'x',
  });

  test('is asked again with the same events when it says, and only with those it has not taken', async () => {
    bodies.length = 0;
    answers.push(
      () => ({ status: 429, headers: { 'retry-after': '0' }, body: { title: 'slowly' } }),
      () => ({
        status: 503,
        headers: { 'retry-after': '0' },
        body: {
          results: [
            { id: 'a', status: 'delivered' },
            { id: 'b', status: 'unavailable' },
          ],
        },
      }),
      () => ({ status: 200, body: { results: [{ id: 'b', status: 'delivered' }] } }),
    );
    const input = lines([
      { id: 'a', ...started('1') },
      { id: 'b', ...started('2') },
    ]);
    const sent = await send(['-', '--json'], input, settings());
    expect(sent.code).toBe(0);
    expect(jsonLines<Sent>(sent).map(({ id, status }) => [id, status])).toEqual([
      ['a', 'delivered'],
      ['b', 'delivered'],
      [undefined, undefined],
    ]);
    expect(bodies[0]).toBe(bodies[1]);
    expect((JSON.parse(bodies[2] ?? '') as { id: string }[]).map(({ id }) => id)).toEqual(['b']);
  });

  test('is given up after as many attempts as were said', async () => {
    bodies.length = 0;
    for (let attempt = 0; attempt < 3; attempt += 1) {
      answers.push(() => ({ status: 503, headers: { 'retry-after': '0' }, body: { title: 'not now' } }));
    }
    const sent = await send(['--type', 'X', '--retries', '2', '--json'], '', settings());
    expect([sent.code, failure(sent).kind, bodies.length]).toEqual([7, 'unavailable', 3]);
  });
});

test('a listener shows what passes its filters', async () => {
  const key = await front.createKey();
  await front.tell(key, 'TaskRegistered', { taskId: 'mine', taskType: 'x' });
  const listener = await listen(key, [
    '--task',
    'mine',
    '--event',
    'taskcompleted',
    '--event',
    'TaskStarted',
    '--json',
  ]);
  const text = await listen(key, ['--grep', 'half', '--encoding', 'messagepack']);
  for (const taskId of ['other', 'mine']) {
    await front.tell(key, 'TaskStarted', { taskId, taskType: 'x' });
    await front.tell(key, 'TaskProgress', { taskId, percentComplete: 50, message: 'half\u001b[2J' });
    await front.tell(key, 'TaskCompleted', { taskId, result: { url: 'x' } });
  }
  const told = [await listener.lines.next(), await listener.lines.next()].map((line) => JSON.parse(line) as Told);
  expect(told.map(({ event, arguments: [taskId] }) => [event, taskId])).toEqual([
    ['TaskStarted', 'mine'],
    ['TaskCompleted', 'mine'],
  ]);
  // What an event says is no order to the terminal.
  await expect(text.lines.next()).resolves.toMatch(
    /^\d\d:\d\d:\d\d\.\d{3} {2}TaskProgress +other {2}50 {2}half\ufffd\[2J$/,
  );
});

test('a listener to each of the other hubs is greeted, or told why not', async () => {
  const key = await front.createKey();
  const spend = await listen(key, ['--hub', 'SpendNotificationHub', '--json', '--count', '1']);
  const [update] = jsonLines<Told>(await spend.ended());
  expect(update).toMatchObject({ event: 'SpendUpdate', arguments: [{ delta: 0, virtualKeyId: key.id }] });

  const metrics = await conduit(
    ['listen', '--hub', 'metrics', '--interval', '1', '--count', '1', '--json'],
    operator(),
  );
  expect([metrics.code, jsonLines<Told>(metrics)[0]?.event]).toEqual([0, 'Metrics']);

  const settings = { CONDUIT_URL: front.url, CONDUIT_KEY: key.key };
  expect((await conduit(['listen', '--hub', 'video-generation'], settings)).code).toBe(2);
  expect((await conduit(['listen', '--hub', 'spend', '--task', 'x'], settings)).code).toBe(2);
  expect((await conduit(['listen', '--hub', 'a/b'], settings)).code).toBe(2);
  expect((await conduit(['listen', '--hub', 'metrics'], settings)).code).toBe(4);
  expect((await conduit(['listen', '--hub', 'no-such-hub'], settings)).code).toBe(5);
  expect((await conduit(['listen', '--task', 'unknown'], settings)).code).toBe(6);
  expect((await conduit(['listen'], { ...settings, CONDUIT_KEY: 'condt_wrong' })).code).toBe(4);
  expect((await conduit(['listen'], { ...settings, CONDUIT_URL: 'http://127.0.0.1:1' })).code).toBe(3);
  const late = await conduit(['listen', '--duration', '1', '--count', '1', '--json'], settings);
  expect([late.code, failure(late).kind]).toEqual([7, 'unavailable']);
  expect((await conduit(['listen', '--duration', '1'], settings)).code).toBe(0);
});

test('a listener whose line is cut and whose server is killed misses nothing', async () => {
  const key = await front.createKey();
  const proxy = await GatedProxy.start(front.url);
  const listener = await listen(key, ['--json'], proxy.url);
  const expectTask = async (taskId: string) =>
    expect((JSON.parse(await listener.lines.next()) as Told).arguments[0]).toBe(taskId);
  const expectReconnect = () =>
    listener.asides.find('the end of a reconnect', (line) => line === 'connected again; nothing was missed');
  await front.tell(key, 'TaskStarted', { taskId: 't1', taskType: 'x' });
  await expectTask('t1');
  proxy.cut();
  await front.tell(key, 'TaskStarted', { taskId: 't2', taskType: 'x' });
  await expectTask('t2');
  await expectReconnect();
  const { port } = front;
  await front.kill();
  front = await EdgeProcess.start(folder, port);
  await front.tell(key, 'TaskStarted', { taskId: 't3', taskType: 'x' });
  await expectTask('t3');
  await expectReconnect();
  const ended = await listener.interrupt();
  expect([ended.code, jsonLines<Told>(ended).length]).toEqual([0, 3]);
  await proxy.stop();
});

test('completions are there for each shell', async () => {
  for (const shell of ['bash', 'zsh', 'fish', 'powershell', 'elvish']) {
    const { code, stdout } = await conduit(['completions', shell]);
    expect([shell, code, stdout.includes('listen')]).toEqual([shell, 0, true]);
  }
});
