// The voice sessions that go on: who sees them, and who ends them.

import { expect, test } from 'vitest';
import { edge, type Key } from '../harness/edge.ts';
import type { Event } from '../harness/officialClient.ts';
import { OpenAiProvider } from '../harness/realtime/openAiProvider.ts';
import { running } from '../harness/realtime/providerDouble.ts';
import { countedSessions, VoiceClient, voiceKey } from '../harness/realtime/voiceClient.ts';

const provider = running(new OpenAiProvider());
const front = edge({ vars: provider.vars });

interface Changed {
  virtualKeyId: string;
  connectionId: string;
  state: string;
}

interface Connections {
  virtualKeyId: string;
  activeConnections: { connectionId: string }[];
}

const own = (key: Key) => front.read<Connections>(key, '/v1/realtime/connections');

async function called(key: Key): Promise<VoiceClient> {
  const client = await VoiceClient.connect(front, key);
  await client.hear('session.created');
  return client;
}

const end = (key: Key, id: string) =>
  fetch(`${front.url}/v1/realtime/connections/${id}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${key.key}` },
  });

test('an owner sees the sessions of the key, and ends them', async () => {
  const [key, other] = [await voiceKey(front), await voiceKey(front)];
  const [client, foreign] = [await called(key), await called(other)];
  const { virtualKeyId, activeConnections } = await own(key);
  expect(virtualKeyId).toBe(key.id);
  expect(activeConnections).toEqual([
    {
      connectionId: expect.any(String),
      model: 'gpt-realtime',
      provider: 'openai',
      connectedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      state: 'Active',
    },
  ]);
  const id = activeConnections[0]?.connectionId as string;
  expect((await end(other, id)).status).toBe(404);
  expect((await end(key, 'nobody')).status).toBe(404);
  expect((await end(key, id)).status).toBe(204);
  await expect(client.closed).resolves.toEqual({ code: 1000, reason: 'Connection terminated by user' });
  await expect(own(key)).resolves.toMatchObject({ activeConnections: [] });
  expect((await own(other)).activeConnections).toHaveLength(1);
  foreign.leave();
});

test('an operator sees those of all keys, page by page, and ends them', async () => {
  const keys = [await voiceKey(front), await voiceKey(front)];
  const clients = [await called(keys[0] as Key), await called(keys[1] as Key)];
  const listed: { virtualKeyId: string; connectionId: string }[] = [];
  let after = '';
  do {
    const page = await front.admin('GET', `/v1/admin/realtime/sessions?limit=1&after=${after}`);
    const { items, next } = (await page.json()) as { items: typeof listed; next?: string };
    expect(items).toHaveLength(1);
    listed.push(...items);
    after = next ?? '';
  } while (after !== '');
  expect(await countedSessions(front)).toBe(listed.length);
  for (const [index, key] of keys.entries()) {
    const id = listed.find(({ virtualKeyId }) => virtualKeyId === key.id)?.connectionId;
    const ended = await front.admin('DELETE', `/v1/admin/realtime/sessions/${id}`);
    expect(ended.status).toBe(204);
    await expect(clients[index]?.hear('error')).resolves.toMatchObject({ error: { code: 'session_ended' } });
    await expect(clients[index]?.closed).resolves.toMatchObject({ code: 1008 });
  }
  expect((await front.admin('DELETE', '/v1/admin/realtime/sessions/nobody')).status).toBe(404);
});

test('operators who follow a key are told when a session begins and ends', async () => {
  const key = await voiceKey(front);
  const operator = await front.officialMaster('admin-notifications', [
    'RealtimeSessionChanged',
    'SubscribedToVirtualKey',
  ]);
  await operator.invoke('SubscribeToVirtualKey', key.id);
  const told = async (state: string) => {
    const isIt = ([name, changed]: Event) => name === 'RealtimeSessionChanged' && (changed as Changed).state === state;
    const [, changed] = await operator.events.find(state, isIt);
    return changed as Changed;
  };
  const client = await called(key);
  const begun = await told('Active');
  expect(begun.virtualKeyId).toBe(key.id);
  client.leave();
  expect((await told('Closed')).connectionId).toBe(begun.connectionId);
  await operator.stop();
});
