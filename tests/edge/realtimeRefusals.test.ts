// Who may not begin a voice session: told before the upgrade, and a browser on the socket.

import { describe, expect, test } from 'vitest';
import { edge, MASTER_KEY } from '../harness/edge.ts';
import { OpenAiProvider } from '../harness/realtime/openAiProvider.ts';
import { running } from '../harness/realtime/providerDouble.ts';
import { VoiceClient, voiceKey } from '../harness/realtime/voiceClient.ts';

const provider = running(new OpenAiProvider());
const front = edge({ vars: provider.vars });

const bearer = (secret: string) => ({ headers: { authorization: `Bearer ${secret}` } });

describe('before the upgrade', () => {
  test.each(['/v1/realtime', '/v1/realtime/connect'])('%s without one is answered 400', async (path) => {
    const { key } = await voiceKey(front);
    const response = await fetch(`${front.url}${path}?model=gpt-realtime`, bearer(key));
    expect(response.status).toBe(400);
  });

  test.each<[string, number, () => Promise<object>]>([
    ['no key', 401, async () => ({})],
    ['an unknown key', 401, async () => bearer('condt_nobody')],
    ['a disabled key', 401, async () => bearer((await voiceKey(front, { enabled: false })).key)],
    [
      'a key past its time',
      401,
      async () => bearer((await voiceKey(front, { expiresAt: '2001-01-01T00:00:00Z' })).key),
    ],
    ['the master key', 403, async () => bearer(MASTER_KEY)],
    ['a key without realtime', 403, async () => bearer((await front.createKey()).key)],
    ['a key of other models', 403, async () => bearer((await voiceKey(front, { allowedModels: ['gpt-4o*'] })).key)],
    ['a token for tasks', 403, async () => bearer(await front.clientToken(await voiceKey(front), { taskIds: ['a'] }))],
    ['a model of nobody', 404, async () => ({ ...bearer((await voiceKey(front)).key), query: 'model=nobody' })],
  ])('%s is answered %i', async (_, status, options) => {
    const refusal = await VoiceClient.refused(front, await options());
    expect(refusal).toMatchObject({ status, body: { status } });
    expect(refusal.headers['content-type']).toBe('application/problem+json');
  });

  test('a key whose budget is spent is answered 429', async () => {
    const key = await voiceKey(front, { budget: { limit: 1 } });
    await front.tell(key, 'SpendRecorded', { amount: 1 });
    const refusal = await VoiceClient.refused(front, bearer(key.key));
    expect(refusal).toMatchObject({
      status: 429,
      body: { detail: 'the budget of the virtual key is spent, or lent to its sessions' },
    });
    expect(refusal.headers['retry-after']).toBeDefined();
  });
});

describe('the ways of a key', () => {
  test.each<[string, (key: string) => object]>([
    ['X-API-Key', (key) => ({ headers: { 'x-api-key': key } })],
    ['api_key in the query', (key) => ({ query: `model=gpt-realtime&api_key=${key}` })],
    ['access_token in the query, and no model', (key) => ({ query: `access_token=${key}` })],
    ['a browser’s subprotocols', (key) => ({ subprotocols: ['realtime', `openai-insecure-api-key.${key}`] })],
    ['the original path', (key) => ({ ...bearer(key), path: '/v1/realtime/connect' })],
  ])('%s', async (_, options) => {
    const { key } = await voiceKey(front);
    const client = await VoiceClient.open(front, options(key));
    await expect(client.hear('session.created')).resolves.toMatchObject({ session: { model: 'gpt-realtime' } });
    expect(['', 'realtime']).toContain(client.socket.protocol);
    client.leave();
  });

  test('a client token that takes nothing away', async () => {
    const client = await VoiceClient.open(front, bearer(await front.clientToken(await voiceKey(front))));
    await client.hear('session.created');
    client.leave();
  });
});

describe('a browser reads why on its socket', () => {
  const browser = (key: string) => ({ subprotocols: ['realtime', `openai-insecure-api-key.${key}`] });

  test.each<[string, string, number, () => Promise<object>]>([
    ['an unknown key', 'invalid_api_key', 1008, async () => browser('condt_nobody')],
    ['a key without realtime', 'permission_denied', 1008, async () => browser((await front.createKey()).key)],
    [
      'a model of nobody',
      'model_not_found',
      1008,
      async () => ({ ...browser((await voiceKey(front)).key), query: 'model=nobody' }),
    ],
  ])('%s: %s, and a close with %i', async (_, code, close, options) => {
    const client = await VoiceClient.open(front, await options());
    expect(client.socket.protocol).toBe('realtime');
    await expect(client.hear('error')).resolves.toMatchObject({ error: { code } });
    await expect(client.closed).resolves.toMatchObject({ code: close });
  });

  test('one session too many: rate_limit_exceeded, and a close with 1013', async () => {
    const { key } = await voiceKey(front, { limits: { realtimeSessions: 1 } });
    const first = await VoiceClient.open(front, browser(key));
    const second = await VoiceClient.open(front, browser(key));
    await expect(second.hear('error')).resolves.toMatchObject({ error: { code: 'rate_limit_exceeded' } });
    await expect(second.closed).resolves.toMatchObject({ code: 1013 });
    first.leave();
  });
});
