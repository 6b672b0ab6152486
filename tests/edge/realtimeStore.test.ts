// Past voice sessions: what each was, for the key's owner and the operator, and what the provider says only later.

import { expect, test } from 'vitest';
import { eventually } from '../harness/deadline.ts';
import { edge, type Key } from '../harness/edge.ts';
import { audio, OpenAiProvider, usage } from '../harness/realtime/openAiProvider.ts';
import { running } from '../harness/realtime/providerDouble.ts';
import { ULTRAVOX_KEY, UltravoxProvider } from '../harness/realtime/ultravoxProvider.ts';
import { VoiceClient, voiceKey } from '../harness/realtime/voiceClient.ts';
import { readSpend } from '../harness/spend.ts';

const MODEL_PRICES = JSON.stringify({
  'gpt-realtime': { inputTextPerMillion: '10', outputAudioPerMillion: '60' },
  voice: { sessionPerMinute: '60' },
});

const ultravox = running(new UltravoxProvider());
const openai = running(
  new (class extends OpenAiProvider {
    override async start(): Promise<void> {
      await super.start();
      const providers = JSON.parse(this.vars.REALTIME_PROVIDERS ?? '{}');
      this.vars.REALTIME_PROVIDERS = JSON.stringify({ ...providers, ultravox: ultravox.settings(['voice']) });
    }
  })(),
);
const secrets = { PROVIDER_KEY_ULTRAVOX: ULTRAVOX_KEY };
const front = edge({ vars: Object.assign(openai.vars, secrets, { MODEL_PRICES, REALTIME_MAX_TOTAL: '3' }) });

interface PastSession {
  connectionId: string;
  endReason: string;
  cost: number;
  figures?: Record<string, number>;
}

interface PastSessions {
  items: PastSession[];
  next?: string;
}

/** The sessions of a key, once so many of them are complete. */
async function sessions(key: Key, count: number): Promise<PastSession[]> {
  const { items } = await eventually(
    `${count} past sessions`,
    () => front.read<PastSessions>(key, '/v1/realtime/sessions'),
    ({ items }) => items.filter((item) => item.figures !== undefined).length === count,
  );
  return items;
}

/** Begins a call that has a session, and has it left. */
async function shortCall(key: Key): Promise<void> {
  const client = await VoiceClient.connect(front, key);
  await openai.next();
  await client.hear('session.created');
  client.leave();
  await client.closed;
}

test('a session is kept with what was said in it, what it cost and why it ended', async () => {
  const key = await voiceKey(front);
  const client = await VoiceClient.connect(front, key);
  const connection = await openai.next();
  await client.hear('session.created');
  client.send({ type: 'input_audio_buffer.append', audio: audio(600).toString('base64') });
  await connection.hear('input_audio_buffer.append');
  openai.hearUser(connection);
  const answer = openai.beginAnswer(connection);
  answer.say('Hello.', 400);
  answer.end(usage(1_000, 500));
  await client.hear('response.done');
  await expect(front.read<PastSessions>(key, '/v1/realtime/sessions')).resolves.toEqual({ items: [] });
  client.leave();

  const [session] = await sessions(key, 1);
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(session).toEqual({
    connectionId: expect.any(String),
    model: 'gpt-realtime',
    provider: 'openai',
    startedAt: time,
    endedAt: time,
    endReason: 'client_left',
    cost: 0.04,
    figures: {
      turns: 1,
      interruptions: 0,
      toolCalls: 0,
      inputTokens: 1_000,
      outputTokens: 500,
      durationMillis: expect.any(Number),
      inputAudioMillis: 600,
      userTalkMillis: 500,
      agentTalkMillis: 400,
      meanAnswerDelayMillis: expect.any(Number),
      longestAnswerDelayMillis: expect.any(Number),
    },
    recorded: false,
  });
  const audit = (await (await front.admin('GET', `/v1/admin/keys/${key.id}/audit`)).json()) as any;
  const about = { actor: session?.connectionId, subject: 'gpt-realtime' };
  expect(audit.items.slice(0, 2)).toMatchObject([
    { ...about, action: 'realtime.ended', reason: 'client_left' },
    { ...about, action: 'realtime.begun' },
  ]);
});

