// OpenAI's realtime protocol (GA), from the provider's side: strict in what it takes, and scripted in what it says.

import type { IncomingMessage } from 'node:http';
import { type Answered, type ProviderConnection, ProviderDouble, type Sent } from './providerDouble.ts';

export const OPENAI_KEY = 'sk-a-provider-key-known-to-all';

/** The fields that each client event may have, beside `type` and `event_id`; those with `!` must be there. */
const CLIENT_EVENTS: Record<string, string[]> = {
  'session.update': ['session!'],
  'input_audio_buffer.append': ['audio!'],
  'input_audio_buffer.commit': [],
  'input_audio_buffer.clear': [],
  'conversation.item.create': ['item!', 'previous_item_id'],
  'conversation.item.retrieve': ['item_id!'],
  'conversation.item.truncate': ['item_id!', 'content_index!', 'audio_end_ms!'],
  'conversation.item.delete': ['item_id!'],
  'response.create': ['response'],
  'response.cancel': ['response_id'],
};

const SESSION_FIELDS = [
  'type',
  'model',
  'instructions',
  'output_modalities',
  'audio',
  'tools',
  'tool_choice',
  'max_output_tokens',
  'parallel_tool_calls',
  'reasoning',
  'truncation',
  'tracing',
  'prompt',
  'include',
];

/** What the usage of an answer is, in OpenAI's words. */
export interface Usage {
  total_tokens: number;
  input_tokens: number;
  output_tokens: number;
  input_token_details: object;
  output_token_details: object;
}

/** Audio of so many milliseconds, PCM16 at 24 kHz. */
export function audio(millis: number): Buffer {
  return Buffer.alloc(millis * 48, 1);
}

export class OpenAiProvider extends ProviderDouble {
  /** What `REALTIME_PROVIDERS` and the like must say. Filled when it runs. */
  readonly vars: Record<string, string> = {};
  readonly #models: string[];
  #named = 0;

  constructor(models = ['gpt-realtime']) {
    super();
    this.#models = models;
  }

