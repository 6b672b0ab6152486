// A scene's conversation in the words of ElevenLabs Agents.

import type { Conversation, ToolCall } from './conversation.ts';
import type { ElevenLabsProvider } from './elevenLabsProvider.ts';
import type { ProviderConnection } from './providerServer.ts';

export class ElevenLabsConversation implements Conversation {
  readonly connection: ProviderConnection;
  readonly #provider: ElevenLabsProvider;
  #events = 0;
  #calls = 0;

  constructor(provider: ElevenLabsProvider, connection: ProviderConnection) {
    this.#provider = provider;
    this.connection = connection;
  }

  async hearSpeech(): Promise<void> {
    await this.connection.hearMember('user_audio_chunk');
  }

  understand(words: string): void {
    this.#tell('vad_score', { vad_score_event: { vad_score: 0.9 } });
    this.#tell('user_transcript', { user_transcription_event: { user_transcript: words, event_id: this.#next() } });
    this.#tell('vad_score', { vad_score_event: { vad_score: 0.1 } });
  }

  begin(words: string, sound: Buffer): void {
    this.#speak(sound);
    this.#tell('agent_response', { agent_response_event: { agent_response: words, event_id: this.#next() } });
  }

  goOn(words: string, sound: Buffer): void {
    this.#speak(sound);
    this.#tell('agent_response', { agent_response_event: { agent_response: words, event_id: this.#next() } });
    this.end();
  }

  end(): void {
    this.#tell('agent_response_complete', {});
  }

  interrupt(): void {
    this.#tell('interruption', { interruption_event: { event_id: this.#next() } });
  }

  write(words: string): void {
    for (const [type, text] of [
      ['start', ''],
      ['delta', words.slice(0, 2)],
      ['delta', words.slice(2)],
      ['stop', ''],
    ]) {
      this.#tell('agent_chat_response_part', { text_response_part: { text, type, event_id: this.#events } });
    }
    this.#tell('agent_response', { agent_response_event: { agent_response: words, event_id: this.#next() } });
    this.end();
  }

  callTool({ name, args }: ToolCall): void {
    this.#calls += 1;
    const call = { tool_name: name, tool_call_id: `toolu_${this.#calls}`, parameters: args, event_id: this.#next() };
    this.#tell('client_tool_call', { client_tool_call: call });
  }

  async hearToolOutput(): Promise<string> {
    return (await this.connection.hear('client_tool_result')).result;
  }

  async hearText(): Promise<string> {
    return (await this.connection.hear('user_message')).text;
  }

  isAskedAgain(): boolean {
    return this.connection.heard.unread.some((sent: any) => sent.type === 'user_message');
  }

  async hearInstructions(): Promise<string> {
    return (await this.connection.hear('contextual_update')).text;
  }

  /** There is no message for it: silence says so. */
  async hearCommit(): Promise<void> {
    const isSilence = (sent: any) => {
      const audio = Buffer.from(sent.user_audio_chunk ?? '', 'base64');
      return audio.length > 0 && audio.every((byte) => byte === 0);
    };
    await this.connection.heard.find('silence', isSilence);
  }

  async hearCancel(): Promise<void> {
    // It is never told.
  }

  #speak(sound: Buffer): void {
    const audio_event = { audio_base_64: sound.toString('base64'), event_id: this.#next() };
    this.#tell('audio', { audio_event });
  }

  #tell(type: string, fields: object): void {
    // An agent sends what it was made to send.
    const events = this.#provider.agent(this.connection).conversation_config.conversation?.client_events;
    if (events === undefined || events.includes(type)) this.#provider.tell(this.connection, type, fields);
  }

  #next(): number {
    this.#events += 1;
    return this.#events;
  }
}
