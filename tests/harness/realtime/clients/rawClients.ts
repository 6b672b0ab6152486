// Clients that speak to the socket themselves: of OpenAI's GA protocol, of its beta, and of Conduit's simple one.

import type { FrontDoor, Key } from '../../edge.ts';
import { VoiceClient } from '../voiceClient.ts';
import { Ear } from './ear.ts';
import { OpenAiClient, sessionOf } from './openAiClient.ts';
import { type SceneClient, type Settings, voice } from './sceneClient.ts';

export class GaClient extends OpenAiClient {
  readonly client: VoiceClient;

  constructor(client: VoiceClient) {
    super();
    this.client = client;
    client.onEvent = (event) => this.ear.take(this.named(event));
    client.closed.then(({ code, reason }) => this.ear.fail(new Error(`closed with ${code} ${reason}`)));
  }

  static async connect(front: FrontDoor, key: Key, model: string): Promise<GaClient> {
    return new GaClient(await VoiceClient.connect(front, key, { query: `model=${model}` }));
  }

  /** An event by its name in GA. */
  protected named(event: Record<string, any>): Record<string, any> {
    return event;
  }

  override send(event: Record<string, any>): void {
    this.client.send(event);
  }

  override leave(): void {
    this.client.leave();
  }
}

export class BetaClient extends GaClient {
  static override async connect(front: FrontDoor, key: Key, model: string): Promise<BetaClient> {
    const headers = { authorization: `Bearer ${key.key}`, 'openai-beta': 'realtime=v1' };
    return new BetaClient(await VoiceClient.open(front, { query: `model=${model}`, headers }));
  }

  protected override named(event: Record<string, any>): Record<string, any> {
    return { ...event, type: event.type.replace(/^response\.(audio|text)/, 'response.output_$1') };
  }

  override configure({ text, byHand, ...others }: Settings): void {
    const { type: _, audio, ...fields } = sessionOf(others);
    const session = {
      ...fields,
      modalities: text === true ? ['text'] : ['text', 'audio'],
      input_audio_format: 'pcm16',
      output_audio_format: 'pcm16',
      input_audio_transcription: audio.input.transcription,
      temperature: 0.8,
      ...(byHand === true ? { turn_detection: null } : {}),
    };
    this.send({ type: 'session.update', session });
  }
}

/** What is told in the simple protocol, and in which order. */
export class SimpleClient implements SceneClient {
  readonly ear = new Ear();
  readonly client: VoiceClient;
  /** Whether an answer is going on. */
  #isTurn = false;

  constructor(client: VoiceClient) {
    this.client = client;
    client.onEvent = (message) => this.#take(message);
    client.closed.then(({ code, reason }) => this.ear.fail(new Error(`closed with ${code} ${reason}`)));
  }

  static async connect(front: FrontDoor, key: Key, model: string): Promise<SimpleClient> {
    const headers = { authorization: `Bearer ${key.key}` };
    const subprotocols = ['conduit.realtime.v1'];
    return new SimpleClient(await VoiceClient.open(front, { query: `model=${model}`, headers, subprotocols }));
  }

  /** It has no message for this but OpenAI's own. */
  configure(settings: Settings): void {
    this.client.send({ type: 'session.update', session: sessionOf(settings) });
  }

  speak(millis: number): void {
    this.client.socket.send(voice(millis));
  }

  commit(): void {
    this.client.send({ type: 'input_audio_buffer.commit' });
    this.client.send({ type: 'response_request' });
  }

  write(text: string): void {
    this.client.send({ type: 'text_input', text });
    this.client.send({ type: 'response_request' });
  }

  cancel(): void {
    this.client.send({ type: 'response.cancel' });
  }

  async stopPlaying(): Promise<void> {
    // It is told that it was interrupted, and has nothing to say of it.
  }

  giveToolOutput(callId: string, output: string): void {
    this.client.send({ type: 'function_response', callId, output });
    this.client.send({ type: 'response_request' });
  }

  leave(): void {
    this.client.leave();
  }

  #take(message: Record<string, any>): void {
    const { type, data } = message;
    const isInTurn = ['audio', 'text', 'function_call', 'interrupted', 'responsecomplete'].includes(type);
    if (isInTurn && !this.#isTurn) this.client.broken(`${type} outside of a turn`);
    if (type === 'turnstarted' || type === 'turnended') {
      if (this.#isTurn === (type === 'turnstarted')) this.client.broken(`${type} at the wrong time`);
      this.#isTurn = type === 'turnstarted';
    }
    if (type === 'error') this.ear.errors.push(message.code);
    if (type === 'sessionupdated') this.ear.updates.push(true);
    if (type === 'audio' && data !== null) this.ear.hear(Buffer.from(data, 'base64'));
    if (type === 'text') this.ear.write(message.text);
    if (type === 'function_call') {
      this.ear.call({ id: message.callId, name: message.name, args: JSON.parse(message.arguments) });
    }
    if (type === 'transcription' && message.isFinal) {
      if (message.role === 'user') this.ear.questions.push(message.text);
      else this.ear.say(message.text);
    }
    if (type === 'turnended') {
      const { status } = data.turn;
      this.ear.end(status, status === 'cancelled' ? this.#reason() : undefined);
    }
  }

  /** Why the last turn was cancelled: only the user's voice is told of by name. */
  #reason(): string {
    const last = this.client.events.all.slice(-3).map(({ type }) => type);
    return last.includes('interrupted') ? 'turn_detected' : 'client_cancelled';
  }
}