  override async start(): Promise<void> {
    await super.start();
    const WebSocketUrl = `ws://${this.host}/v1/realtime`;
    this.vars.REALTIME_PROVIDERS = JSON.stringify({ openai: { WebSocketUrl, Models: this.#models } });
    this.vars.PROVIDER_KEY_OPENAI = OPENAI_KEY;
  }

  protected override admit(request: IncomingMessage): Answered | undefined {
    const url = new URL(request.url ?? '', 'http://provider');
    const error = (status: number, code: string) => ({ status, body: { error: { code, message: code } } });
    if (request.headers.authorization !== `Bearer ${OPENAI_KEY}`) return error(401, 'invalid_api_key');
    if (request.headers['openai-beta'] !== undefined) return error(400, 'beta_api_shape_disabled');
    if (url.pathname !== '/v1/realtime') return error(404, 'not_found');
    if (!this.#models.includes(url.searchParams.get('model') ?? '')) return error(404, 'model_not_found');
    return undefined;
  }

  protected override opened(connection: ProviderConnection): void {
    const session = {
      type: 'realtime',
      object: 'realtime.session',
      id: this.#name('sess'),
      model: this.#models[0],
      expires_at: Math.floor(Date.now() / 1000) + 3600,
      output_modalities: ['audio'],
      audio: { output: { voice: 'marin', format: { type: 'audio/pcm', rate: 24000 } } },
    };
    connection.send({ type: 'session.created', event_id: this.#name('event'), session });
  }

  protected override take(connection: ProviderConnection, sent: Sent): void {
    if (Buffer.isBuffer(sent)) {
      this.faults.push('a binary message');
      return;
    }
    const fault = faultOf(sent);
    if (fault !== undefined) {
      this.faults.push(`${fault}: ${JSON.stringify(sent).slice(0, 300)}`);
      const error = { type: 'invalid_request_error', code: 'invalid_value', message: fault, event_id: sent.event_id };
      connection.send({ type: 'error', event_id: this.#name('event'), error });
    } else if (sent.type === 'session.update') {
      connection.send({ type: 'session.updated', event_id: this.#name('event'), session: sent.session });
    } else if (sent.type === 'conversation.item.create') {
      const item = { id: this.#name('item'), object: 'realtime.item', status: 'completed', ...sent.item };
      this.#tellItem(connection, 'added', item);
      this.#tellItem(connection, 'done', item);
    }
  }

  /** The user is heard to speak, and falls silent. */
  hearUser(connection: ProviderConnection): void {
    const id = this.#name('item');
    const tell = (type: string, fields: object) => this.#tell(connection, type, { item_id: id, ...fields });
    tell('input_audio_buffer.speech_started', { audio_start_ms: 0 });
    tell('input_audio_buffer.speech_stopped', { audio_end_ms: 500 });
    tell('input_audio_buffer.committed', { previous_item_id: null });
    const item = { id, type: 'message', role: 'user', status: 'completed', content: [{ type: 'input_audio' }] };
    this.#tellItem(connection, 'added', item);
    this.#tellItem(connection, 'done', item);
  }

  /** Begins an answer in sound. What it gives says more of it, and ends it. */
  beginAnswer(connection: ProviderConnection): Answer {
    const response = this.#name('resp');
    const id = this.#name('item');
    const item = { id, type: 'message', role: 'assistant', status: 'in_progress', content: [] };
    const part = { output_index: 0, content_index: 0, item_id: id, response_id: response };
    let transcript = '';
    const tell = (type: string, fields: object) => this.#tell(connection, type, fields);
    tell('response.created', {
      response: { id: response, object: 'realtime.response', status: 'in_progress', output: [] },
    });
    tell('response.output_item.added', { response_id: response, output_index: 0, item });
    this.#tellItem(connection, 'added', item);
    tell('response.content_part.added', { ...part, part: { type: 'audio', transcript: '' } });
    return {
      say: (words, millis) => {
        transcript += words;
        tell('response.output_audio_transcript.delta', { ...part, delta: words });
        tell('response.output_audio.delta', { ...part, delta: audio(millis).toString('base64') });
      },
      end: (usage, status = 'completed') => {
        const done = { ...item, status: status === 'completed' ? status : 'incomplete' };
        tell('response.output_audio.done', part);
        tell('response.output_audio_transcript.done', { ...part, transcript });
        tell('response.content_part.done', { ...part, part: { type: 'audio', transcript } });
        tell('response.output_item.done', { response_id: response, output_index: 0, item: done });
        this.#tellItem(connection, 'done', done);
        tell('response.done', {
          response: { id: response, object: 'realtime.response', status, output: [done], usage },
        });
      },
    };
  }

  #tellItem(connection: ProviderConnection, what: 'added' | 'done', item: object): void {
    this.#tell(connection, `conversation.item.${what}`, { previous_item_id: null, item });
  }

  #tell(connection: ProviderConnection, type: string, fields: object): void {
    connection.send({ type, event_id: this.#name('event'), ...fields });
  }

  #name(prefix: string): string {
    this.#named += 1;
    return `${prefix}_${this.#named}`;
  }
}

/** An answer that is being given. */
export interface Answer {
  /** Says words, which take so many milliseconds. */
  say(words: string, millis: number): void;
  end(usage: Usage, status?: 'completed' | 'cancelled'): void;
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

function faultOf(event: Record<string, any>): string | undefined {
  const { type, event_id, ...rest } = event;
  const fields = CLIENT_EVENTS[type];
  if (fields === undefined) return `unknown event ${type}`;
  if (event_id !== undefined && (typeof event_id !== 'string' || event_id.length > 512)) return 'a wrong event_id';
  const known = fields.map((field) => field.replace('!', ''));
  const unknown = Object.keys(rest).find((field) => !known.includes(field));
  if (unknown !== undefined) return `unknown field ${unknown}`;
  const missing = fields.find((field) => field.endsWith('!') && rest[field.slice(0, -1)] === undefined);
  if (missing !== undefined) return `no ${missing.slice(0, -1)}`;
  if (type === 'session.update') return faultOfSession(rest.session);
  if (type === 'input_audio_buffer.append') return faultOfAudio(rest.audio);
  if (type === 'conversation.item.create') return faultOfItem(rest.item);
  return undefined;
}

function faultOfSession(session: Record<string, any>): string | undefined {
  if (session.type !== 'realtime') return 'session.type must be realtime';
  const unknown = Object.keys(session).find((field) => !SESSION_FIELDS.includes(field));
  if (unknown !== undefined) return `unknown field session.${unknown}`;
  for (const side of ['input', 'output']) {
    const format = session.audio?.[side]?.format;
    if (format === undefined) continue;
    const isPcm = format.type === 'audio/pcm' && format.rate === 24000;
    if (!isPcm && !['audio/pcmu', 'audio/pcma'].includes(format.type)) return `a wrong session.audio.${side}.format`;
  }
  return undefined;
}

function faultOfAudio(text: unknown): string | undefined {
  if (typeof text !== 'string' || Buffer.from(text, 'base64').toString('base64') !== text) return 'audio is no base64';
  return Buffer.from(text, 'base64').length % 2 === 0 ? undefined : 'audio has half a sample';
}

function faultOfItem(item: Record<string, any>): string | undefined {
  if (item.id !== undefined && item.id.length > 32) return 'item.id is too long';
  if (item.type === 'function_call_output') return item.call_id === undefined ? 'no item.call_id' : undefined;
  if (item.type !== 'message') return `unknown item.type ${item.type}`;
  const kinds: Record<string, string[]> = {
    system: ['input_text'],
    user: ['input_text', 'input_audio', 'input_image'],
    assistant: ['output_text', 'output_audio'],
  };
  const allowed = kinds[item.role];
  if (allowed === undefined) return `unknown item.role ${item.role}`;
  const wrong = item.content?.find((part: { type: string }) => !allowed.includes(part.type));
  return wrong === undefined ? undefined : `item.content of ${wrong.type}`;
}
