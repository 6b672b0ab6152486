// What a voice session costs: told while it goes on, exact at its end, and never more than a budget for long.

import { expect, test } from 'vitest';
import { eventually } from '../harness/deadline.ts';
import { edge, type Key } from '../harness/edge.ts';
import { OpenAiProvider, usage } from '../harness/realtime/openAiProvider.ts';
import { type ProviderConnection, running } from '../harness/realtime/providerDouble.ts';
import { VoiceClient, voiceKey } from '../harness/realtime/voiceClient.ts';
import { readSpend, SpendClient } from '../harness/spend.ts';

const PRICES = { inputTextPerMillion: '10', outputAudioPerMillion: '60', outputTextPerMillion: '30' };

const provider = running(new OpenAiProvider());
const MODEL_PRICES = JSON.stringify({ 'gpt-realtime': PRICES });
const front = edge({ vars: Object.assign(provider.vars, { MODEL_PRICES }) });

async function call(key: Key): Promise<{ client: VoiceClient; connection: ProviderConnection }> {
  const client = await VoiceClient.connect(front, key);
  const connection = await provider.next();
  await client.hear('session.created');
  return { client, connection };
}

const spent = (key: Key, amount: number) =>
  eventually(
    `${amount} spent`,
    () => readSpend(front, key),
    ({ currentSpend }) => currentSpend === amount,
  );

test('an answer is on the spend hub while the call goes on', async () => {
  const key = await voiceKey(front);
  const listener = await SpendClient.connect(front, key);
  const { client, connection } = await call(key);
  const answer = provider.beginAnswer(connection);
  answer.say('Hello.', 500);
  answer.end(usage(1_000, 500));
  await client.hear('response.done');
  // 1,000 tokens of text at 10 a million, 500 of audio at 60 a million.
  await expect(listener.nextUpdate()).resolves.toMatchObject({
    currentSpend: 0.04,
    delta: 0.04,
    provider: 'openai',
    model: 'gpt-realtime',
  });
  expect(client.socket.readyState).toBe(client.socket.OPEN);
  client.leave();
  await listener.stop();
});

test('a caller that hangs up in the middle of an answer pays what the provider reports of it', async () => {
  const key = await voiceKey(front);
  const { client, connection } = await call(key);
  const answer = provider.beginAnswer(connection);
  answer.say('This will take a while', 1_000);
  await client.hear('response.output_audio.delta');
  client.leave();
  await connection.hear('response.cancel');
  answer.end(usage(2_000, 1_000), 'cancelled');
  await spent(key, 0.08);
  await expect(connection.closed).resolves.toMatchObject({ code: 1000 });
});

test('a session ends when an answer has spent the budget, and no other begins', async () => {
  const key = await voiceKey(front, { budget: { limit: '0.05' } });
  const { client, connection } = await call(key);
  for (const tokens of [500, 500]) {
    const answer = provider.beginAnswer(connection);
    answer.say('Dear words.', 200);
    answer.end(usage(0, tokens));
  }
  await expect(client.hear('error')).resolves.toMatchObject({ error: { code: 'budget_exceeded' } });
  await expect(client.closed).resolves.toEqual({ code: 1008, reason: 'budget exceeded' });
  await spent(key, 0.06);
  const refusal = await VoiceClient.refused(front, { headers: { authorization: `Bearer ${key.key}` } });
  expect(refusal.status).toBe(429);
});
