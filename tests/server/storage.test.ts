// What connections cost in storage: nothing where they did not ask for it, a row a turn for all who did.

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { OfficialClient } from '../harness/officialClient.ts';
import { PROTOCOLS } from '../harness/protocol.ts';
import { WorkerProcess } from '../harness/workerProcess.ts';

let folder: string;
let worker: WorkerProcess;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conduit-edge-storage-'));
  worker = await WorkerProcess.start('tests/worker', folder);
});

afterEach(async () => {
  await worker.kill();
  await rm(folder, { recursive: true, force: true });
});

/** The storage of the one room there is, once nobody writes to it any more. */
async function storage(): Promise<DatabaseSync> {
  await worker.kill();
  const objects = join(folder, 'do', 'test-worker-Room');
  const files = (await readdir(objects)).filter((name) => name.endsWith('.sqlite') && name !== 'metadata.sqlite');
  expect(files.length).toBe(1);
  return new DatabaseSync(join(objects, String(files[0])));
}

function tables(database: DatabaseSync): unknown[] {
  return database
    .prepare("SELECT name FROM sqlite_master WHERE name LIKE 'signalr_%' AND type = 'table'")
    .all()
    .map(({ name }) => name);
}

test.each(PROTOCOLS)('a connection in %s that can be lost leaves nothing', async (protocol) => {
  const client = await OfficialClient.connect(`${worker.url}/room-plain`, { protocol, events: ['Event'] });
  await client.invoke('Join', 'g');
  await client.invoke('Echo', 'x');
  await fetch(`${worker.url}/room-plain`, { method: 'POST', body: 'to everybody' });
  await client.events.next();
  expect(tables(await storage())).toEqual([]);
});

test('what a turn sends to many stateful connections is one row, with each record once', async () => {
  const url = `${worker.url}/room-sr-many`;
  const connect = () => OfficialClient.connect(url, { stateful: true, events: ['Event'] });
  const clients = await Promise.all(Array.from({ length: 10 }, connect));
  for (let number = 0; number < 5; number += 1) {
    await fetch(url, { method: 'POST', body: `event ${number}` });
    await Promise.all(clients.map((client) => client.events.next()));
  }
  const database = await storage();
  const rows = database.prepare('SELECT head, records FROM signalr_turn').all();
  const shared = rows.filter(({ head }) => JSON.parse(String(head)).c.length === 10);
  const records = shared.map((row) => Buffer.from(row.records as Uint8Array).toString());
  const event = (number: number) => `{"type":1,"target":"Event","arguments":["event ${number}"]}\x1e`;
  expect(records).toEqual([0, 1, 2, 3, 4].map(event));
  expect(database.prepare('SELECT count(*) AS sessions FROM signalr_session').get()).toEqual({ sessions: 10 });
});

test('what was acknowledged is removed in ranges, and all of it with the last connection', async () => {
  const url = `${worker.url}/room-sr-one`;
  const client = await OfficialClient.connect(url, { stateful: true, events: ['Event'] });
  // The client acknowledges once a second.
  for (let number = 0; number < 60; number += 1) {
    await fetch(url, { method: 'POST', body: `event ${number}` });
    await client.events.next();
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  const other = await OfficialClient.connect(url, { events: ['Ended'] });
  const id = client.connection.connectionId;
  await client.stop();
  await expect(other.events.next()).resolves.toEqual(['Ended', id]);
  const database = await storage();
  const count = (table: string) => database.prepare(`SELECT count(*) AS rows FROM ${table}`).get();
  expect([count('signalr_turn'), count('signalr_session')]).toEqual([{ rows: 0 }, { rows: 0 }]);
});
