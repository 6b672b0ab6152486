// Answers in OpenAI's events, complete and in order.

/** What the usage of an answer is, in OpenAI's words. */
export interface Usage {
  total_tokens: number;
  input_tokens: number;
  output_tokens: number;
  input_token_details: object;
  output_token_details: object;
}

/** An answer that is being given. */
export interface Answer {
  /** Says words, which take so many milliseconds, in that sound. */
  say(words: string, millis: number, sound?: Buffer): void;
  end(usage?: Usage, status?: 'completed' | 'cancelled', reason?: string): void;
}

/** How events reach a client. */
export interface Mouth {
  /** A new name with this prefix. */
  name(prefix: string): string;
  tell(type: string, fields: object): void;
  /** Tells of an item of the conversation. */
  tellItem(what: 'added' | 'done', item: Record<string, any>): void;
  /** An answer is over. */
  ended(): void;
}

/** Audio of so many milliseconds, PCM16 at 24 kHz. */
export function audio(millis: number): Buffer {
  return Buffer.alloc(millis * 48, 1);
}

/** Tokens of text read, and of audio spoken. */
export function usage(textRead: number, audioSpoken: number): Usage {
  return {
    total_tokens: textRead + audioSpoken,
    input_tokens: textRead,
    output_tokens: audioSpoken,
    input_token_details: { text_tokens: textRead, audio_tokens: 0, cached_tokens: 0 },
    output_token_details: { text_tokens: 0, audio_tokens: audioSpoken },
  };
}

/** Begins an answer in sound. */
export function beginAnswer(mouth: Mouth): Answer {
  const { tell } = mouth;
  const response = beginResponse(mouth);
  const message = beginMessage(mouth, response, { type: 'audio', transcript: '' });
  let transcript = '';
  return {
    say: (words, millis, sound = audio(millis)) => {
      transcript += words;
      if (words !== '') tell('response.output_audio_transcript.delta', { ...message.place, delta: words });
      tell('response.output_audio.delta', { ...message.place, delta: sound.toString('base64') });
    },
    end: (usage, status = 'completed', reason = 'turn_detected') => {
      tell('response.output_audio.done', message.place);
      tell('response.output_audio_transcript.done', { ...message.place, transcript });
      tell('response.content_part.done', { ...message.place, part: { type: 'audio', transcript } });
      const isComplete = status === 'completed';
      const content = [{ type: 'output_audio', transcript }];
      const done = { ...message.item, status: isComplete ? 'completed' : 'incomplete', content };
      endItem(mouth, response, done);
      endResponse(mouth, response, done, usage, isComplete ? null : { type: status, reason });
    },
  };
}

/** Answers in writing, all of it. */
export function write(mouth: Mouth, text: string, usage?: Usage): void {
  const response = beginResponse(mouth);
  const { item, place } = beginMessage(mouth, response, { type: 'text', text: '' });
  mouth.tell('response.output_text.delta', { ...place, delta: text });
  mouth.tell('response.output_text.done', { ...place, text });
  mouth.tell('response.content_part.done', { ...place, part: { type: 'text', text } });
  const done = { ...item, status: 'completed', content: [{ type: 'output_text', text }] };
  endItem(mouth, response, done);
  endResponse(mouth, response, done, usage, null);
}

/** Answers with a call of a function. */
export function callTool(mouth: Mouth, name: string, args: object): void {
  const response = beginResponse(mouth);
  const call = { id: mouth.name('item'), type: 'function_call', call_id: mouth.name('call'), name };
  beginItem(mouth, response, { ...call, status: 'in_progress', arguments: '' });
  const place = { response_id: response, output_index: 0, item_id: call.id, call_id: call.call_id };
  const text = JSON.stringify(args);
  for (const delta of [text.slice(0, 3), text.slice(3)]) {
    mouth.tell('response.function_call_arguments.delta', { ...place, delta });
  }
  mouth.tell('response.function_call_arguments.done', { ...place, name, arguments: text });
  const done = { ...call, status: 'completed', arguments: text };
  endItem(mouth, response, done);
  endResponse(mouth, response, done, undefined, null);
}

function beginResponse({ name, tell }: Mouth): string {
  const id = name('resp');
  const response = { id, object: 'realtime.response', status: 'in_progress', conversation_id: 'conv_1', output: [] };
  tell('response.created', { response });
  return id;
}

function beginMessage(mouth: Mouth, response: string, part: object) {
  const item = { id: mouth.name('item'), type: 'message', role: 'assistant', status: 'in_progress', content: [] };
  const place = { output_index: 0, content_index: 0, item_id: item.id, response_id: response };
  beginItem(mouth, response, item);
  mouth.tell('response.content_part.added', { ...place, part });
  return { item, place };
}

function beginItem({ tell, tellItem }: Mouth, response: string, item: object): void {
  tell('response.output_item.added', { response_id: response, output_index: 0, item });
  tellItem('added', item);
}

function endItem({ tell, tellItem }: Mouth, response: string, item: object): void {
  tell('response.output_item.done', { response_id: response, output_index: 0, item });
  tellItem('done', item);
}

function endResponse(
  { tell, ended }: Mouth,
  id: string,
  item: object,
  usage: Usage | undefined,
  status_details: { type: string; reason: string } | null,
): void {
  ended();
  const status = status_details?.type ?? 'completed';
  const response = { id, object: 'realtime.response', status, status_details, conversation_id: 'conv_1' };
  tell('response.done', { response: { ...response, output: [item], usage: usage ?? null } });
}
