// Places for voice sessions: counted exactly, and free the moment that a session is over, however it ends.

import { describe, expect, test } from 'vitest';
import { eventually } from '../harness/deadline.ts';
import { edge, type Key } from '../harness/edge.ts';
import { OpenAiProvider } from '../harness/realtime/openAiProvider.ts';
import { running } from '../harness/realtime/providerDouble.ts';
import { countedSessions, VoiceClient, voiceKey } from '../harness/realtime/voiceClient.ts';

const provider = running(new OpenAiProvider());
const front = edge({ vars: Object.assign(provider.vars, { REALTIME_MAX_TOTAL: '12' }) });

const STARTS = 50;

/** Starts as many sessions at once as may be asked for, and gives those that there are. */
async function race(keys: Key[]): Promise<VoiceClient[]> {
  const starts = Array.from({ length: STARTS }, async (_, index) => {
    const key = keys[index % keys.length] as Key;
    const options = { headers: { authorization: `Bearer ${key.key}` } };
    return VoiceClient.open(front, options).catch(() => undefined);
  });
  return (await Promise.all(starts)).filter((client) => client !== undefined);
}

/** Waits until nobody has a session. */
async function none(clients: VoiceClient[]): Promise<void> {
  for (const client of clients) client.leave();
  await eventually(
    'no session',
    () => countedSessions(front),
    (count) => count === 0,
  );
}

describe('of fifty that start at once', () => {
  test('a key has five', async () => {
    const clients = await race([await voiceKey(front)]);
    expect(clients).toHaveLength(5);
    await expect(countedSessions(front)).resolves.toBe(5);
    await none(clients);
  });

  test('a key has as many as it has a figure for', async () => {
    const clients = await race([await voiceKey(front, { limits: { realtimeSessions: 3 } })]);
    expect(clients).toHaveLength(3);
    await none(clients);
  });

  test('all keys together have as many as the system may have', async () => {
    const keys = await Promise.all(Array.from({ length: 10 }, () => voiceKey(front)));
    const clients = await race(keys);
    expect(clients).toHaveLength(12);
    const refusal = await VoiceClient.refused(front, { headers: { authorization: `Bearer ${keys[0]?.key}` } });
    expect(refusal).toMatchObject({ status: 429, body: { detail: expect.stringContaining('12 realtime sessions') } });
    await none(clients);
  });
});

describe('a place is free again', () => {
  const one = { limits: { realtimeSessions: 1 } };

  /** Whether the only place of a key is free. */
  async function isFree(key: Key): Promise<boolean> {
    const headers = { authorization: `Bearer ${key.key}` };
    const client = await VoiceClient.open(front, { headers }).catch(() => undefined);
    client?.leave();
    return client !== undefined;
  }

  test.each<[string, (client: VoiceClient) => void]>([
    ['the client leaves', (client) => client.leave()],
    ['the client is cut off', (client) => client.socket.terminate()],
    ['the client says too much', (client) => client.socket.send(' '.repeat(1_048_577))],
  ])('when %s', async (_, end) => {
    const key = await voiceKey(front, one);
    const client = await VoiceClient.connect(front, key);
    await client.hear('session.created');
    expect(await isFree(key)).toBe(false);
    end(client);
    await eventually(
      'a free place',
      () => isFree(key),
      (free) => free,
    );
  });

  test('while its object sleeps in between', async () => {
    const key = await voiceKey(front, one);
    const client = await VoiceClient.connect(front, key);
    await client.hear('session.created');
    await front.sleep(key);
    expect(await isFree(key)).toBe(false);
    client.leave();
    await eventually(
      'a free place',
      () => isFree(key),
      (free) => free,
    );
  });
});

describe('a session ends at once', () => {
  test.each<[string, string | undefined, number, string, (key: Key) => Promise<unknown>]>([
    ['its key is disabled', 'key_disabled', 1008, '', (key) => front.patchKey(key, { enabled: false })],
    ['its key is deleted', 'key_disabled', 1008, '', (key) => front.admin('DELETE', `/v1/admin/keys/${key.id}`)],
    ['its key loses realtime', 'key_disabled', 1008, '', (key) => front.patchKey(key, { realtime: false })],
    [
      'its budget is spent',
      'budget_exceeded',
      1008,
      'budget exceeded',
      (key) => front.tell(key, 'SpendRecorded', { amount: 5 }),
    ],
  ])('when %s', async (_, code, close, reason, end) => {
    const key = await voiceKey(front, { budget: { limit: 5 } });
    const client = await VoiceClient.connect(front, key);
    const connection = await provider.next();
    await client.hear('session.created');
    await end(key);
    await expect(client.hear('error')).resolves.toMatchObject({ error: { code } });
    await expect(client.closed).resolves.toEqual({ code: close, reason: expect.stringContaining(reason) });
    await expect(connection.closed).resolves.toMatchObject({ code: 1000 });
  });
});
