// A client that vanished without a word is found when its place is needed, also by an object that slept.

import { expect, test } from 'vitest';
import { eventually } from '../harness/deadline.ts';
import { edge, type Key } from '../harness/edge.ts';
import { JSON_PING, MESSAGEPACK_PING, PROTOCOLS } from '../harness/protocol.ts';
import { RawClient } from '../harness/rawClient.ts';

const front = edge({ vars: { MAX_CONNECTIONS_PER_KEY: '1', CLIENT_TIMEOUT_SECONDS: '10' } });

/** Whether the key may open a connection now. */
async function hasRoom(key: Key): Promise<boolean> {
  const headers = { authorization: `Bearer ${key.key}` };
  const response = await fetch(`${front.url}/hubs/tasks/negotiate?negotiateVersion=1`, { method: 'POST', headers });
  return response.status === 200;
}

test.concurrent.each(PROTOCOLS)('in %s: one that pinged and fell silent makes room for another', async (protocol) => {
  const key = await front.createKey();
  const silent = await front.raw(key, protocol);
  silent.send(protocol === 'json' ? JSON_PING : MESSAGEPACK_PING);
  await silent.records.next();
  expect(await hasRoom(key)).toBe(false);
  await front.sleep(key);
  await eventually('room for another', () => hasRoom(key), Boolean);
  await expect(silent.records.next()).resolves.toMatchObject({ type: 7, allowReconnect: true });
  const other = await RawClient.connect(front.hub(), protocol, { authorization: `Bearer ${key.key}` });
  await other.close(1000);
});

test.concurrent('one that keeps pinging keeps its place', async () => {
  const key = await front.createKey();
  const client = await front.raw(key);
  await front.sleep(key);
  const end = Date.now() + 12_000;
  while (Date.now() < end) {
    client.send(JSON_PING);
    await client.records.next();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
  }
  expect(await hasRoom(key)).toBe(false);
  await expect(client.invoke('UnsubscribeFromTask', 't')).resolves.toBe(null);
  await client.close(1000);
});
