// One client, whichever provider answers: what it hears is OpenAI's protocol.

import { beforeAll, describe, expect, test } from 'vitest';
import { edge } from '../harness/edge.ts';
import { GEMINI_KEY, GeminiProvider } from '../harness/realtime/geminiProvider.ts';
import { audio } from '../harness/realtime/openAiProvider.ts';
import { type ProviderConnection, running } from '../harness/realtime/providerDouble.ts';
import { ULTRAVOX_KEY, UltravoxProvider } from '../harness/realtime/ultravoxProvider.ts';
import { VoiceClient, voiceKey } from '../harness/realtime/voiceClient.ts';

const vars: Record<string, string> = {};
const gemini = running(new GeminiProvider());
const ultravox = running(new UltravoxProvider());

beforeAll(() => {
  vars.REALTIME_PROVIDERS = JSON.stringify({
    gemini: gemini.settings({ 'gemini-voice': 'gemini-live' }),
    ultravox: ultravox.settings({ 'ultravox-voice': 'ultravox-v0.7' }),
  });
  vars.PROVIDER_KEY_GEMINI = GEMINI_KEY;
  vars.PROVIDER_KEY_ULTRAVOX = ULTRAVOX_KEY;
});

const front = edge({ vars });

const USAGE = {
  promptTokenCount: 100,
  responseTokenCount: 40,
  totalTokenCount: 140,
  promptTokensDetails: [{ modality: 'AUDIO', tokenCount: 100 }],
  responseTokensDetails: [{ modality: 'AUDIO', tokenCount: 40 }],
};

interface Case {
  model: string;
  /** Waits until the provider has heard the user. */
  heard(connection: ProviderConnection): Promise<unknown>;
  answer(connection: ProviderConnection): void;
  provider: GeminiProvider | UltravoxProvider;
  tokens: number;
}

const CASES: Record<string, Case> = {
  gemini: {
    model: 'gemini-voice',
    provider: gemini,
    heard: (connection) => connection.hearMember('realtimeInput'),
    answer: (connection) => gemini.answerWith(connection, 'What is up?', 'Not much.', audio(500), USAGE),
    tokens: 140,
  },
  ultravox: {
    model: 'ultravox-voice',
    provider: ultravox,
    heard: (connection) => connection.hearBytes(),
    answer: (connection) => ultravox.answerWith(connection, 'What is up?', 'Not much.', audio(500)),
    tokens: 0,
  },
};

describe.each(Object.entries(CASES))('%s', (_, { model, provider, heard, answer, tokens }) => {
  test('a plain turn', async () => {
    const client = await VoiceClient.connect(front, await voiceKey(front), { query: `model=${model}` });
    await expect(client.hear('session.created')).resolves.toMatchObject({ session: { model } });
    const session = { type: 'realtime', audio: { input: { transcription: { model: 'whisper-1' } } } };
    client.send({ type: 'session.update', session });
    const connection = await provider.next();
    await client.hear('session.updated');
    for (let part = 0; part < 5; part += 1) {
      client.send({ type: 'input_audio_buffer.append', audio: audio(100).toString('base64') });
    }
    await heard(connection);
    answer(connection);
    await client.hear('input_audio_buffer.committed');
    await client.hear('response.created');
    const { response } = await client.hear('response.done');
    expect(response).toMatchObject({ status: 'completed', usage: { total_tokens: tokens } });
    const of = (type: string) => client.events.all.filter((event) => event.type === type);
    const sound = of('response.output_audio.delta').map(({ delta }) => Buffer.from(delta, 'base64'));
    expect(Buffer.concat(sound)).toEqual(audio(500));
    expect(of('response.output_audio_transcript.done')).toMatchObject([{ transcript: 'Not much.' }]);
    expect(of('conversation.item.input_audio_transcription.completed')).toMatchObject([{ transcript: 'What is up?' }]);
    client.leave();
    await expect(connection.closed).resolves.toMatchObject({ code: 1000 });
  });
});
