// One call from the provider's side, in no provider's words: what the scenes are written in.

import type { ProviderConnection } from './providerServer.ts';

/** A function that a scene calls. */
export interface ToolCall {
  name: string;
  args: object;
}

export interface Conversation {
  /** The socket; another one after a provider was reconnected to. */
  readonly connection: ProviderConnection;

  /** Waits until it hears the user's voice. */
  hearSpeech(): Promise<void>;
  /** Takes what was heard for a turn of the user, and says what it understood. */
  understand(words: string): void;

  /** Begins an answer in sound. */
  begin(words: string, sound: Buffer): void;
  /** Says more of it, as one does who has not heard yet that it is not wanted. */
  goOn(words: string, sound: Buffer): void;
  /** Ends it. */
  end(): void;
  /** Notices that the user speaks into the answer, and stops. */
  interrupt(): void;

  /** Answers in writing, all of it. */
  write(words: string): void;
  /** Calls a function instead of answering. */
  callTool(call: ToolCall): void;
  /** Waits for what the function returned. */
  hearToolOutput(): Promise<string>;

  /** Waits for what the user wrote, and until an answer is wanted. */
  hearText(): Promise<string>;
  /** Whether more answers are wanted than those that were heard of above. */
  isAskedAgain(): boolean;
  /** Waits for changed instructions. */
  hearInstructions(): Promise<string>;
  /** Waits until it learns that the user is done, though it did not decide so itself. */
  hearCommit(): Promise<void>;
  /** Waits until it learns that its answer is not wanted; at once where there are no words for that. */
  hearCancel(): Promise<void>;
}
