// What connections that outlive their sockets are told after the process was killed under them.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HttpTransportType } from '@microsoft/signalr';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, within } from '../harness/deadline.ts';
import { OfficialClient } from '../harness/officialClient.ts';
import { WaitingProxy } from '../harness/waitingProxy.ts';
import { WorkerProcess } from '../harness/workerProcess.ts';

const WORKER = 'tests/worker';

let folder: string;
let worker: WorkerProcess;
let proxy: WaitingProxy;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conduit-edge-server-killed-'));
  worker = await WorkerProcess.start(WORKER, folder);
  proxy = await WaitingProxy.start(worker.port);
});

afterAll(async () => {
  await proxy?.stop();
  await worker?.kill();
  await rm(folder, { recursive: true, force: true });
});

async function powerCut(): Promise<void> {
  const { port } = worker;
  proxy.hold();
  await worker.kill();
  worker = await WorkerProcess.start(WORKER, folder, port);
  proxy.release();
}

test.each([
  ['WebSockets', 'json'],
  ['WebSockets', 'messagepack'],
  ['ServerSentEvents', 'json'],
  ['LongPolling', 'json'],
  ['LongPolling', 'messagepack'],
] as const)('a client by %s, in %s, comes back by itself, as another connection', async (name, protocol) => {
  const reconnect = Array.from({ length: 100 }, () => 100);
  const way = { transport: HttpTransportType[name], protocol, reconnect };
  const client = await OfficialClient.connect(`${worker.url}/room-again-${name}-${protocol}`, way);
  const id = await client.invoke('Id');
  await powerCut();
  await client.life.find('the reconnection', (event) => event === 'reconnected');
  expect(client.life.all).toEqual(['reconnecting', 'reconnected']);
  const now = await client.invoke('Id');
  expect(now).not.toBe(id);
  await client.stop();
});

test('calls and streams that ran end in an error, and the connection goes on', async () => {
  const client = await OfficialClient.connect(`${proxy.url}/room-sr-killed`, { stateful: true });
  const id = await client.invoke('Id');
  await client.invoke('Join', 'g');
  const waiting = client.invoke('Wait', 'for ever').catch((error: Error) => error.message);
  const items: number[] = [];
  const streamed = new Promise<Error>((resolve) => {
    client.connection
      .stream<number>('CountSlowly', 1_000_000, 5)
      .subscribe({ next: (item) => items.push(item), complete: () => {}, error: resolve });
  });
  await eventually(
    'ten items',
    async () => items.length,
    (count) => count >= 10,
  );
  await powerCut();
  await expect(waiting).resolves.toContain('The server was restarted while the call ran.');
  await expect(within(streamed, 'the end of the stream')).resolves.toMatchObject({
    message: expect.stringContaining('The server was restarted'),
  });
  expect(items).toEqual(items.map((_, number) => number));
  await expect(client.invoke('Id')).resolves.toBe(id);
  await expect(client.invoke('Tell', 'g', 'still a member')).resolves.toBe(1);
  expect(client.life.all).toEqual([]);
  await client.stop();
});

test('a long-polling connection goes on as if nothing had been', async () => {
  const room = () => `${worker.url}/room-polled`;
  const negotiated = await fetch(`${room()}/negotiate?negotiateVersion=1`, { method: 'POST' });
  const { connectionId, connectionToken } = (await negotiated.json()) as Record<string, string>;
  const poll = async () => (await fetch(`${room()}?id=${connectionToken}`)).text();
  const post = async (record: object) => {
    const body = `${JSON.stringify(record)}\x1e`;
    const { status } = await fetch(`${room()}?id=${connectionToken}`, { method: 'POST', body });
    expect(status).toBe(200);
  };
  await expect(poll()).resolves.toBe('');
  await post({ protocol: 'json', version: 1 });
  await expect(poll()).resolves.toBe('{}\x1e');
  await post({ type: 1, invocationId: '1', target: 'Join', arguments: ['g'] });
  await expect(poll()).resolves.toBe('{"type":3,"invocationId":"1","result":null}\x1e');
  const publish = (body: string) => fetch(room(), { method: 'POST', body }).then((answer) => answer.json());
  await expect(publish('before the cut')).resolves.toMatchObject({ recipients: 1 });

  await powerCut();

  await expect(publish('after the cut')).resolves.toMatchObject({ recipients: 1 });
  await post({ type: 1, invocationId: '2', target: 'Tell', arguments: ['g', 'still a member'] });
  await post({ type: 1, invocationId: '3', target: 'Id', arguments: [] });
  const records: string[] = [];
  while (records.length < 5) records.push(...(await poll()).split('\x1e').filter(Boolean));
  expect(records.map((record) => JSON.parse(record))).toEqual([
    { type: 1, target: 'Event', arguments: ['before the cut'] },
    { type: 1, target: 'Event', arguments: ['after the cut'] },
    { type: 1, target: 'Told', arguments: ['g', 'still a member'] },
    { type: 3, invocationId: '2', result: 1 },
    { type: 3, invocationId: '3', result: connectionId },
  ]);
  const { status } = await fetch(`${room()}?id=${connectionToken}`, { method: 'DELETE' });
  expect(status).toBe(202);
});
