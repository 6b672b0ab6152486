// More than one provider of a model: the next one is called where the first fails before it has answered.

import { beforeAll, expect, test } from 'vitest';
import { edge } from '../harness/edge.ts';
import { OPENAI_KEY, OpenAiProvider, usage } from '../harness/realtime/openAiProvider.ts';
import { running } from '../harness/realtime/providerDouble.ts';
import { VoiceClient, voiceKey } from '../harness/realtime/voiceClient.ts';

const vars: Record<string, string> = {};
const first = running(new OpenAiProvider(['voice']));
const second = running(new OpenAiProvider(['voice-2']));

beforeAll(() => {
  const url = (provider: OpenAiProvider) => `ws://${provider.host}/v1/realtime`;
  vars.REALTIME_DEFAULT_MODEL = 'voice';
  vars.REALTIME_PROVIDERS = JSON.stringify({
    openai: { WebSocketUrl: url(first), Models: ['voice'] },
    'no-key': { Protocol: 'openai', WebSocketUrl: url(first), Models: ['voice', 'voice-of-no-key'] },
    'second-openai': {
      Protocol: 'openai',
      WebSocketUrl: url(second),
      Models: { voice: 'voice-2' },
      Headers: { 'OpenAI-Organization': 'org-1' },
    },
  });
  vars.PROVIDER_KEY_OPENAI = OPENAI_KEY;
  vars.PROVIDER_KEY_SECOND_OPENAI = OPENAI_KEY;
});

const front = edge({ vars });

test.each([
  ['refuses', { status: 503, body: { error: { message: 'overloaded' } } }],
  ['refuses the key', { status: 401, body: { error: { message: 'wrong key' } } }],
])('where the first %s, the second answers, and is paid', async (_, refusal) => {
  first.refusal = refusal;
  const client = await VoiceClient.connect(front, await voiceKey(front), { query: '' });
  const content = [{ type: 'input_text', text: 'What is up?' }];
  client.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } });
  client.send({ type: 'response.create' });
  const connection = await second.next();
  expect(connection.request.headers['openai-organization']).toBe('org-1');
  const { item } = await connection.hear('conversation.item.create');
  expect(item.content).toEqual(content);
  await connection.hear('response.create');
  const answer = second.beginAnswer(connection);
  answer.say('Not much.', 100);
  answer.end(usage(5, 5));
  const { response } = await client.hear('response.done');
  expect(response.status).toBe('completed');
  client.leave();
});

test('a provider that hangs up before it has answered is replaced as well', async () => {
  const client = await VoiceClient.connect(front, await voiceKey(front), { query: '' });
  (await first.next()).socket.close(1011);
  const connection = await second.next();
  client.leave();
  await connection.closed;
});

test('a model whose only provider has no key is answered 503', async () => {
  const headers = { authorization: `Bearer ${(await voiceKey(front)).key}` };
  const refusal = await VoiceClient.refused(front, { headers, query: 'model=voice-of-no-key' });
  expect(refusal).toMatchObject({ status: 503 });
});
