// Ultravox's protocol, from the provider's side: a REST call that makes a call, and its socket, which is joined once.

import type { IncomingMessage } from 'node:http';
import type { Conversation } from './conversation.ts';
import { type Answered, type ProviderConnection, ProviderDouble, type Sent } from './providerServer.ts';
import { UltravoxConversation } from './ultravoxConversation.ts';

export const ULTRAVOX_KEY = 'an-ultravox-key-known-to-all';

/** The members of a call. */
const CALL_MEMBERS = [
  'systemPrompt',
  'temperature',
  'model',
  'voice',
  'languageHint',
  'initialMessages',
  'joinTimeout',
  'maxDuration',
  'selectedTools',
  'medium',
  'firstSpeakerSettings',
  'initialOutputMedium',
  'vadSettings',
];

const CLIENT_MESSAGES: Record<string, string[]> = {
  user_text_message: ['text', 'urgency', 'deferResponse'],
  forced_agent_message: ['content', 'uninterruptible', 'urgency'],
  set_output_medium: ['medium'],
  client_tool_result: ['invocationId', 'result', 'agentReaction', 'responseType', 'errorType', 'errorMessage'],
  ping: ['timestamp'],
  hang_up: ['message'],
};

export class UltravoxProvider extends ProviderDouble {
  /** The bodies of the calls, in order. */
  readonly calls: Record<string, any>[] = [];
  /** What is answered when somebody asks how long a call was, in seconds. */
  billedSeconds = 1;
  readonly #joinable = new Set<string>();
  /** Calls of functions that wait for their results. */
  readonly #invocations = new Set<string>();

  /** What `REALTIME_PROVIDERS` must say. */
  settings(models: unknown): object {
    return { Protocol: 'ultravox', ApiUrl: `http://${this.host}`, Models: models };
  }

  protected override answer(request: IncomingMessage, body: any): Answered {
    if (request.headers['x-api-key'] !== ULTRAVOX_KEY) return { status: 401, body: { detail: 'wrong key' } };
    const call = /^\/api\/calls\/(\w+)$/.exec(request.url ?? '')?.[1];
    if (request.method === 'GET' && call !== undefined) {
      return { status: 200, body: { callId: call, billedDuration: `${this.billedSeconds}s`, ended: 'now' } };
    }
    if (request.method !== 'POST' || request.url !== '/api/calls')
      return { status: 404, body: { detail: 'not found' } };
    const fault = faultOfCall(body);
    if (fault !== undefined) {
      this.faults.push(`a call with ${fault}`);
      return { status: 400, body: { detail: fault } };
    }
    const callId = `call${this.calls.push(body)}`;
    this.#joinable.add(callId);
    return { status: 201, body: { callId, joinUrl: `ws://${this.host}/join/${callId}?token=t` } };
  }

  protected override admit(request: IncomingMessage): Answered | undefined {
    const url = new URL(request.url ?? '', 'http://provider');
    const callId = url.pathname.replace('/join/', '');
    const isJoined = url.searchParams.get('token') === 't' && this.#joinable.delete(callId);
    return isJoined ? undefined : { status: 403, body: { detail: 'a call is joined once' } };
  }

  protected override opened(connection: ProviderConnection): void {
    connection.send({ type: 'call_started', callId: `call${this.calls.length}` });
    connection.send({ type: 'state', state: 'listening' });
  }

  override converse(connection: ProviderConnection): Conversation {
    return new UltravoxConversation(this, connection);
  }

  /** Says something. */
  tell(connection: ProviderConnection, message: Record<string, any>): void {
    if (message.type === 'client_tool_invocation') this.#invocations.add(message.invocationId);
    connection.send(message);
  }

  protected override take(connection: ProviderConnection, sent: Sent): void {
    if (Buffer.isBuffer(sent)) {
      if (sent.length % 2 !== 0) this.faults.push('half a sample');
      return;
    }
    const { type, ...rest } = sent;
    const members = CLIENT_MESSAGES[type];
    const unknown = Object.keys(rest).find((member) => !members?.includes(member));
    if (members === undefined || unknown !== undefined) this.faults.push(`unknown: ${JSON.stringify(sent)}`);
    if (type === 'client_tool_result' && !this.#invocations.delete(sent.invocationId)) {
      this.faults.push(`the result of no call: ${sent.invocationId}`);
    }
    if (sent.urgency !== undefined && !['immediate', 'soon', 'later'].includes(sent.urgency)) {
      this.faults.push(`urgency ${sent.urgency}`);
    }
    if (type === 'ping') connection.send({ type: 'pong', timestamp: sent.timestamp });
    if (type === 'hang_up') connection.socket.close(1000);
  }
}

/** What is wrong with a call, if anything is. */
function faultOfCall(body: Record<string, any>): string | undefined {
  const unknown = Object.keys(body).find((member) => !CALL_MEMBERS.includes(member));
  if (unknown !== undefined) return unknown;
  const { inputSampleRate, outputSampleRate } = body.medium?.serverWebSocket ?? {};
  if (![inputSampleRate, outputSampleRate].every((rate) => rate >= 8_000 && rate <= 48_000))
    return 'wrong sample rates';
  for (const { temporaryTool } of body.selectedTools ?? []) {
    if (!temporaryTool?.modelToolName || temporaryTool.client === undefined) return 'a tool of no client';
    if (Number.parseInt(temporaryTool.timeout ?? '20s', 10) > 40) return 'a tool that may take too long';
    const isWrong = ({ name, location, schema }: any) => !name || !/^PARAMETER_LOCATION_/.test(location) || !schema;
    if (temporaryTool.dynamicParameters?.some(isWrong)) return 'a wrong parameter';
  }
  return undefined;
}
