// OpenAI's realtime protocol (GA), from the provider's side: strict in what it takes, and scripted in what it says.

import type { IncomingMessage } from 'node:http';
import type { Conversation } from './conversation.ts';
import { type Answer, beginAnswer, callTool, type Mouth, type Usage, write } from './openAiAnswers.ts';
import { OpenAiConversation } from './openAiConversation.ts';
import { faultOfEvent, OPENAI_DIALECT, type OpenAiDialect } from './openAiRules.ts';
import { type Answered, keyName, type ProviderConnection, ProviderDouble, type Sent } from './providerServer.ts';

export { type Answer, audio, type Usage, usage } from './openAiAnswers.ts';

export const OPENAI_KEY = 'sk-a-provider-key-known-to-all';

/** The least that a commit must find in the buffer: 100 ms of PCM16 at 24 kHz. */
const MIN_COMMIT_BYTES = 4_800;

/** What the provider knows of a connection. */
interface State {
  session: Record<string, any>;
  uncommittedBytes: number;
  items: Map<string, Record<string, any>>;
  /** The answer that is being given. */
  answer: Answer | undefined;
}

export class OpenAiProvider extends ProviderDouble {
  /** What `REALTIME_PROVIDERS` and the like must say. Filled when it runs. */
  readonly vars: Record<string, string> = {};
  /** How long a session may last. */
  lastsSeconds = 3_600;
  protected readonly dialect: OpenAiDialect = OPENAI_DIALECT;
  protected readonly key: string = OPENAI_KEY;
  readonly #models: string[];
  readonly #states = new WeakMap<ProviderConnection, State>();
  #named = 0;

  constructor(models = ['gpt-realtime']) {
    super();
    this.#models = models;
  }

