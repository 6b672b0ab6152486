// A scene's conversation in Ultravox's words.

import type { Conversation, ToolCall } from './conversation.ts';
import type { ProviderConnection } from './providerServer.ts';
import type { UltravoxProvider } from './ultravoxProvider.ts';

export class UltravoxConversation implements Conversation {
  readonly connection: ProviderConnection;
  readonly #provider: UltravoxProvider;
  #ordinal = 0;
  #words = '';
  #calls = 0;

  constructor(provider: UltravoxProvider, connection: ProviderConnection) {
    this.#provider = provider;
    this.connection = connection;
  }

  async hearSpeech(): Promise<void> {
    await this.connection.hearBytes();
  }

  understand(words: string): void {
    this.#transcript({ role: 'user', medium: 'voice', text: words, final: true, ordinal: this.#next() });
    this.#state('thinking');
  }

  begin(words: string, sound: Buffer): void {
    this.#words = words;
    this.#state('speaking');
    this.#transcript({ role: 'agent', medium: 'voice', delta: words, final: false, ordinal: this.#next() });
    this.connection.socket.send(sound);
  }

  /** The transcript of what it was saying, to its end; audio stops at once. */
  goOn(words: string): void {
    this.#transcript({ role: 'agent', medium: 'voice', delta: words, final: false, ordinal: this.#ordinal });
    this.#state('listening');
  }

  end(): void {
    const transcript = { role: 'agent', medium: 'voice', text: this.#words, final: true, ordinal: this.#ordinal };
    this.#transcript(transcript);
    this.#state('listening');
  }

  interrupt(): void {
    this.connection.send({ type: 'playback_clear_buffer' });
    this.#state('listening');
  }

  write(words: string): void {
    const ordinal = this.#next();
    for (const [text, final] of [
      [words.slice(0, 2), false],
      [words, true],
    ]) {
      this.#transcript({ role: 'agent', medium: 'text', text, final, ordinal });
    }
  }

  callTool({ name, args }: ToolCall): void {
    this.#calls += 1;
    const invocationId = `inv_${this.#calls}`;
    const call = { type: 'client_tool_invocation', toolName: name, invocationId, parameters: args };
    this.#provider.tell(this.connection, call);
  }

  async hearToolOutput(): Promise<string> {
    return (await this.connection.hear('client_tool_result')).result;
  }

  async hearText(): Promise<string> {
    const isIt = (sent: any) => sent.type === 'user_text_message' && sent.urgency === 'immediate';
    return ((await this.connection.heard.find('a text', isIt)) as any).text;
  }

  isAskedAgain(): boolean {
    const isRequest = (sent: any) => sent.type === 'user_text_message' && sent.urgency === 'immediate';
    return this.connection.heard.unread.some(isRequest);
  }

  async hearInstructions(): Promise<string> {
    const isIt = (sent: any) => sent.type === 'user_text_message' && sent.urgency === 'later';
    return ((await this.connection.heard.find('instructions', isIt)) as any).text;
  }

  /** There is no message for it: silence says so. */
  async hearCommit(): Promise<void> {
    const isSilence = (sent: unknown) => Buffer.isBuffer(sent) && sent.length > 0 && sent.every((byte) => byte === 0);
    await this.connection.heard.find('silence', isSilence);
  }

  /** An empty text, at once, that wants no answer. */
  async hearCancel(): Promise<void> {
    const isIt = (sent: any) => sent.type === 'user_text_message' && sent.text === '' && sent.deferResponse === true;
    await this.connection.heard.find('a cancellation', isIt);
  }

  #state(state: string): void {
    this.connection.send({ type: 'state', state });
  }

  #transcript(fields: object): void {
    this.connection.send({ type: 'transcript', ...fields });
  }

  #next(): number {
    this.#ordinal += 1;
    return this.#ordinal;
  }
}
