// The one file for pages, in a real browser: on a page of another origin than the Worker's, through a kill of the Worker.

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest';
import { bundleClient } from '../../scripts/setup/clientBundle.mjs';
import { browser } from '../harness/browser.ts';
import type { Key } from '../harness/edge.ts';
import { EdgeProcess } from '../harness/edgeProcess.ts';
import { GatedProxy } from '../harness/gatedProxy.ts';
import { Inbox } from '../harness/inbox.ts';

const chromium = browser();
let folder: string;
let front: EdgeProcess;
let pages: Server;
let proxy: GatedProxy;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conduit-edge-page-'));
  front = await EdgeProcess.start(folder);
  proxy = await GatedProxy.start(front.url);
  const script = await bundleClient();
  pages = createServer((request, response) => {
    const isScript = request.url === '/js/conduit-signalr-service.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : '<!doctype html><script src="/js/conduit-signalr-service.js"></script>');
  });
  pages.listen(0, '127.0.0.1');
  await once(pages, 'listening');
});

afterAll(async () => {
  pages?.close();
  await proxy?.stop();
  await front?.kill();
  await rm(folder, { recursive: true, force: true });
});

/** A page with the library, what it notes of events, and its console. */
async function open(
  context: TestContext,
  apiBaseUrl: string,
): Promise<{ page: Page; noted: Inbox<any[]>; lines: string[] }> {
  const page = await chromium(context).newPage();
  const noted = new Inbox<any[]>('the page');
  const lines: string[] = [];
  page.on('console', (message) => lines.push(message.text()));
  await page.exposeFunction('note', (...args: unknown[]) => void noted.push(args));
  await page.addInitScript((url) => Object.assign(globalThis, { conduitConfig: { apiBaseUrl: url } }), apiBaseUrl);
  await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`);
  return { page, noted, lines };
}

/** Connects in a page as the pages of the seeds do, and notes states and tasks. */
function follow(page: Page, key: Key, options: object = {}): Promise<unknown> {
  const values = {
    key: key.key,
    options: { baseReconnectDelay: 20, maxReconnectDelay: 50, maxReconnectAttempts: 2_000, ...options },
  };
  return page.evaluate(async ({ key, options }) => {
    const { window, conduitSignalR, note } = globalThis as any;
    for (const name of ['stateChanged', 'reconnected']) {
      window.addEventListener(`conduit:task-notifications:${name}`, ({ detail }: any) => {
        note(name, detail.currentState ?? detail.recovered);
      });
    }
    conduitSignalR.setDebugMode(true);
    conduitSignalR.setVirtualKey(key);
    conduitSignalR.on('tasks', 'TaskStarted', (taskId: string) => note('started', taskId));
    const connection = await conduitSignalR.connectToHub('task-notifications', null, options);
    await conduitSignalR.invoke('tasks', 'SubscribeToTaskType', '*');
    return connection.state;
  }, values);
}

const start = (key: Key, taskId: string) => front.tell(key, 'TaskStarted', { taskId, taskType: 'x' });

test('a page hears events, is told of a lost connection, and misses nothing', async (context) => {
  const key = await front.createKey();
  const { page, noted, lines } = await open(context, front.url);
  await expect(follow(page, key)).resolves.toBe('Connected');
  await start(key, '1');
  await noted.find('the first', ([name, id]) => name === 'started' && id === '1');
  const { port } = front;
  await front.kill();
  await noted.find('the loss', ([name, state]) => name === 'stateChanged' && state === 'reconnecting');
  front = await EdgeProcess.start(folder, port);
  await start(key, '2');
  await noted.find('the return', ([name]) => name === 'reconnected');
  await start(key, '3');
  await noted.find('the third', ([name, id]) => name === 'started' && id === '3');
  expect(noted.all.filter(([name]) => name === 'started').map(([, id]) => id)).toEqual(['1', '2', '3']);
  expect(noted.all.filter(([name]) => name !== 'started')).toEqual([
    ['stateChanged', 'connecting'],
    ['stateChanged', 'connected'],
    ['stateChanged', 'reconnecting'],
    ['stateChanged', 'connected'],
    ['reconnected', true],
  ]);
  // A browser has nowhere but the address to put the key, and the official client logs that.
  expect(lines.some((line) => line.includes('access_token=***'))).toBe(true);
  expect(lines.filter((line) => line.includes(key.key))).toEqual([]);
  await page.close();
});

test('a page behind a proxy that drops WebSockets is served by another transport', async (context) => {
  const key = await front.createKey();
  proxy.fates.WebSockets = 'cut';
  const { page, noted } = await open(context, proxy.url);
  await follow(page, key);
  await start(key, '1');
  await noted.find('the event', ([name, id]) => name === 'started' && id === '1');
  const transport = await page.evaluate(() => (globalThis as any).conduitSignalR.getTransport('tasks'));
  expect(transport).toBe('ServerSentEvents');
  delete proxy.fates.WebSockets;
  await page.close();
});

test('two pages with a key each hear their own', async (context) => {
  const keys = [await front.createKey(), await front.createKey()];
  const opened = await Promise.all(keys.map(() => open(context, front.url)));
  await Promise.all(opened.map(({ page }, index) => follow(page, keys[index] as Key)));
  for (const [index, key] of keys.entries()) await start(key, `${index}`);
  for (const [index, { noted, page }] of opened.entries()) {
    await noted.find('its own', ([name, id]) => name === 'started' && id === `${index}`);
    expect(noted.all.filter(([name]) => name === 'started')).toHaveLength(1);
    await page.close();
  }
});

test('what pages expect of the library is there, and a wrong key is told at once', async (context) => {
  const { page } = await open(context, front.url);
  const found = await page.evaluate(async () => {
    const { window, ConduitSignalRService: Service } = globalThis as any;
    const failed = new Promise((resolve) => {
      window.addEventListener('conduit:spend-notifications:connectionFailed', ({ detail }: any) => resolve(detail));
    });
    const refusal = await window.conduitSignalR.connectToHub('spend-notifications', 'condt_wrong').catch(String);
    const { hubName, reason } = (await failed) as any;
    return {
      isOne: Service.getInstance() === window.conduitSignalR && new Service() === window.conduitSignalR,
      states: Object.values(Service.ConnectionState),
      refusal,
      told: { hubName, reason },
      state: window.conduitSignalR.getConnectionState('spend-notifications'),
    };
  });
  expect(found).toEqual({
    isOne: true,
    states: ['disconnected', 'connecting', 'connected', 'reconnecting', 'failed'],
    refusal: expect.stringMatching(/^ConduitSignalRError: .*Unauthorized/),
    told: { hubName: 'spend-notifications', reason: 'Unauthorized' },
    state: 'failed',
  });
  await page.close();
});