test('sessions are listed page by page, the last one first, for the operator too', async () => {
  const [key, other] = [await voiceKey(front), await voiceKey(front)];
  for (let count = 0; count < 3; count++) await shortCall(key);
  const all = await sessions(key, 3);
  const first = await front.read<PastSessions>(key, '/v1/realtime/sessions?limit=2');
  expect(first.items).toEqual(all.slice(0, 2));
  const path = `/v1/realtime/sessions?limit=2&after=${first.next}`;
  await expect(front.read<PastSessions>(key, path)).resolves.toEqual({ items: all.slice(2) });
  const ofKey = await front.admin('GET', `/v1/admin/keys/${key.id}/realtime/sessions`);
  await expect(ofKey.json()).resolves.toEqual({ items: all });
  await expect(front.read<PastSessions>(other, '/v1/realtime/sessions')).resolves.toEqual({ items: [] });
  expect((await fetch(`${front.url}/v1/realtime/sessions`)).status).toBe(401);
});

test.each([
  ['the owner', 'ended_by_owner', (key: Key, id: string) => owned(key, id)],
  [
    'the operator',
    'ended_by_operator',
    (_: Key, id: string) => front.admin('DELETE', `/v1/admin/realtime/sessions/${id}`),
  ],
])('one that %s ended says so', async (_, reason, end) => {
  const key = await voiceKey(front);
  const client = await VoiceClient.connect(front, key);
  await openai.next();
  await client.hear('session.created');
  const { activeConnections } = await front.read<any>(key, '/v1/realtime/connections');
  expect((await end(key, activeConnections[0].connectionId)).status).toBe(204);
  await expect(sessions(key, 1)).resolves.toMatchObject([{ endReason: reason }]);
});

function owned(key: Key, id: string): Promise<Response> {
  const headers = { authorization: `Bearer ${key.key}` };
  return fetch(`${front.url}/v1/realtime/connections/${id}`, { method: 'DELETE', headers });
}

test.each([
  ['more', 4],
  ['less', 0],
])('a provider that says later that it bills %s is believed', { timeout: 40_000 }, async (_, seconds) => {
  ultravox.billedSeconds = seconds;
  const key = await voiceKey(front);
  const client = await VoiceClient.connect(front, key, { query: 'model=voice' });
  client.send({ type: 'session.update', session: { type: 'realtime' } });
  await ultravox.next();
  await client.hear('session.updated');
  client.leave();
  const [before] = await sessions(key, 1);
  expect(before?.cost).toBe((before?.figures?.durationMillis ?? 0) / 1_000);
  // It is asked ten seconds after the end.
  const [after] = await eventually(
    'what the provider bills',
    () => sessions(key, 1),
    ([session]) => session?.figures?.durationMillis === seconds * 1_000,
  );
  expect(after?.cost).toBe(seconds);
  expect(await readSpend(front, key)).toMatchObject({ currentSpend: seconds, requests: 1 });
});

test('one that has no place among those of all keys is not kept', async () => {
  const [key, other] = [await voiceKey(front), await voiceKey(front)];
  const clients: VoiceClient[] = [];
  await eventually(
    'three sessions',
    async () => {
      const headers = { authorization: `Bearer ${key.key}` };
      const client = await VoiceClient.open(front, { headers }).catch(() => undefined);
      if (client !== undefined) clients.push(client);
      return clients.length;
    },
    (count) => count === 3,
  );
  const refusal = await VoiceClient.refused(front, { headers: { authorization: `Bearer ${other.key}` } });
  expect(refusal.status).toBe(429);
  await expect(front.read<PastSessions>(other, '/v1/realtime/sessions')).resolves.toEqual({ items: [] });
  for (const client of clients) client.leave();
  await sessions(key, 3);
  await expect(front.read<PastSessions>(other, '/v1/realtime/sessions')).resolves.toEqual({ items: [] });
});
