// How a session ends when its provider does: what the client reads, and which code its socket is closed with.

import { beforeAll, describe, expect, test } from 'vitest';
import { edge } from '../harness/edge.ts';
import { called } from '../harness/realtime/call.ts';
import type { Conversation } from '../harness/realtime/conversation.ts';
import { runningLines } from '../harness/realtime/lines.ts';
import { audio } from '../harness/realtime/openAiProvider.ts';
import type { Answered } from '../harness/realtime/providerServer.ts';
import { VoiceClient, voiceKey } from '../harness/realtime/voiceClient.ts';

const vars: Record<string, string> = {};
const lines = runningLines(vars);
beforeAll(() => {
  const { REALTIME_PROVIDERS = '{}' } = vars;
  const strict = elevenlabs.provider.settings({ 'strict-voice': 'agents' }, 'agent_strict');
  vars.REALTIME_PROVIDERS = JSON.stringify({ ...JSON.parse(REALTIME_PROVIDERS), strict });
  vars.PROVIDER_KEY_STRICT = elevenlabs.key;
});
const front = edge({ vars });
const { openai, elevenlabs, gemini, ultravox } = lines;

type LineName = keyof typeof lines;

describe('a provider that does not open its socket', () => {
  test.each<[LineName, number, string, number]>([
    ['openai', 401, 'provider_unavailable', 1011],
    ['openai', 403, 'provider_unavailable', 1011],
    ['openai', 404, 'provider_refused_request', 1011],
    ['openai', 429, 'provider_overloaded', 1013],
    ['openai', 500, 'provider_unavailable', 1011],
    ['elevenlabs', 401, 'provider_unavailable', 1011],
    ['elevenlabs', 429, 'provider_overloaded', 1013],
    ['gemini', 403, 'provider_unavailable', 1011],
    ['ultravox', 402, 'provider_unavailable', 1011],
    ['ultravox', 429, 'provider_overloaded', 1013],
  ])('%s answers %i: %s, and %i', async (name, status, code, close) => {
    const { provider, model, key } = lines[name];
    provider.refusal = { status, body: { error: { message: `wrong key ${key}` } } } satisfies Answered;
    const client = await VoiceClient.connect(front, await voiceKey(front), { query: `model=${model}` });
    client.send({ type: 'session.update', session: { type: 'realtime' } });
    const { error } = await client.hear('error');
    expect(error.code).toBe(code);
    // That the key is wrong is the operator's affair.
    if (status === 401 || status === 403) expect(JSON.stringify(error)).not.toContain(key);
    await expect(client.closed).resolves.toMatchObject({ code: close });
  });
});

/** Closes as a provider does. */
const closing = (code: number, reason: string) => (call: Conversation) => call.connection.socket.close(code, reason);
const lost = (call: Conversation) => call.connection.socket.terminate();

describe('a provider that closes its socket', () => {
  test.each<[string, LineName, (call: Conversation) => void, string | undefined, number, string | undefined]>([
    ['as it should', 'openai', closing(1000, ''), undefined, 1000, 'agent_ended'],
    ['as its agent wants', 'elevenlabs', closing(1000, 'Agent ended the call'), undefined, 1000, 'agent_ended'],
    ['after a hang-up of the agent', 'ultravox', closing(1000, ''), undefined, 1000, 'agent_ended'],
    ['for what it was told', 'openai', closing(1007, 'no such field'), 'provider_refused_request', 1011, undefined],
    ['for its rules', 'openai', closing(1008, 'not allowed'), 'provider_refused', 1011, undefined],
    ['as it breaks down', 'openai', closing(1011, 'oh'), 'provider_error', 1011, undefined],
    ['as it restarts', 'openai', closing(1012, ''), 'provider_error', 1011, undefined],
    ['with too much to do', 'openai', closing(1013, ''), 'provider_overloaded', 1013, undefined],
    ['with a code of its own', 'openai', closing(4000, 'beta_api_shape_disabled'), 'provider_error', 1011, undefined],
    ['with many words', 'openai', closing(1011, 'ü'.repeat(61)), 'provider_error', 1011, undefined],
    ['without a word', 'openai', lost, 'provider_error', 1011, undefined],
    ['without a word', 'ultravox', lost, 'provider_error', 1011, undefined],
    [
      'with all its agents busy',
      'elevenlabs',
      closing(1008, 'agent concurrency limit reached'),
      'provider_overloaded',
      1013,
      undefined,
    ],
  ])('%s (%s)', async (_, name, close, code, clientCode, reason) => {
    const { client, call } = await called(front, lines[name]);
    const { client: socket } = client;
    call.begin('Once upon', audio(200));
    await client.ear.sounds.next();
    close(call);
    // What was begun is ended, before the reason and the close.
    const turn = await client.ear.turns.next();
    expect(turn.status).toBe(code === undefined ? 'completed' : 'failed');
    if (code !== undefined) expect(await client.ear.errors.next()).toBe(code);
    const closed = await socket.closed;
    expect(closed.code).toBe(clientCode);
    if (reason !== undefined) expect(closed.reason).toBe(reason);
    expect(Buffer.byteLength(closed.reason)).toBeLessThanOrEqual(123);
  });
});

