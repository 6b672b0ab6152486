// ElevenLabs Agents, from the provider's side: agents over REST, and a socket that belongs to one of them.

import type { IncomingMessage } from 'node:http';
import type { Conversation } from './conversation.ts';
import { ElevenLabsConversation } from './elevenLabsConversation.ts';
import { ELEVENLABS_KEY } from './elevenLabsRealtimeProvider.ts';
import { faultOfAgent, faultOfMessage, refusedOverride } from './elevenLabsRules.ts';
import { type Answered, type ProviderConnection, ProviderDouble, type Sent } from './providerServer.ts';

const PATH = '/v1/convai/conversation';

interface Agent {
  agent_id: string;
  name: string;
  body: Record<string, any>;
}

/** What the provider knows of a connection. */
interface State {
  agent: Agent;
  conversationId: string;
  isInitiated: boolean;
  /** Pings that nobody has answered yet. */
  unanswered: Set<number>;
  /** Calls that wait for their results. */
  calls: Set<string>;
}

export class ElevenLabsProvider extends ProviderDouble {
  /** The agents that there are. */
  readonly agents: Agent[] = [];
  /** What is answered when somebody asks how long a call was, in seconds. */
  billedSeconds = 1;
  readonly #states = new WeakMap<ProviderConnection, State>();
  #conversations = 0;

  /** What `REALTIME_PROVIDERS` must say. */
  settings(models: unknown, agentId?: string): object {
    const [WebSocketUrl, ApiUrl] = [`ws://${this.host}${PATH}`, `http://${this.host}`];
    const named = agentId === undefined ? {} : { AgentId: agentId };
    return { Protocol: 'elevenlabs', WebSocketUrl, ApiUrl, Models: models, ...named };
  }

  /** An agent that somebody made by hand, of which nothing may be overridden. */
  strictAgent(agent_id: string): void {
    const body = { name: agent_id, conversation_config: { agent: {} }, platform_settings: {} };
    this.agents.push({ agent_id, name: agent_id, body });
  }

  protected override answer(request: IncomingMessage, body: any): Answered {
    if (request.headers['xi-api-key'] !== ELEVENLABS_KEY) return { status: 401, body: { detail: 'invalid_api_key' } };
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://provider');
    if (request.method === 'GET' && pathname === '/v1/convai/agents') {
      // A search finds what looks alike.
      const found = this.agents.filter(({ name }) => name.includes((searchParams.get('search') ?? '').slice(0, 8)));
      return {
        status: 200,
        body: { agents: found.map(({ agent_id, name }) => ({ agent_id, name })), has_more: false },
      };
    }
    if (request.method === 'POST' && pathname === '/v1/convai/agents/create') {
      const fault = faultOfAgent(body);
      if (fault !== undefined) {
        this.faults.push(`an agent with ${fault}`);
        return { status: 422, body: { detail: [{ loc: ['body'], msg: fault }] } };
      }
      const agent_id = `agent_${this.agents.length + 1}`;
      this.agents.push({ agent_id, name: body.name, body });
      return { status: 200, body: { agent_id } };
    }
    if (request.method === 'GET' && /^\/v1\/convai\/conversations\/conv_\d+$/.test(pathname)) {
      return { status: 200, body: { status: 'done', metadata: { call_duration_secs: this.billedSeconds } } };
    }
    return { status: 404, body: { detail: 'not found' } };
  }

  protected override admit(request: IncomingMessage): Answered | undefined {
    if (request.headers['xi-api-key'] !== ELEVENLABS_KEY) return { status: 403, body: { detail: 'invalid_api_key' } };
    const { pathname } = new URL(request.url ?? '', 'http://provider');
    if (pathname !== PATH || this.#agentOf(request) === undefined) return { status: 404, body: { detail: 'no agent' } };
    return undefined;
  }

  protected override opened(connection: ProviderConnection): void {
    const agent = this.#agentOf(connection.request) as Agent;
    this.#conversations += 1;
    const conversationId = `conv_${this.#conversations}`;
    this.#states.set(connection, {
      agent,
      conversationId,
      isInitiated: false,
      unanswered: new Set(),
      calls: new Set(),
    });
  }

  override converse(connection: ProviderConnection): Conversation {
    return new ElevenLabsConversation(this, connection);
  }

  protected override take(connection: ProviderConnection, sent: Sent): void {
    const state = this.#state(connection);
    const fault = Buffer.isBuffer(sent) ? 'a binary message' : faultOfMessage(sent, state.isInitiated);
    if (fault !== undefined) {
      this.faults.push(`${fault}: ${JSON.stringify(sent).slice(0, 300)}`);
      connection.socket.close(1008, fault);
    } else if (!Buffer.isBuffer(sent) && sent.type === 'conversation_initiation_client_data') {
      this.#initiate(connection, state, sent.conversation_config_override ?? {});
    } else if (!Buffer.isBuffer(sent) && sent.type === 'pong' && !state.unanswered.delete(sent.event_id)) {
      this.faults.push(`a pong for no ping: ${sent.event_id}`);
    } else if (!Buffer.isBuffer(sent) && sent.type === 'client_tool_result' && !state.calls.delete(sent.tool_call_id)) {
      this.faults.push(`the result of no call: ${sent.tool_call_id}`);
    }
  }

  /** Sends so many pings at once. Gives a promise of their answers. */
  async ping(connection: ProviderConnection, count: number): Promise<void> {
    const { unanswered } = this.#state(connection);
    for (let event_id = 1; event_id <= count; event_id += 1) {
      unanswered.add(event_id);
      this.tell(connection, 'ping', { ping_event: { event_id, ping_ms: 20 } });
    }
    while (unanswered.size > 0) await connection.hear('pong');
  }

  tell(connection: ProviderConnection, type: string, fields: Record<string, any>): void {
    if (type === 'client_tool_call') this.#state(connection).calls.add(fields.client_tool_call.tool_call_id);
    connection.send({ type, ...fields });
  }

  /** The agent of a connection. */
  agent(connection: ProviderConnection): Record<string, any> {
    return this.#state(connection).agent.body;
  }

  #initiate(connection: ProviderConnection, state: State, overrides: object): void {
    const allowed = state.agent.body.platform_settings?.overrides?.conversation_config_override ?? {};
    const refused = refusedOverride(overrides, allowed);
    if (refused !== undefined) {
      const message = `Override for field '${refused}' is not allowed by config.`;
      this.tell(connection, 'error', { error_event: { code: 1008, error_type: 'override_error', message } });
      connection.socket.close(1008, message);
      return;
    }
    state.isInitiated = true;
    const { asr, tts } = state.agent.body.conversation_config;
    this.tell(connection, 'conversation_initiation_metadata', {
      conversation_initiation_metadata_event: {
        conversation_id: state.conversationId,
        agent_output_audio_format: tts?.agent_output_audio_format ?? 'pcm_16000',
        user_input_audio_format: asr?.user_input_audio_format ?? 'pcm_16000',
      },
    });
  }

  #agentOf(request: IncomingMessage): Agent | undefined {
    const id = new URL(request.url ?? '', 'http://provider').searchParams.get('agent_id');
    return this.agents.find(({ agent_id }) => agent_id === id);
  }

  #state(connection: ProviderConnection): State {
    const state = this.#states.get(connection);
    if (state === undefined) throw new Error('no such connection');
    return state;
  }
}
