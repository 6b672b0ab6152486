// A key that is disabled or deleted is worth nothing from that moment on.

import { HttpTransportType, MessageType } from '@microsoft/signalr';
import { describe, expect, test } from 'vitest';
import { edge, type Key, TASK_HUB } from '../harness/edge.ts';
import { PROTOCOLS } from '../harness/protocol.ts';
import { RawClient } from '../harness/rawClient.ts';

const front = edge();

const WITHDRAWALS: [how: string, withdraw: (key: Key) => Promise<unknown>][] = [
  ['disabled', (key) => front.patchKey(key, { enabled: false })],
  ['deleted', (key) => front.admin('DELETE', `/v1/admin/keys/${key.id}`)],
];

/** Neither negotiation nor an upgrade, with a token or without one, lets the key in. */
async function expectShut(key: Key, connectionToken: string): Promise<void> {
  const headers = { authorization: `Bearer ${key.key}` };
  const negotiate = await fetch(`${front.url}${TASK_HUB}/negotiate?negotiateVersion=1`, { method: 'POST', headers });
  expect([negotiate.status, await negotiate.text()]).toEqual([401, '']);
  for (const query of ['', `id=${connectionToken}`]) {
    await expect(RawClient.refusal(front.hub(query), headers)).resolves.toMatchObject({ status: 401 });
  }
}

describe.each(WITHDRAWALS)('a key that is %s', (_, withdraw) => {
  test.each(PROTOCOLS)(
    'has its open sockets closed at once with a Close that forbids to come back (%s)',
    async (protocol) => {
      const key = await front.createKey();
      const clients = await Promise.all([front.raw(key, protocol), front.raw(key, protocol)]);
      await withdraw(key);
      for (const client of clients) {
        await expect(client.records.next()).resolves.toMatchObject({ type: MessageType.Close });
        const close = client.records.all.at(-1) as { allowReconnect?: boolean };
        expect(close.allowReconnect ?? false).toBe(false);
        await expect(client.end()).resolves.toMatchObject({ code: 1000 });
      }
    },
  );

  test('has its sockets closed while its object sleeps', async () => {
    const key = await front.createKey();
    const client = await front.raw(key);
    await front.sleep(key);
    await withdraw(key);
    await expect(client.records.next()).resolves.toMatchObject({ type: MessageType.Close });
    await client.end();
  });

  test.each(PROTOCOLS)('has official clients closed, who do not come back though they would (%s)', async (protocol) => {
    const key = await front.createKey();
    const client = await front.official(key, { protocol, reconnect: [0, 0, 0] });
    await withdraw(key);
    await client.end();
    expect(client.life.all).toEqual(['closed']);
  });

  test('has a socket without a handshake closed, too', async () => {
    const key = await front.createKey();
    const client = await RawClient.open(front.hub(), { authorization: `Bearer ${key.key}` });
    await withdraw(key);
    await client.closeFrame();
    await client.kill();
  });

  test('cannot connect any more', async () => {
    const key = await front.createKey();
    const { connectionToken } = await front.negotiate(key);
    await withdraw(key);
    await expectShut(key, connectionToken);
  });

  test('is not noticed by other keys', async () => {
    const [key, other] = await Promise.all([front.createKey(), front.createKey()]);
    const client = await front.official(other);
    await client.invoke('SubscribeToTaskType', '*');
    await withdraw(key);
    await front.tell(other, 'TaskStarted', { taskId: 't', taskType: 'test' });
    await expect(client.events.next()).resolves.toEqual(['TaskStarted', 't', 'test', {}]);
    await client.stop();
  });
});

describe('a key that is enabled again', () => {
  test('connects again, and its tasks are as they were', async () => {
    const key = await front.createKey();
    await front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'test', metadata: { a: 1 } });
    await front.patchKey(key, { enabled: false });
    await front.patchKey(key, { enabled: true });
    const client = await front.official(key);
    await client.invoke('SubscribeToTask', 't');
    await expect(client.events.next()).resolves.toEqual(['TaskStarted', 't', 'test', { a: 1 }]);
    await client.stop();
  });

  test('connects with a token that it was given before', async () => {
    const key = await front.createKey();
    const { connectionToken } = await front.negotiate(key);
    await front.patchKey(key, { enabled: false });
    await front.patchKey(key, { enabled: true });
    const client = await front.raw(key, 'json', `id=${connectionToken}`);
    await client.close(1000);
  });
});

test('a change that does not disable a key leaves its sockets open', async () => {
  const key = await front.createKey();
  const client = await front.raw(key);
  await front.patchKey(key, { name: 'another', limits: { connections: 1 } });
  await client.invoke('SubscribeToTaskType', '*');
  expect(client.socket.readyState).toBe(client.socket.OPEN);
  await client.close(1000);
});

test('events for a disabled key are taken, and those for a deleted one rejected', async () => {
  const [disabled, deleted] = await Promise.all([front.createKey(), front.createKey()]);
  await front.patchKey(disabled, { enabled: false });
  await front.admin('DELETE', `/v1/admin/keys/${deleted.id}`);
  const data = { taskId: 't', taskType: 'test' };
  await expect(front.tell(disabled, 'TaskStarted', data)).resolves.toMatchObject({
    status: 'delivered',
    recipients: 0,
  });
  await expect(front.tell(deleted, 'TaskStarted', data)).rejects.toThrow('virtualkeyid');
});

test('a client that waits to reconnect finds a withdrawn key shut', async () => {
  const key = await front.createKey();
  const client = await front.official(key, { reconnect: [0, 50], transport: HttpTransportType.WebSockets });
  await front.patchKey(key, { enabled: false });
  await client.end();
  await expect(client.connection.start()).rejects.toThrow('401');
});
