// A scene's conversation in Gemini's words.

import type { Conversation, ToolCall } from './conversation.ts';
import type { GeminiProvider } from './geminiProvider.ts';
import type { ProviderConnection } from './providerServer.ts';

/** What an answer uses. */
const USAGE = {
  promptTokenCount: 100,
  responseTokenCount: 40,
  totalTokenCount: 140,
  promptTokensDetails: [{ modality: 'AUDIO', tokenCount: 100 }],
  responseTokensDetails: [{ modality: 'AUDIO', tokenCount: 40 }],
};

export class GeminiConversation implements Conversation {
  connection: ProviderConnection;
  readonly #provider: GeminiProvider;
  #calls = 0;

  constructor(provider: GeminiProvider, connection: ProviderConnection) {
    this.#provider = provider;
    this.connection = connection;
  }

  async hearSpeech(): Promise<void> {
    const isAudio = (sent: any) => sent.realtimeInput?.audio !== undefined;
    await this.connection.heard.find('audio', isAudio);
  }

  understand(words: string): void {
    this.#content({ inputTranscription: { text: words } });
  }

  begin(words: string, sound: Buffer): void {
    const inlineData = { mimeType: 'audio/pcm;rate=24000', data: sound.toString('base64') };
    this.#content({ modelTurn: { parts: [{ inlineData }] } });
    this.#content({ outputTranscription: { text: words } });
  }

  goOn(words: string, sound: Buffer): void {
    this.begin(words, sound);
    this.end();
  }

  end(): void {
    this.#content({ generationComplete: true });
    this.#content({ turnComplete: true });
    this.#provider.tell(this.connection, { usageMetadata: USAGE });
  }

  interrupt(): void {
    this.#content({ interrupted: true });
    this.#content({ turnComplete: true });
  }

  write(words: string): void {
    this.#content({ modelTurn: { parts: [{ text: 'Let me see.', thought: true }, { text: words }] } });
    this.end();
  }

  callTool({ name, args }: ToolCall): void {
    this.#calls += 1;
    this.#provider.tell(this.connection, { toolCall: { functionCalls: [{ id: `fc_${this.#calls}`, name, args }] } });
    // Bare: the call was its turn.
    this.#content({ turnComplete: true });
  }

  async hearToolOutput(): Promise<string> {
    const { toolResponse } = await this.connection.hearMember('toolResponse');
    const [{ response }] = toolResponse.functionResponses;
    return response.result;
  }

  async hearText(): Promise<string> {
    const { clientContent } = await this.connection.hearMember('clientContent');
    const isEnd = (sent: any) => sent.clientContent?.turnComplete === true;
    await this.connection.heard.find('the end of the turn', isEnd);
    return clientContent.turns[0].parts[0].text;
  }

  isAskedAgain(): boolean {
    return this.connection.heard.unread.some((sent: any) => sent.clientContent?.turnComplete === true);
  }

  /** They come with a new connection: a session is set up once. */
  async hearInstructions(): Promise<string> {
    this.connection = await this.#provider.next();
    const { setup } = await this.connection.hearMember('setup');
    return setup.systemInstruction.parts[0].text;
  }

  async hearCommit(): Promise<void> {
    const isEnd = (sent: any) => sent.realtimeInput?.activityEnd !== undefined;
    await this.connection.heard.find('the end of the activity', isEnd);
  }

  async hearCancel(): Promise<void> {
    // There is no message for it: it goes on, and nobody hears it.
  }

  #content(serverContent: object): void {
    this.#provider.tell(this.connection, { serverContent });
  }
}
