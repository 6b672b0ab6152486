// A scene's conversation in OpenAI's words.

import type { Conversation, ToolCall } from './conversation.ts';
import { type Answer, type OpenAiProvider, usage } from './openAiProvider.ts';
import type { ProviderConnection } from './providerServer.ts';

export class OpenAiConversation implements Conversation {
  readonly connection: ProviderConnection;
  readonly #provider: OpenAiProvider;
  #answer: Answer | undefined;
  /** The item of what the user is saying. */
  #speech: string | undefined;

  constructor(provider: OpenAiProvider, connection: ProviderConnection) {
    this.#provider = provider;
    this.connection = connection;
  }

  async hearSpeech(): Promise<void> {
    await this.connection.hear('input_audio_buffer.append');
  }

  understand(words: string): void {
    const id = this.#provider.hearUser(this.connection, this.#speech);
    this.#speech = undefined;
    this.#provider.transcribe(this.connection, id, words);
  }

  begin(words: string, sound: Buffer): void {
    this.#answer = this.#provider.beginAnswer(this.connection);
    this.#answer.say(words, sound.length / 48, sound);
  }

  goOn(): void {
    // A response that was cancelled says nothing any more.
  }

  end(): void {
    this.#answer?.end(usage(20, 10));
  }

  interrupt(): void {
    this.#speech = this.#provider.startSpeech(this.connection);
    this.#answer?.end(usage(20, 10), 'cancelled');
  }

  write(words: string): void {
    this.#provider.write(this.connection, words, usage(20, 10));
  }

  callTool({ name, args }: ToolCall): void {
    this.#provider.callTool(this.connection, name, args);
  }

  async hearToolOutput(): Promise<string> {
    const { item } = await this.connection.hear('conversation.item.create');
    await this.connection.hear('response.create');
    return item.output;
  }

  async hearText(): Promise<string> {
    const { item } = await this.connection.hear('conversation.item.create');
    await this.connection.hear('response.create');
    return item.content[0].text;
  }

  isAskedAgain(): boolean {
    return this.connection.heard.unread.some((sent: any) => sent.type === 'response.create');
  }

  async hearInstructions(): Promise<string> {
    const isIt = (sent: any) => sent.type === 'session.update' && sent.session.instructions !== undefined;
    return ((await this.connection.heard.find('instructions', isIt)) as any).session.instructions;
  }

  async hearCommit(): Promise<void> {
    await this.connection.hear('input_audio_buffer.commit');
    await this.connection.hear('response.create');
  }

  async hearCancel(): Promise<void> {
    await this.connection.hear('response.cancel');
    this.#answer?.end(usage(20, 10), 'cancelled', 'client_cancelled');
  }
}
