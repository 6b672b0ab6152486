// A client of `/v1/realtime` as the scenes see it, whatever it is made of.

import type { Ear } from './ear.ts';

/** What a scene asks of a session. */
export interface Settings {
  instructions?: string;
  /** Whether the model may ask for the weather. */
  tools?: boolean;
  /** Whether it is to answer in writing. */
  text?: boolean;
  /** Whether the client says when the user is done. */
  byHand?: boolean;
}

export interface SceneClient {
  /** What it is told. */
  readonly ear: Ear;
  /** Changes the session. */
  configure(settings: Settings): void | Promise<void>;
  /** Sends so much of the user's voice. */
  speak(millis: number): void;
  /** Says that the user is done, and wants an answer. */
  commit(): void;
  /** Writes something, and wants an answer. */
  write(text: string): void;
  /** Wants no more of the answer. */
  cancel(): void;
  /** Stops playing because the user speaks, and waits until that is known. */
  stopPlaying(): Promise<void>;
  /** Gives what a function returned, and wants the answer to go on. */
  giveToolOutput(callId: string, output: string): void;
  leave(): void;
}

/** The function that the model may call. */
export const WEATHER = {
  type: 'function',
  name: 'get_weather',
  description: 'The weather of a city',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
} as const;

/** What it returns. */
export const WEATHER_OUTPUT = '3 degrees';

/** The user's voice: a tone, so that it is not taken for silence. PCM16 at 24 kHz. */
export function voice(millis: number): Buffer {
  const samples = Int16Array.from({ length: millis * 24 }, (_, index) => 8_000 * Math.sin(index / 8));
  return Buffer.from(samples.buffer);
}