describe('a session that has lasted as long as its provider allows', () => {
  test('OpenAI says so', async () => {
    const { client, call } = await called(front, openai);
    openai.provider.fail(call.connection, 'invalid_request_error', 'session_expired', 'Your session hit the maximum.');
    call.connection.socket.close(1001);
    expect(await client.ear.errors.next()).toBe('session_expired');
    await expect(client.client.closed).resolves.toEqual({ code: 1000, reason: 'session_expired' });
  });

  test('ElevenLabs says so', async () => {
    const { client, call } = await called(front, elevenlabs);
    const error_event = { code: 1000, error_type: 'max_duration_exceeded', message: 'too long' };
    elevenlabs.provider.tell(call.connection, 'error', { error_event });
    call.connection.socket.close(1000);
    await client.client.hear('error');
    await expect(client.client.closed).resolves.toEqual({ code: 1000, reason: 'session_expired' });
  });

  test('Gemini says so, and cannot be gone on with', async () => {
    gemini.provider.isResumable = false;
    try {
      const { client, call } = await called(front, gemini);
      call.connection.socket.close(1011, 'Deadline expired before operation could complete');
      expect(await client.ear.errors.next()).toBe('session_expired');
      await expect(client.client.closed).resolves.toEqual({ code: 1000, reason: 'session_expired' });
    } finally {
      gemini.provider.isResumable = true;
    }
  });
});

describe('an error that ends nothing', () => {
  test('of OpenAI', async () => {
    const { client, call } = await called(front, openai);
    openai.provider.fail(call.connection, 'server_error', 'model_hiccup', 'The model had a hiccup.');
    expect(await client.ear.errors.next()).toBe('model_hiccup');
    call.understand('Hello');
    call.begin('Hello.', audio(100));
    call.end();
    expect(await client.ear.turns.next()).toMatchObject({ status: 'completed' });
    client.leave();
  });

  test('of ElevenLabs', async () => {
    const { client, call } = await called(front, elevenlabs);
    const error_event = { code: 1011, error_type: 'llm_timeout', message: 'The model took too long.' };
    elevenlabs.provider.tell(call.connection, 'error', { error_event });
    expect(await client.ear.errors.next()).toBe('llm_timeout');
    call.begin('Hello.', audio(100));
    call.end();
    expect(await client.ear.turns.next()).toMatchObject({ status: 'completed' });
    client.leave();
  });
});

test('an agent that allows no overrides refuses the session with a reason', async () => {
  elevenlabs.provider.strictAgent('agent_strict');
  const client = await VoiceClient.connect(front, await voiceKey(front), { query: 'model=strict-voice' });
  client.send({ type: 'session.update', session: { type: 'realtime', instructions: 'Be brief.' } });
  const { error } = await client.hear('error');
  expect(error).toMatchObject({ code: 'override_error', message: expect.stringContaining("'agent'") });
  await expect(client.closed).resolves.toMatchObject({ code: 1011 });
});

test('more than a hundred messages in a second end the session with 1008', async () => {
  const { client } = await called(front, ultravox);
  for (let sent = 0; sent <= 200; sent += 1) client.send({ type: 'input_audio_buffer.clear' });
  expect(await client.ear.errors.next()).toBe('rate_limit_exceeded');
  await expect(client.client.closed).resolves.toMatchObject({ code: 1008 });
});
