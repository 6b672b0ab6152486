// Providers that fall silent, at each step: the client is told, and its session ends. These tests wait as long as the proxy does,
// half a minute, and all of them at once.

import { expect, test } from 'vitest';
import { edge } from '../harness/edge.ts';
import { called } from '../harness/realtime/call.ts';
import { GaClient } from '../harness/realtime/clients/rawClients.ts';
import { runningLines } from '../harness/realtime/lines.ts';
import { audio } from '../harness/realtime/openAiProvider.ts';
import { voiceKey } from '../harness/realtime/voiceClient.ts';

const vars: Record<string, string> = {};
const lines = runningLines(vars);
const front = edge({ vars });
const { openai, ultravox } = lines;

test('a provider that falls silent ends its session with 1011 and a reason', async () => {
  const sessions: GaClient[] = [];
  // In the middle of an answer.
  for (const line of [openai, lines['elevenlabs-realtime']]) {
    const { client, call } = await called(front, line);
    call.begin('Once upon', audio(200));
    sessions.push(client);
  }
  await Promise.all(sessions.map(({ ear }) => ear.sounds.next()));
  // Before it listens.
  ultravox.provider.gate = new Promise(() => {});
  const waiting = await GaClient.connect(front, await voiceKey(front), ultravox.model);
  waiting.configure({ instructions: 'Be brief.' });
  sessions.push(waiting);
  const ends = await Promise.all(sessions.map(({ client }) => client.closed));
  expect(ends.map(({ code }) => code)).toEqual([1011, 1011, 1011]);
  for (const { ear } of sessions) expect(ear.errors.all).toEqual(['provider_timeout']);
});
