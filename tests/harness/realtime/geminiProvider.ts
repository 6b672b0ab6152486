// Gemini Live's protocol, from the provider's side. What it does not understand it closes with 1007, as Gemini does.

import type { IncomingMessage } from 'node:http';
import type { Conversation } from './conversation.ts';
import { GeminiConversation } from './geminiConversation.ts';
import { type Answered, type ProviderConnection, ProviderDouble, type Sent } from './providerServer.ts';

export const GEMINI_KEY = 'a-gemini-key-known-to-all';

const PATH = '/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent';

/** The members of each message of a client. */
const CLIENT_MESSAGES: Record<string, string[]> = {
  setup: [
    'model',
    'generationConfig',
    'systemInstruction',
    'tools',
    'realtimeInputConfig',
    'sessionResumption',
    'contextWindowCompression',
    'inputAudioTranscription',
    'outputAudioTranscription',
    'historyConfig',
  ],
  clientContent: ['turns', 'turnComplete'],
  realtimeInput: ['audio', 'video', 'text', 'audioStreamEnd', 'activityStart', 'activityEnd'],
  toolResponse: ['functionResponses'],
};

/** What the provider knows of a connection. */
interface State {
  /** The client says where the user's speech begins and ends. */
  isManual: boolean;
  isActivity: boolean;
  /** Calls that wait for their results. */
  calls: Set<string>;
}

export class GeminiProvider extends ProviderDouble {
  /** Whether sessions can be gone on with over another connection. */
  isResumable = true;
  /** Connections that were set up. */
  readonly #states = new Map<ProviderConnection, State>();
  readonly #handles = new Set<string>();

  /** What `REALTIME_PROVIDERS` must say. */
  settings(models: unknown): object {
    return { Protocol: 'gemini', WebSocketUrl: `ws://${this.host}${PATH}`, Models: models };
  }

  protected override admit(request: IncomingMessage): Answered | undefined {
    const url = new URL(request.url ?? '', 'http://provider');
    const key = request.headers['x-goog-api-key'] ?? url.searchParams.get('key');
    if (url.pathname !== PATH) return { status: 404, body: {} };
    return key === GEMINI_KEY ? undefined : { status: 403, body: { error: { message: 'API key not valid' } } };
  }

  protected override opened(): void {}

  override converse(connection: ProviderConnection): Conversation {
    return new GeminiConversation(this, connection);
  }

  protected override take(connection: ProviderConnection, sent: Sent): void {
    const fault = Buffer.isBuffer(sent) ? 'a binary message' : this.#faultOf(connection, sent);
    if (fault !== undefined) {
      this.faults.push(`${fault}: ${JSON.stringify(sent).slice(0, 300)}`);
      connection.socket.close(1007, fault);
    } else if ('setup' in sent) {
      const detection = sent.setup.realtimeInputConfig?.automaticActivityDetection;
      this.#states.set(connection, { isManual: detection?.disabled === true, isActivity: false, calls: new Set() });
      this.tell(connection, { setupComplete: {} });
      if (this.isResumable) this.offerResumption(connection);
    }
  }

  /** Says something as the server does: JSON in a binary message. */
  tell(connection: ProviderConnection, message: Record<string, any>): void {
    for (const { id } of message.toolCall?.functionCalls ?? []) this.#states.get(connection)?.calls.add(id);
    connection.socket.send(Buffer.from(JSON.stringify(message)));
  }

  /** Gives a handle, with which another connection goes on. */
  offerResumption(connection: ProviderConnection): void {
    const newHandle = `handle_${this.#handles.size + 1}`;
    this.#handles.add(newHandle);
    this.tell(connection, { sessionResumptionUpdate: { newHandle, resumable: true } });
  }

  #faultOf(connection: ProviderConnection, message: Record<string, any>): string | undefined {
    const [name, ...others] = Object.keys(message);
    const members = CLIENT_MESSAGES[name ?? ''];
    if (members === undefined || others.length > 0) return `not one known message: ${Object.keys(message)}`;
    const unknown = Object.keys(message[name as string]).find((member) => !members.includes(member));
    if (unknown !== undefined) return `unknown member ${name}.${unknown}`;
    const state = this.#states.get(connection);
    if (name === 'setup') return state === undefined ? this.#faultOfSetup(message.setup) : 'a second setup';
    if (state === undefined) return 'no setup yet';
    if (name === 'toolResponse') return faultOfResults(message.toolResponse, state);
    return name === 'clientContent' ? faultOfTurns(message.clientContent) : faultOfInput(message.realtimeInput, state);
  }

  #faultOfSetup(setup: Record<string, any>): string | undefined {
    const handle = setup.sessionResumption?.handle;
    return handle !== undefined && !this.#handles.has(handle) ? 'an unknown handle' : faultOfSetup(setup);
  }
}

function faultOfSetup(setup: Record<string, any>): string | undefined {
  if (!/^models\/./.test(setup.model)) return 'setup.model';
  const modalities = setup.generationConfig?.responseModalities;
  if (modalities?.length !== 1 || !['AUDIO', 'TEXT'].includes(modalities[0])) return 'responseModalities';
  const detection = setup.realtimeInputConfig?.automaticActivityDetection ?? {};
  return detection.disabled && Object.keys(detection).length > 1 ? 'automaticActivityDetection' : undefined;
}

function faultOfInput(input: Record<string, any>, state: State): string | undefined {
  if (input.activityStart !== undefined || input.activityEnd !== undefined) {
    if (!state.isManual) return 'an activity that the server looks for itself';
    const isStart = input.activityStart !== undefined;
    if (isStart === state.isActivity) return isStart ? 'an activity in an activity' : 'the end of no activity';
    state.isActivity = isStart;
  }
  if (input.audio === undefined) return undefined;
  if (state.isManual && !state.isActivity) return 'audio outside of an activity';
  if (!/^audio\/pcm;rate=\d+$/.test(input.audio.mimeType)) return 'audio.mimeType';
  return Buffer.from(input.audio.data, 'base64').length % 2 === 0 ? undefined : 'half a sample';
}

function faultOfTurns({ turns = [] }: Record<string, any>): string | undefined {
  const wrong = turns.find((turn: any) => !['user', 'model'].includes(turn.role) || !(turn.parts?.length > 0));
  return wrong === undefined ? undefined : 'clientContent.turns';
}

function faultOfResults({ functionResponses }: Record<string, any>, { calls }: State): string | undefined {
  for (const { id, name, response } of functionResponses) {
    if (!calls.delete(id)) return `the result of no call: ${id}`;
    if (typeof name !== 'string' || typeof response !== 'object' || Array.isArray(response)) return 'functionResponses';
  }
  return undefined;
}
