// What a provider cannot do: the client reads so, in words and with a code, and the session goes on.

import { expect, test } from 'vitest';
import { edge } from '../harness/edge.ts';
import { called } from '../harness/realtime/call.ts';
import type { GaClient } from '../harness/realtime/clients/rawClients.ts';
import { runningLines } from '../harness/realtime/lines.ts';
import { audio } from '../harness/realtime/openAiProvider.ts';

const vars: Record<string, string> = {};
const lines = runningLines(vars);
const front = edge({ vars });

type LineName = keyof typeof lines;
type Asked = (client: GaClient) => object;

const update =
  (fields: object): Asked =>
  () => ({ type: 'session.update', session: { type: 'realtime', ...fields } });
const message = (part: object) => ({
  type: 'conversation.item.create',
  item: { type: 'message', role: 'user', content: [part] },
});
const respond = (response: object) => () => ({ type: 'response.create', response });
const picture = () => message({ type: 'input_image', image_url: 'data:image/png;base64,AAAA' });
const deletion: Asked = (client) => ({ type: 'conversation.item.delete', item_id: client.ear.lastItem });
const otherTools = update({ tools: [{ type: 'function', name: 'other', parameters: { type: 'object' } }] });
const otherVoice = update({ audio: { output: { voice: 'rachel' } } });

test.each<[LineName, string, Asked, string]>([
  ['elevenlabs', 'other tools', otherTools, 'tools_frozen'],
  ['elevenlabs', 'writing instead of speech', update({ output_modalities: ['text'] }), 'session_update_unsupported'],
  ['elevenlabs', 'a picture', picture, 'item_unsupported'],
  ['elevenlabs', 'an answer to nothing', respond({}), 'nothing_to_respond'],
  ['ultravox', 'other tools', otherTools, 'tools_frozen'],
  ['ultravox', 'a picture', picture, 'item_unsupported'],
  ['ultravox', 'an answer to nothing', respond({}), 'nothing_to_respond'],
  ...(['elevenlabs', 'gemini', 'ultravox'] as const).flatMap((name): [LineName, string, Asked, string][] => [
    [name, 'that an item be forgotten', deletion, 'unsupported'],
    [name, 'an answer beside the conversation', respond({ conversation: 'none' }), 'response_unsupported'],
    [name, 'another voice once it has spoken', otherVoice, 'cannot_update_voice'],
  ]),
])('%s is asked for %s', async (name, _, asked, code) => {
  const { client, call } = await called(front, lines[name]);
  call.begin('Hello.', audio(100));
  call.end();
  await client.ear.turns.next();
  client.send({ event_id: 'asked', ...asked(client) });
  const { error } = await client.client.hear('error');
  expect(error).toMatchObject({ code, message: expect.stringMatching(/\w+ \w+/) });
  call.begin('Still here.', audio(100));
  call.end();
  expect(await client.ear.turns.next()).toMatchObject({ status: 'completed', said: 'Still here.' });
  client.leave();
});
