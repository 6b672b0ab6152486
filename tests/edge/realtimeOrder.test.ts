// The rules of order that every conversation of these tests is held against: they let through what OpenAI says, and notice
// when anything of it is missing, comes twice or comes too early.

import { afterEach, expect, test } from 'vitest';
import { brokenRules, EventOrder } from '../harness/realtime/eventOrder.ts';

type Event = Record<string, any>;

// What is broken here is meant to be.
afterEach(() => {
  brokenRules.length = 0;
});

const user = { id: 'item_a', object: 'realtime.item', type: 'message', role: 'user', status: 'completed', content: [] };
const begun = { ...user, id: 'item_b', role: 'assistant', status: 'in_progress' };
const said = { ...begun, status: 'completed', content: [{ type: 'output_audio', transcript: 'Hi.' }] };
const call = { id: 'item_c', object: 'realtime.item', type: 'function_call', call_id: 'call_1', name: 'f' };
const calling = { ...call, status: 'in_progress', arguments: '' };
const called = { ...call, status: 'completed', arguments: '{}' };
const of = { response_id: 'resp_1', output_index: 0 };
const part = { ...of, item_id: 'item_b', content_index: 0 };
const second = { response_id: 'resp_1', output_index: 1 };
const response = { id: 'resp_1', conversation_id: 'conv_1' };

/** A turn: something said, an answer in sound, a call. */
const TURN: Event[] = [
  { type: 'session.created', session: { model: 'm' } },
  { type: 'input_audio_buffer.speech_started', item_id: 'item_a', audio_start_ms: 0 },
  { type: 'input_audio_buffer.speech_stopped', item_id: 'item_a', audio_end_ms: 500 },
  { type: 'input_audio_buffer.committed', item_id: 'item_a', previous_item_id: null },
  { type: 'conversation.item.added', item: user, previous_item_id: null },
  { type: 'conversation.item.done', item: user, previous_item_id: null },
  { type: 'conversation.item.input_audio_transcription.completed', item_id: 'item_a', transcript: 'Hello' },
  { type: 'response.created', response: { ...response, status: 'in_progress', output: [] } },
  { type: 'response.output_item.added', ...of, item: begun },
  { type: 'conversation.item.added', item: begun, previous_item_id: 'item_a' },
  { type: 'response.content_part.added', ...part, part: { type: 'audio', transcript: '' } },
  { type: 'response.output_audio_transcript.delta', ...part, delta: 'Hi.' },
  { type: 'response.output_audio.delta', ...part, delta: 'AAAA' },
  { type: 'response.output_audio.done', ...part },
  { type: 'response.output_audio_transcript.done', ...part, transcript: 'Hi.' },
  { type: 'response.content_part.done', ...part, part: { type: 'audio', transcript: 'Hi.' } },
  { type: 'response.output_item.done', ...of, item: said },
  { type: 'conversation.item.done', item: said, previous_item_id: 'item_a' },
  { type: 'response.output_item.added', ...second, item: calling },
  { type: 'conversation.item.added', item: calling, previous_item_id: 'item_b' },
  { type: 'response.function_call_arguments.delta', ...second, item_id: 'item_c', delta: '{}' },
  { type: 'response.function_call_arguments.done', ...second, item_id: 'item_c', call_id: 'call_1', arguments: '{}' },
  { type: 'response.output_item.done', ...second, item: called },
  { type: 'conversation.item.done', item: called, previous_item_id: 'item_b' },
  {
    type: 'response.done',
    response: { ...response, status: 'completed', output: [said, called], usage: { total_tokens: 3 } },
  },
];

/** What may be missing: asynchronous, or one of any number. */
const OPTIONAL = ['conversation.item.input_audio_transcription.completed', 'response.output_audio.delta'];
/** What may come again: one of any number, or something that is said anew. */
const REPEATABLE = ['response.output_audio.delta'];

/** The rules that a sequence breaks; being at the end of something unfinished is one. */
function broken(events: Event[]): string[] {
  const order = new EventOrder();
  events.forEach((event, index) => {
    order.check({ ...event, event_id: `event_${index}` });
  });
  return order.isAtRest ? order.broken : [...order.broken, 'something is left open'];
}

test('a whole turn breaks none', () => {
  expect(broken(TURN)).toEqual([]);
});

test.each(TURN.map(({ type }, index) => [index, type] as const).filter(([, type]) => !OPTIONAL.includes(type)))(
  'without event %i, %s, one is broken',
  (missing) => {
    expect(broken(TURN.filter((_, index) => index !== missing))).not.toEqual([]);
  },
);

test.each(TURN.map(({ type }, index) => [index, type] as const).filter(([, type]) => !REPEATABLE.includes(type)))(
  'with event %i, %s, twice, one is broken',
  (twice) => {
    const repeated = TURN.flatMap((event, index) => (index === twice ? [event, event] : [event]));
    // A second end of an assistant's item is how what it said is corrected.
    const isCorrection = TURN[twice]?.type === 'conversation.item.done' && TURN[twice]?.item.role === 'assistant';
    expect(broken(repeated).length > 0).toBe(!isCorrection);
  },
);

test('an event id is used once', () => {
  const order = new EventOrder();
  for (const event of TURN.slice(0, 2)) order.check({ ...event, event_id: 'the same' });
  expect(order.broken).toHaveLength(1);
});

test('the beta has names of its own, and none of GA', () => {
  const order = new EventOrder('beta');
  const created = { type: 'session.created', event_id: 'e1', session: { model: 'm' } };
  order.check(created);
  order.check({ type: 'conversation.item.created', event_id: 'e2', item: user, previous_item_id: null });
  expect(order.broken).toEqual([]);
  order.check({ type: 'conversation.item.added', event_id: 'e3', item: user, previous_item_id: null });
  expect(order.broken).toHaveLength(1);
});
