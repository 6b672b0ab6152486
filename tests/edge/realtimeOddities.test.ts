// What happens on real lines: telephones, clients that configure nothing, providers that are slow to listen, words that come
// in another order than sound.

import { describe, expect, test } from 'vitest';
import { within } from '../harness/deadline.ts';
import { edge } from '../harness/edge.ts';
import { called } from '../harness/realtime/call.ts';
import { AgentsClient } from '../harness/realtime/clients/agentsClient.ts';
import { GaClient } from '../harness/realtime/clients/rawClients.ts';
import { WEATHER_OUTPUT } from '../harness/realtime/clients/sceneClient.ts';
import { runningLines } from '../harness/realtime/lines.ts';
import { audio } from '../harness/realtime/openAiProvider.ts';
import { voiceKey } from '../harness/realtime/voiceClient.ts';

const vars: Record<string, string> = {};
const lines = runningLines(vars);
const front = edge({ vars });
const { openai, elevenlabs, gemini, ultravox } = lines;

test('a telephone speaks and hears G.711, whatever the provider does', async () => {
  const { client, call } = await called(front, gemini);
  const format = { type: 'audio/pcmu' };
  client.send({
    type: 'session.update',
    session: { type: 'realtime', audio: { input: { format }, output: { format } } },
  });
  // 100 ms of µ-law's silence.
  client.send({ type: 'input_audio_buffer.append', audio: Buffer.alloc(800, 0xff).toString('base64') });
  const isAudio = (sent: any) => sent.realtimeInput?.audio !== undefined;
  const { realtimeInput } = (await call.connection.heard.find('audio', isAudio)) as Record<string, any>;
  expect(realtimeInput.audio.mimeType).toBe('audio/pcm;rate=16000');
  const heard = Buffer.from(realtimeInput.audio.data, 'base64');
  expect(heard.length).toBeGreaterThan(2_500);
  expect(heard.every((byte) => byte === 0)).toBe(true);
  call.begin('Hello.', Buffer.alloc(48 * 500));
  call.end();
  const { sound } = await client.ear.turns.next();
  expect(sound.length).toBeGreaterThan(3_900);
  expect(sound.length).toBeLessThanOrEqual(4_000);
  expect(sound.every((byte) => byte === 0xff)).toBe(true);
  client.leave();
});

describe.each(Object.values(lines))('$name', ({ model, provider }) => {
  test('answers a client that configures nothing', async () => {
    const client = await GaClient.connect(front, await voiceKey(front), model);
    client.speak(300);
    const call = provider.converse(await provider.next());
    await call.hearSpeech();
    call.begin('Hello.', audio(100));
    call.end();
    expect(await client.ear.turns.next()).toMatchObject({ status: 'completed', said: 'Hello.' });
    // It did not ask to read what the user said.
    expect(client.ear.questions.all).toEqual([]);
    client.leave();
  });

  test('hears what was said before it listened', async () => {
    let listen = () => {};
    provider.gate = new Promise<void>((resolve) => {
      listen = resolve;
    });
    const client = await GaClient.connect(front, await voiceKey(front), model);
    client.configure({ instructions: 'Be brief.' });
    client.speak(500);
    client.write('Did you hear me?');
    await client.client.hear('session.created');
    listen();
    const call = provider.converse(await provider.next());
    await call.hearSpeech();
    expect(await call.hearText()).toBe('Did you hear me?');
    call.begin('Yes.', audio(100));
    call.end();
    expect(await client.ear.turns.next()).toMatchObject({ status: 'completed', said: 'Yes.' });
    expect(client.ear.errors.all).toEqual([]);
    client.leave();
  });
});

test('the last word of ElevenLabs on what was really said replaces what was interrupted', async () => {
  const { client, call } = await called(front, elevenlabs);
  call.understand('Tell me a story');
  call.begin('Once upon a time there was a king.', audio(2_000));
  await client.ear.sounds.next();
  call.interrupt();
  await client.ear.turns.next();
  elevenlabs.provider.tell(call.connection, 'agent_response_correction', {
    agent_response_correction_event: {
      original_agent_response: 'Once upon a time there was a king.',
      corrected_agent_response: 'Once upon a time',
      event_id: 9,
    },
  });
  const isCorrected = ({ type, item }: any) =>
    type === 'conversation.item.done' && item.content?.[0]?.transcript === 'Once upon a time';
  const { item } = await client.client.events.find('the correction', isCorrected);
  expect(item).toMatchObject({ role: 'assistant', status: 'incomplete' });
  client.leave();
});

test('Ultravox has said all before it is heard', async () => {
  const { client, call } = await called(front, ultravox);
  call.begin('Hello.', audio(100));
  const transcript = { type: 'transcript', role: 'agent', medium: 'voice', text: 'Hello.', final: true, ordinal: 1 };
  ultravox.provider.tell(call.connection, transcript);
  for (const bytes of [1_001, 1_399]) call.connection.socket.send(Buffer.alloc(bytes));
  ultravox.provider.tell(call.connection, { type: 'state', state: 'listening' });
  const { said, sound } = await client.ear.turns.next();
  expect(said).toBe('Hello.');
  expect(sound).toHaveLength(audio(100).length + 2_400);
  client.leave();
});

test('an answer whose usage is empty has none', async () => {
  const { client, call } = await called(front, openai);
  openai.provider.write(call.connection, 'Hi.', {} as never);
  const { response } = await client.client.hear('response.done');
  expect(response.usage).toBeNull();
  client.leave();
});

test('two functions that are called at once are answered once', async () => {
  const client = await AgentsClient.connect(front, await voiceKey(front), gemini.model);
  const configured = client.configure({ tools: true });
  const call = gemini.provider.converse(await gemini.provider.next());
  await configured;
  client.speak(300);
  await call.hearSpeech();
  call.understand('The weather in Oslo and in Rome?');
  const calls = ['Oslo', 'Rome'].map((city) => ({ id: `fc_${city}`, name: 'get_weather', args: { city } }));
  gemini.provider.tell(call.connection, { toolCall: { functionCalls: calls } });
  gemini.provider.tell(call.connection, { serverContent: { turnComplete: true } });
  expect(await call.hearToolOutput()).toBe(WEATHER_OUTPUT);
  // It goes on when it has them both, before the SDK has asked for the second answer.
  expect(await call.hearToolOutput()).toBe(WEATHER_OUTPUT);
  call.begin('Three degrees in both.', audio(100));
  call.end();
  expect((await client.ear.turns.take(2))[1]).toMatchObject({ status: 'completed', said: 'Three degrees in both.' });
  // The SDK asks when it has heard of the end; what it says next comes after that.
  await new Promise(setImmediate);
  const cleared = new Promise((resolve) => client.session.transport.once('input_audio_buffer.cleared', resolve));
  client.session.transport.sendEvent({ type: 'input_audio_buffer.clear' });
  await within(cleared, 'input_audio_buffer.cleared');
  expect(call.isAskedAgain()).toBe(false);
  expect(client.ear.errors.all).toEqual([]);
  client.leave();
});
