// `@openai/agents-realtime` over a WebSocket, unmodified. It runs functions, truncates and retrieves by itself.

import { OpenAIRealtimeWebSocket, RealtimeAgent, RealtimeSession, tool } from '@openai/agents-realtime';
import { WebSocket } from 'ws';
import { z } from 'zod';
import type { FrontDoor, Key } from '../../edge.ts';
import { brokenRules, EventOrder } from '../eventOrder.ts';
import { Ear } from './ear.ts';
import { type SceneClient, type Settings, voice, WEATHER, WEATHER_OUTPUT } from './sceneClient.ts';

export class AgentsClient implements SceneClient {
  readonly ear = new Ear();
  readonly #url: string;
  readonly #key: string;
  #session: RealtimeSession | undefined;
  #settings: Settings = {};

  private constructor(url: string, key: string) {
    this.#url = url;
    this.#key = key;
  }

  /** Its settings go with its connection: it is made with the first of them. */
  static async connect(front: FrontDoor, { key }: Key, model: string): Promise<AgentsClient> {
    return new AgentsClient(`${front.url.replace(/^http/, 'ws')}/v1/realtime?model=${model}`, key);
  }

  /** The session, once it is configured. */
  get session(): RealtimeSession {
    if (this.#session === undefined) throw new Error('it is not configured yet');
    return this.#session;
  }

  async configure(settings: Settings): Promise<void> {
    this.#settings = { ...this.#settings, ...settings };
    if (this.#session !== undefined) {
      await this.#session.updateAgent(this.#agent());
      return;
    }
    const { text, byHand } = this.#settings;
    const transcription = { model: 'gpt-4o-mini-transcribe' };
    const input = byHand === true ? { transcription, turnDetection: null } : { transcription };
    const session = new RealtimeSession(this.#agent(), {
      // With manual turns the one of its two ways that makes the socket itself is tried as well.
      transport:
        byHand === true ? new OpenAIRealtimeWebSocket({ createWebSocket: this.#createWebSocket }) : 'websocket',
      config: { ...(text === true ? { outputModalities: ['text'] } : {}), audio: { input } } as object,
    });
    this.#session = session;
    const order = new EventOrder();
    session.transport.on('*', (event: any) => {
      order.check(event);
      this.ear.take(event);
    });
    session.on('error', ({ error }: any) => {
      // Errors that the server tells of are heard above.
      if (error?.type !== 'error') brokenRules.push(`the SDK says: ${error?.message ?? JSON.stringify(error)}`);
    });
    session.transport.on('connection_change', (status) => {
      if (status === 'disconnected') this.ear.fail(new Error('disconnected'));
    });
    await session.connect({ apiKey: this.#key, url: this.#url });
  }

  speak(millis: number): void {
    for (let sent = 0; sent < millis; sent += 100) this.session.sendAudio(arrayBuffer(voice(100)));
  }

  commit(): void {
    this.session.sendAudio(arrayBuffer(voice(100)), { commit: true });
    this.session.transport.sendEvent({ type: 'response.create' });
  }

  write(text: string): void {
    this.session.sendMessage(text);
  }

  cancel(): void {
    this.session.interrupt();
  }

  async stopPlaying(): Promise<void> {
    // It does by itself.
    await this.ear.truncated.next();
  }

  giveToolOutput(): void {
    // It does by itself.
  }

  leave(): void {
    this.session.close();
  }

  readonly #createWebSocket = async ({ url, apiKey }: { url: string; apiKey: string }) =>
    new WebSocket(url, { headers: { authorization: `Bearer ${apiKey}` } }) as any;

  #agent(): RealtimeAgent {
    const { instructions = 'Be brief.', tools = false } = this.#settings;
    const weather = tool({
      name: WEATHER.name,
      description: WEATHER.description,
      parameters: z.object({ city: z.string() }),
      execute: async () => WEATHER_OUTPUT,
    });
    return new RealtimeAgent({ name: 'test', instructions, ...(tools ? { tools: [weather] } : {}) });
  }
}

function arrayBuffer(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