  override async start(port = 0): Promise<void> {
    await super.start(port);
    const { protocol } = this.dialect;
    this.vars.REALTIME_PROVIDERS = JSON.stringify({ [protocol]: this.settings(this.#models) });
    this.vars[keyName(protocol)] = this.key;
  }

  /** What `REALTIME_PROVIDERS` must say. */
  settings(models: unknown): object {
    const { path, protocol } = this.dialect;
    return { Protocol: protocol, WebSocketUrl: `ws://${this.host}${path}`, Models: models };
  }

  protected isAuthorized(request: IncomingMessage): boolean {
    return request.headers.authorization === `Bearer ${this.key}`;
  }

  protected override admit(request: IncomingMessage): Answered | undefined {
    const url = new URL(request.url ?? '', 'http://provider');
    const error = (status: number, code: string) => ({ status, body: { error: { code, message: code } } });
    if (!this.isAuthorized(request)) return error(401, 'invalid_api_key');
    if (request.headers['openai-beta'] !== undefined) return error(400, 'beta_api_shape_disabled');
    if (url.pathname !== this.dialect.path) return error(404, 'not_found');
    if (!this.#models.includes(url.searchParams.get('model') ?? '')) return error(404, 'model_not_found');
    return undefined;
  }

  protected override opened(connection: ProviderConnection): void {
    const format = { type: 'audio/pcm', rate: 24000 };
    const session = {
      type: 'realtime',
      object: 'realtime.session',
      id: this.#name('sess'),
      model: this.#models[0],
      expires_at: Math.floor(Date.now() / 1000) + this.lastsSeconds,
      output_modalities: ['audio'],
      audio: { input: { format, turn_detection: DETECTION }, output: { voice: 'marin', format } },
    };
    this.#states.set(connection, { session, uncommittedBytes: 0, items: new Map(), answer: undefined });
    this.#tell(connection, 'session.created', { session });
  }

  override converse(connection: ProviderConnection): Conversation {
    return new OpenAiConversation(this, connection);
  }

  protected override take(connection: ProviderConnection, sent: Sent): void {
    if (Buffer.isBuffer(sent)) {
      this.faults.push('a binary message');
      return;
    }
    const fault = faultOfEvent(sent, this.dialect);
    if (fault === undefined) {
      this.#act(connection, this.state(connection), sent);
      return;
    }
    this.faults.push(`${fault}: ${JSON.stringify(sent).slice(0, 300)}`);
    this.#refuse(connection, sent, 'invalid_value', fault);
  }

  /** Does what a client's event asks for, but for `response.create`: what is answered, a test says. */
  #act(connection: ProviderConnection, state: State, sent: Record<string, any>): void {
    switch (sent.type) {
      case 'session.update':
        state.session = merged(state.session, sent.session);
        if (state.session.audio?.input?.turn_detection) {
          state.session.audio.input.turn_detection = { ...DETECTION, ...state.session.audio.input.turn_detection };
        }
        this.#tell(connection, 'session.updated', { session: state.session });
        return;
      case 'input_audio_buffer.append':
        state.uncommittedBytes += Buffer.from(sent.audio, 'base64').length;
        return;
      case 'input_audio_buffer.clear':
        state.uncommittedBytes = 0;
        this.#tell(connection, 'input_audio_buffer.cleared', {});
        return;
      case 'input_audio_buffer.commit':
        if (state.uncommittedBytes < MIN_COMMIT_BYTES) {
          this.#refuse(connection, sent, 'input_audio_buffer_commit_empty', 'the buffer is too small');
          return;
        }
        this.#commit(connection, this.#name('item'));
        return;
      case 'response.cancel':
        // When an answer ends, and what it has used, a test says.
        if (state.answer === undefined) {
          this.#refuse(connection, sent, 'response_cancel_not_active', 'no active response found');
        }
        return;
      case 'conversation.item.create': {
        const id = sent.item.id ?? this.#name('item');
        this.addItem(connection, { ...sent.item, id, object: 'realtime.item', status: 'completed' });
        return;
      }
      case 'conversation.item.retrieve':
      case 'conversation.item.delete':
      case 'conversation.item.truncate':
        this.#actOnItem(connection, state, sent);
    }
  }

  #actOnItem(connection: ProviderConnection, state: State, sent: Record<string, any>): void {
    const { item_id, content_index, audio_end_ms } = sent;
    const item = state.items.get(item_id);
    if (item === undefined) {
      this.#refuse(connection, sent, 'invalid_value', `no item ${item_id}`);
    } else if (sent.type === 'conversation.item.retrieve') {
      this.#tell(connection, 'conversation.item.retrieved', { item });
    } else if (sent.type === 'conversation.item.delete') {
      state.items.delete(item_id);
      this.#tell(connection, 'conversation.item.deleted', { item_id });
    } else {
      this.#tell(connection, 'conversation.item.truncated', { item_id, content_index, audio_end_ms });
    }
  }

  state(connection: ProviderConnection): State {
    const state = this.#states.get(connection);
    if (state === undefined) throw new Error('no such connection');
    return state;
  }

  /** The user is heard to speak, and falls silent. Gives the item's id. */
  hearUser(connection: ProviderConnection, id = this.startSpeech(connection)): string {
    this.#tell(connection, 'input_audio_buffer.speech_stopped', { item_id: id, audio_end_ms: 500 });
    this.#commit(connection, id);
    return id;
  }

  /** The user begins to speak. Gives the item's id. */
  startSpeech(connection: ProviderConnection): string {
    const id = this.#name('item');
    this.#tell(connection, 'input_audio_buffer.speech_started', { item_id: id, audio_start_ms: 0 });
    return id;
  }

  /** Says what the user said. */
  transcribe(connection: ProviderConnection, id: string, transcript: string): void {
    const fields = { item_id: id, content_index: 0, transcript, usage: { type: 'duration', seconds: 1 } };
    this.#tell(connection, 'conversation.item.input_audio_transcription.completed', fields);
  }

  /** Begins an answer in sound. What it gives says more of it, and ends it. */
  beginAnswer(connection: ProviderConnection): Answer {
    const answer = beginAnswer(this.#mouth(connection));
    this.state(connection).answer = answer;
    return answer;
  }

  /** Answers in writing. */
  write(connection: ProviderConnection, text: string, usage?: Usage): void {
    write(this.#mouth(connection), text, usage);
  }

  /** Answers with a call of a function. */
  callTool(connection: ProviderConnection, name: string, args: object): void {
    callTool(this.#mouth(connection), name, args);
  }

  /** An item comes into the conversation. */
  addItem(connection: ProviderConnection, item: Record<string, any>): void {
    this.#tellItem(connection, 'added', item);
    this.#tellItem(connection, 'done', item);
  }

  /** Says that something is wrong, of no event in particular. */
  fail(connection: ProviderConnection, type: string, code: string, message: string): void {
    this.#tell(connection, 'error', { error: { type, code, message } });
  }

  #commit(connection: ProviderConnection, id: string): void {
    this.state(connection).uncommittedBytes = 0;
    this.#tell(connection, 'input_audio_buffer.committed', { item_id: id, previous_item_id: null });
    const content = [{ type: 'input_audio', transcript: null }];
    this.addItem(connection, { id, type: 'message', role: 'user', status: 'completed', content });
  }

  #mouth(connection: ProviderConnection): Mouth {
    return {
      name: (prefix) => this.#name(prefix),
      tell: (type, fields) => this.#tell(connection, type, fields),
      tellItem: (what, item) => this.#tellItem(connection, what, item),
      ended: () => {
        this.state(connection).answer = undefined;
      },
    };
  }

  #refuse(connection: ProviderConnection, sent: Record<string, any>, code: string, message: string): void {
    const error = { type: 'invalid_request_error', code, message, event_id: sent.event_id };
    this.#tell(connection, 'error', { error });
  }

  #tellItem(connection: ProviderConnection, what: 'added' | 'done', item: Record<string, any>): void {
    this.state(connection).items.set(item.id, item);
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

/** What OpenAI assumes of turn detection. */
const DETECTION = { type: 'server_vad', create_response: true, interrupt_response: true };

/** The session with what was changed; audio's settings one by one. */
function merged(session: Record<string, any>, changed: Record<string, any>): Record<string, any> {
  const audio: Record<string, any> = { ...session.audio };
  for (const side of ['input', 'output']) audio[side] = { ...audio[side], ...changed.audio?.[side] };
  return { ...session, ...changed, audio };
}
