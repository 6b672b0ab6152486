// A voice session over OpenAI: the official client and raw ones, against a provider that speaks OpenAI's protocol.

import { connect, type NetConnectOpts } from 'node:net';
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import { expect, test } from 'vitest';
import { within } from '../harness/deadline.ts';
import { edge } from '../harness/edge.ts';
import { audio, OpenAiProvider, usage } from '../harness/realtime/openAiProvider.ts';
import { running } from '../harness/realtime/providerDouble.ts';
import { VoiceClient, voiceKey } from '../harness/realtime/voiceClient.ts';

const provider = running(new OpenAiProvider());
const front = edge({ vars: provider.vars });

test('the official client has a turn: it asks in words and is answered in sound', async () => {
  const { key } = await voiceKey(front);
  const openai = new OpenAI({ apiKey: key, baseURL: `${front.url}/v1` });
  // It insists on TLS, which nothing on this machine speaks: the same bytes go without.
  const createConnection = (options: NetConnectOpts) => connect({ ...options, path: undefined } as NetConnectOpts);
  const client = new OpenAIRealtimeWS({ model: 'gpt-realtime', options: { createConnection } as object }, openai);
  const types: string[] = [];
  const errors: Error[] = [];
  client.on('event', ({ type }) => types.push(type));
  client.on('error', (error) => errors.push(error));
  const heard: string[] = [];
  client.on('response.output_audio.delta', ({ delta }) => heard.push(delta));
  const done = new Promise<any>((resolve) => client.on('response.done', resolve));

  await within(new Promise((resolve) => client.on('session.created', resolve)), 'session.created');
  client.send({ type: 'session.update', session: { type: 'realtime', instructions: 'Be brief.' } });
  const content = [{ type: 'input_text' as const, text: 'What is up?' }];
  client.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } });
  client.send({ type: 'response.create' });

  const connection = await provider.next();
  await connection.hear('response.create');
  const answer = provider.beginAnswer(connection);
  answer.say('Not ', 100);
  answer.say('much.', 200);
  answer.end(usage(20, 6));
  const { response } = await within(done, 'response.done');
  expect(response).toMatchObject({ status: 'completed', usage: { total_tokens: 26 } });
  expect(Buffer.concat(heard.map((delta) => Buffer.from(delta, 'base64')))).toEqual(audio(300));
  expect(types.filter((type) => type.startsWith('response.'))).toEqual([
    'response.created',
    'response.output_item.added',
    'response.content_part.added',
    'response.output_audio_transcript.delta',
    'response.output_audio.delta',
    'response.output_audio_transcript.delta',
    'response.output_audio.delta',
    'response.output_audio.done',
    'response.output_audio_transcript.done',
    'response.content_part.done',
    'response.output_item.done',
    'response.done',
  ]);
  expect(errors).toEqual([]);
  client.close();
  await expect(connection.closed).resolves.toMatchObject({ code: 1000 });
});

test('what the user says arrives whole, and the answer to it', async () => {
  const client = await VoiceClient.connect(front, await voiceKey(front));
  await client.hear('session.created');
  const connection = await provider.next();
  const spoken = Buffer.from(Array.from({ length: 48_000 }, (_, index) => index % 251));
  for (let start = 0; start < spoken.length; start += 4_800) {
    const chunk = spoken.subarray(start, start + 4_800).toString('base64');
    client.send({ type: 'input_audio_buffer.append', audio: chunk });
  }
  const received: Buffer[] = [];
  while (Buffer.concat(received).length < spoken.length) {
    received.push(Buffer.from((await connection.hear('input_audio_buffer.append')).audio, 'base64'));
  }
  expect(Buffer.concat(received).equals(spoken)).toBe(true);
  provider.hearUser(connection);
  const answer = provider.beginAnswer(connection);
  answer.say('I hear you.', 100);
  answer.end(usage(5, 5));
  await client.hear('input_audio_buffer.speech_started');
  await client.hear('input_audio_buffer.committed');
  await client.hear('response.done');
  client.leave();
});

test('a message of a megabyte goes through whole, and one more byte ends the session', async () => {
  const client = await VoiceClient.connect(front, await voiceKey(front));
  const connection = await provider.next();
  const frame = JSON.stringify({ type: 'input_audio_buffer.append', audio: '' }).length;
  const bytes = Math.floor((1_048_576 - frame) / 4) * 3;
  const large = Buffer.alloc(bytes - (bytes % 2), 7);
  client.send({ type: 'input_audio_buffer.append', audio: large.toString('base64') });
  const { audio: received } = await connection.hear('input_audio_buffer.append');
  expect(Buffer.from(received, 'base64').equals(large)).toBe(true);
  client.socket.send(' '.repeat(1_048_577));
  await expect(client.hear('error')).resolves.toMatchObject({ error: { code: 'message_too_big' } });
  await expect(client.closed).resolves.toMatchObject({ code: 1009 });
  await expect(connection.closed).resolves.toMatchObject({ code: 1000 });
});

test('a provider that hangs up ends the session, and one that refuses is said so', async () => {
  const client = await VoiceClient.connect(front, await voiceKey(front));
  const connection = await provider.next();
  await client.hear('session.created');
  connection.socket.close(1011, 'out of order');
  await expect(client.hear('error')).resolves.toMatchObject({ error: { code: 'provider_error' } });
  await expect(client.closed).resolves.toMatchObject({ code: 1011 });

  provider.refusal = { status: 401, body: { error: { message: 'Incorrect API key provided: sk-a' } } };
  const other = await VoiceClient.connect(front, await voiceKey(front));
  const { error } = await other.hear('error');
  expect(error).toMatchObject({ code: 'provider_unavailable' });
  expect(JSON.stringify(error)).not.toContain('sk-a');
  await expect(other.closed).resolves.toMatchObject({ code: 1011 });
});
