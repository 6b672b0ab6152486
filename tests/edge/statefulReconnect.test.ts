// Stateful reconnect: a connection that outlives its socket, its object's sleep, and the process.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Key } from '../harness/edge.ts';
import { EdgeProcess } from '../harness/edgeProcess.ts';
import type { OfficialClient } from '../harness/officialClient.ts';
import { PROTOCOLS } from '../harness/protocol.ts';
import { WaitingProxy } from '../harness/waitingProxy.ts';

let folder: string;
let front: EdgeProcess;
let proxy: WaitingProxy;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conduit-edge-stateful-'));
  front = await EdgeProcess.start(folder);
  proxy = await WaitingProxy.start(front.port);
});

afterAll(async () => {
  await proxy?.stop();
  await front?.kill();
  await rm(folder, { recursive: true, force: true });
});

/** A client that reaches the server through the proxy, and reconnects in no other way. */
async function connect(key: Key, protocol: (typeof PROTOCOLS)[number]): Promise<OfficialClient> {
  const direct = front.url;
  front.url = proxy.url;
  const client = await front.official(key, { protocol, stateful: true }).finally(() => {
    front.url = direct;
  });
  await client.invoke('SubscribeToTaskType', '*');
  return client;
}

async function startTasks(key: Key, first: number, last: number): Promise<void> {
  for (let number = first; number <= last; number += 1) {
    await front.tell(key, 'TaskStarted', { taskId: `t${number}`, taskType: 'test' });
  }
}

async function expectTasks(client: OfficialClient, first: number, last: number): Promise<void> {
  for (let number = first; number <= last; number += 1) {
    await expect(client.events.next()).resolves.toEqual(['TaskStarted', `t${number}`, 'test', {}]);
  }
}

describe.each(PROTOCOLS)('an official client with stateful reconnect, in %s', (protocol) => {
  test('gets what was sent while its line was cut, in order and once', async () => {
    const key = await front.createKey();
    const client = await connect(key, protocol);
    const id = client.connection.connectionId;
    await startTasks(key, 1, 3);
    await expectTasks(client, 1, 3);
    // These reach nobody before the line is cut.
    proxy.stall();
    await startTasks(key, 4, 6);
    proxy.cut();
    await startTasks(key, 7, 9);
    await expectTasks(client, 4, 9);
    expect([client.life.all, client.connection.connectionId]).toEqual([[], id]);
    // Its groups and its identity are those that it had.
    await startTasks(key, 10, 10);
    await expectTasks(client, 10, 10);
    await client.invoke('SubscribeToTask', 't1');
    await client.stop();
  });

  test('goes on after the process was killed and started again', async () => {
    const key = await front.createKey();
    const client = await connect(key, protocol);
    const id = client.connection.connectionId;
    await startTasks(key, 1, 3);
    await expectTasks(client, 1, 3);
    proxy.stall();
    await startTasks(key, 4, 6);
    const { port } = front;
    proxy.hold();
    await front.kill();
    front = await EdgeProcess.start(folder, port);
    proxy.release();
    await startTasks(key, 7, 9);
    await expectTasks(client, 4, 9);
    expect([client.life.all, client.connection.connectionId]).toEqual([[], id]);
    await client.invoke('UnsubscribeFromTaskType', '*');
    await startTasks(key, 10, 10);
    await client.invoke('SubscribeToTask', 't10');
    await expectTasks(client, 10, 10);
    expect(client.events.unread).toEqual([]);
    await client.stop();
  });
});
