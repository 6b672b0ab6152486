// Stateful reconnect, byte by byte: what is counted, acknowledged, replayed, and kept where.

import { type HubMessage, MessageType } from '@microsoft/signalr';
import { describe, expect, test } from 'vitest';
import { handshake, invocation } from '../harness/protocol.ts';
import { RawClient } from '../harness/rawClient.ts';
import { type Room, testWorker } from '../harness/testWorker.ts';

const worker = testWorker();

const SEQUENCE = 9 as MessageType;
const ACK = 8 as MessageType;

const sequence = (sequenceId: number) => ({ type: SEQUENCE, sequenceId }) as unknown as HubMessage;
const ack = (sequenceId: number) => ({ type: ACK, sequenceId }) as unknown as HubMessage;

/** A connection that can be resumed: its token, its id, and the socket it has now. */
async function connect(room: Room, version = 2): Promise<{ url: string; id: string; client: RawClient }> {
  const query = 'negotiateVersion=1&useStatefulReconnect=true';
  const response = await fetch(`${room.url}/negotiate?${query}`, { method: 'POST' });
  const answer = (await response.json()) as Record<string, string>;
  expect(answer.useStatefulReconnect).toBe(true);
  const url = `${room.url}?id=${answer.connectionToken}`;
  const client = await RawClient.open(url);
  client.send(handshake('json', version));
  await client.handshakeAnswer('json');
  return { url, id: String(answer.connectionId), client };
}

/** A new socket of the same connection. */
async function resume(url: string): Promise<RawClient> {
  const client = await RawClient.open(url);
  client.speak('json');
  return client;
}

const isCompletion = (record: HubMessage) => record.type === MessageType.Completion;

describe('a stateful connection', () => {
  test('is answered first with the number of the oldest message that it has not acknowledged', async () => {
    const { url, client } = await connect(worker.room('sr'));
    await client.invoke('Echo', '1');
    await client.invoke('Echo', '2');
    client.sendRecords(ack(1));
    await client.invoke('Echo', '3');
    await client.kill();
    const again = await resume(url);
    await expect(again.records.next()).resolves.toMatchObject({ type: 9, sequenceId: 2 });
    again.sendRecords(sequence(4));
    await expect(again.records.take(2)).resolves.toMatchObject([{ result: '2' }, { result: '3' }]);
    await again.kill();
  });

  test('survives the sleep of its object, with its socket and without', async () => {
    const room = worker.room('sr');
    const { url, id, client } = await connect(room);
    await client.invoke('Join', 'g');
    await room.sleep();
    await expect(client.invoke('Id')).resolves.toBe(id);
    await client.kill();
    await room.publish('while it was away');
    const again = await resume(url);
    await again.records.find('the sequence', (record) => record.type === SEQUENCE);
    again.sendRecords(sequence(3));
    await expect(again.event('Event')).resolves.toEqual(['while it was away']);
    await expect(again.invoke('Tell', 'g', 'still a member')).resolves.toBe(1);
    await again.kill();
  });

  test('drops what it has received before, and tells how far it is', async () => {
    const room = worker.room('sr');
    const { url, client } = await connect(room);
    await client.invoke('Join', 'g');
    await client.records.find('the acknowledgement', (record) => record.type === ACK);
    await client.kill();
    const again = await resume(url);
    await again.records.find('the sequence', (record) => record.type === SEQUENCE);
    // The first was received; the second was not.
    again.sendRecords(sequence(1), invocation('Join', ['g'], 'raw-0'), invocation('Tell', ['g', 'once'], 't'));
    await expect(again.completion('t')).resolves.toMatchObject({ result: 1 });
    expect(again.records.all.filter(isCompletion).length).toBeLessThanOrEqual(2);
    await again.kill();
  });

  test('ends where the client has lost messages', async () => {
    const { url, client } = await connect(worker.room('sr'));
    await client.kill();
    const again = await resume(url);
    again.sendRecords(sequence(5));
    const close = await again.records.find('the close', (record) => record.type === MessageType.Close);
    expect(close).toMatchObject({ error: 'Connection closed with an error.', allowReconnect: true });
    await again.end();
  });

  test('gives way to a newer socket of its own', async () => {
    const { url, id, client } = await connect(worker.room('sr'));
    const again = await resume(url);
    await again.records.find('the sequence', (record) => record.type === SEQUENCE);
    again.sendRecords(sequence(1));
    await client.closeFrame();
    await expect(again.invoke('Id')).resolves.toBe(id);
    await again.kill();
  });

  test('ends at once when its client says so', async () => {
    const { url, client } = await connect(worker.room('sr'));
    await client.close(1000);
    await expect(RawClient.refusal(url)).resolves.toMatchObject({ status: 404, body: 'No Connection with that ID' });
  });

  test('is an ordinary one where the handshake is of version 1', async () => {
    const room = worker.room('sr');
    const other = await room.official({ events: ['Ended'] });
    const { url, id, client } = await connect(room, 1);
    await client.kill();
    await expect(other.events.next()).resolves.toEqual(['Ended', id]);
    await expect(RawClient.refusal(url)).resolves.toMatchObject({ status: 404 });
    await other.stop();
  });
});
