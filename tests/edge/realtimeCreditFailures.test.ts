// A voice session whose key's object does not answer spends what it was lent, and no more.

import { expect, test } from 'vitest';
import { flaky } from '../harness/flakyObjects.ts';
import { OpenAiProvider, usage } from '../harness/realtime/openAiProvider.ts';
import { running } from '../harness/realtime/providerDouble.ts';
import { VoiceClient, voiceKey } from '../harness/realtime/voiceClient.ts';

const MODEL_PRICES = JSON.stringify({ 'gpt-realtime': { inputTextPerMillion: '10' } });
const provider = running(new OpenAiProvider());
const front = flaky(Object.assign(provider.vars, { MODEL_PRICES }));

test('it hears no answer beyond its credit, and ends when nobody lends it more', { timeout: 30_000 }, async () => {
  const key = await voiceKey(front, { budget: { limit: '0.8' } });
  const client = await VoiceClient.connect(front, key);
  const connection = await provider.next();
  await client.hear('session.created');
  await front.break(key, 'throws');
  // A report costs 0.01, and an eighth of the budget is lent.
  for (let count = 0; count < 50; count++) provider.beginAnswer(connection).end(usage(1_000, 0));
  await expect(client.closed).resolves.toEqual({ code: 1012, reason: 'service restart' });
  expect(client.events.all.filter(({ type }) => type === 'response.done')).toHaveLength(10);
});
