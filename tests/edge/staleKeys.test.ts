// What the registry tells a key's object may come late, or twice: what is older than what the object knows changes nothing.

import { describe, expect, test } from 'vitest';
import type { Key } from '../harness/edge.ts';
import { flaky } from '../harness/flakyObjects.ts';

const front = flaky();

/** What is said of a key: its record, or none for a deleted one. */
function tell(key: Key, record: object | null, revision: number): Promise<null> {
  return front.ask(key, '/apply', { record, revision });
}

/** The actions in the trail of a key's object, which goes with the object's data. */
async function trail(key: Key): Promise<string[]> {
  const entries = await front.ask<{ action: string }[]>(key, '/audit', { before: null, limit: 100 });
  return entries.map(({ action }) => action);
}

/** A key with something in its object, and its record as the registry has it. */
async function usedKey(): Promise<[Key, object]> {
  const key = await front.createKey();
  await (await front.raw(key)).close(1000);
  const read = await front.admin('GET', `/v1/admin/keys/${key.id}`);
  const { connections: _, currentSpend: __, ...record } = (await read.json()) as Record<string, unknown>;
  return [key, record];
}

describe('of a key', () => {
  test('an older record does not bring a deleted one back, nor erase what is kept of it', async () => {
    const [key, record] = await usedKey();
    await front.admin('DELETE', `/v1/admin/keys/${key.id}`);
    await tell(key, record, 1);
    await expect(trail(key)).resolves.toContain('connection.opened');
    await expect(front.ask(key, '/spend', {})).resolves.toBeNull();
  });

  test('an older deletion does not end one that is there', async () => {
    const [key] = await usedKey();
    const client = await front.raw(key);
    await tell(key, null, 1);
    await expect(client.invoke('GetResumeToken')).resolves.toBeTruthy();
    await expect(trail(key)).resolves.toContain('connection.opened');
    await client.close(1000);
  });

  test('a newer record of the same id begins with nothing of the deleted one', async () => {
    const [key, record] = await usedKey();
    await front.admin('DELETE', `/v1/admin/keys/${key.id}`);
    await tell(key, record, Date.now() * 2);
    await expect(trail(key)).resolves.toEqual([]);
    await expect(front.ask(key, '/spend', {})).resolves.toMatchObject({ currentSpend: 0 });
  });
});
