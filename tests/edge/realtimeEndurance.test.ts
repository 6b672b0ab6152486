// Sessions that go on: storms of pings, connections that a provider gives up, usage that comes whenever it comes, and
// providers that take their time.

import { describe, expect, test } from 'vitest';
import { edge } from '../harness/edge.ts';
import { called } from '../harness/realtime/call.ts';
import { runningLines } from '../harness/realtime/lines.ts';
import { audio, usage } from '../harness/realtime/openAiProvider.ts';
import type { ProviderConnection } from '../harness/realtime/providerServer.ts';

const vars: Record<string, string> = {};
const lines = runningLines(vars);
const front = edge({ vars });
const { openai, elevenlabs, gemini } = lines;

test('a storm of pings is answered, ping by ping, and no client hears of it', async () => {
  const { client, call } = await called(front, elevenlabs);
  const heard = client.client.events.all.length;
  await elevenlabs.provider.ping(call.connection, 500);
  expect(client.client.events.all).toHaveLength(heard);
  call.begin('Hello.', audio(100));
  call.end();
  expect(await client.ear.turns.next()).toMatchObject({ status: 'completed', said: 'Hello.' });
  client.leave();
});

test('what older sockets do not announce is the end of a turn half a second after its sound', async () => {
  const { client, call } = await called(front, elevenlabs);
  call.begin('Hello.', audio(100));
  expect(await client.ear.turns.next()).toMatchObject({ status: 'completed', said: 'Hello.' });
  client.leave();
});

describe('Gemini gives up its connection', () => {
  const goAway = (connection: ProviderConnection) => gemini.provider.tell(connection, { goAway: { timeLeft: '50s' } });

  test('between two turns: the session goes on over another', async () => {
    const { client, call } = await called(front, gemini);
    goAway(call.connection);
    const next = await gemini.provider.next();
    const { setup } = await next.hearMember('setup');
    expect(setup.sessionResumption.handle).toMatch(/^handle_/);
    expect(setup.systemInstruction.parts[0].text).toBe('Be brief.');
    await expect(call.connection.closed).resolves.toMatchObject({ code: 1000 });
    const later = gemini.provider.converse(next);
    client.speak(300);
    await later.hearSpeech();
    later.understand('Are you there?');
    later.begin('Yes.', audio(100));
    later.end();
    expect(await client.ear.turns.next()).toMatchObject({ status: 'completed', said: 'Yes.' });
    expect(client.ear.errors.all).toEqual([]);
    client.leave();
  });

  test('in the middle of one: the answer is heard to its end first', async () => {
    const { client, call } = await called(front, gemini);
    call.begin('Let me', audio(200));
    await client.ear.sounds.next();
    goAway(call.connection);
    call.goOn(' finish.', audio(200));
    const turn = await client.ear.turns.next();
    expect(turn).toMatchObject({ status: 'completed', said: 'Let me finish.' });
    expect(turn.sound).toHaveLength(audio(400).length);
    await (await gemini.provider.next()).hearMember('setup');
    expect(client.ear.errors.all).toEqual([]);
    client.leave();
  });

  test('without a word: the session goes on over another', async () => {
    const { client, call } = await called(front, gemini);
    call.connection.socket.terminate();
    const connection = await gemini.provider.next();
    await connection.hearMember('setup');
    const next = gemini.provider.converse(connection);
    next.begin('Here I am again.', audio(100));
    next.end();
    expect(await client.ear.turns.next()).toMatchObject({ status: 'completed', said: 'Here I am again.' });
    client.leave();
  });

  test('and it cannot be resumed: the client is told how long is left', async () => {
    gemini.provider.isResumable = false;
    try {
      const { client, call } = await called(front, gemini);
      goAway(call.connection);
      expect(await client.ear.errors.next()).toBe('session_expiring');
      call.begin('Hurry.', audio(100));
      call.end();
      expect(await client.ear.turns.next()).toMatchObject({ status: 'completed' });
      client.leave();
    } finally {
      gemini.provider.isResumable = true;
    }
  });
});

test('OpenAI’s last minute is announced', async () => {
  openai.provider.lastsSeconds = 50;
  try {
    const { client } = await called(front, openai);
    expect(await client.ear.errors.next()).toBe('session_expiring');
    client.leave();
  } finally {
    openai.provider.lastsSeconds = 3_600;
  }
});

describe('usage', () => {
  const tokens = { promptTokenCount: 30, responseTokenCount: 20, totalTokenCount: 50 };

  const end = { serverContent: { turnComplete: true } };

  test.each<[string, object[], number | undefined]>([
    ['before the end', [{ usageMetadata: tokens }, end], 50],
    ['with the end', [{ ...end, usageMetadata: tokens }], 50],
    ['after the end', [end, { usageMetadata: tokens }], 50],
    ['never', [end], undefined],
  ])('%s is that of the response', async (_, messages, expected) => {
    const { client, call } = await called(front, gemini);
    call.begin('Hello.', audio(100));
    for (const message of messages) gemini.provider.tell(call.connection, message);
    const { response } = await client.client.hear('response.done');
    expect(response.usage?.total_tokens).toBe(expected);
    client.leave();
  });

  test('of OpenAI is passed on', async () => {
    const { client, call } = await called(front, openai);
    const answer = openai.provider.beginAnswer(call.connection);
    answer.say('Hello.', 100);
    answer.end(usage(7, 8));
    const { response } = await client.client.hear('response.done');
    expect(response.usage).toMatchObject({ input_tokens: 7, output_tokens: 8 });
    client.leave();
  });

  test('that is counted in seconds is metered', async () => {
    const { client, call } = await called(front, elevenlabs);
    client.speak(1_000);
    for (let heard = 0; heard < 10; heard += 1) await call.hearSpeech();
    call.understand('Hello');
    call.begin('Hello.', audio(500));
    call.end();
    const { response } = await client.client.hear('response.done');
    expect(JSON.parse(response.metadata.gateway_usage)).toEqual({ audio_in_s: 1, audio_out_s: 0.5 });
    client.leave();
  });
});
