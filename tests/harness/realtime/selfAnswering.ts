// A double that answers by itself, for whoever tries the realtime door by hand: a tone and a sentence after whatever was said
// or written.

import { ElevenLabsProvider } from './elevenLabsProvider.ts';
import { ELEVENLABS_KEY, ElevenLabsRealtimeProvider } from './elevenLabsRealtimeProvider.ts';
import { GEMINI_KEY, GeminiProvider } from './geminiProvider.ts';
import { OPENAI_KEY, OpenAiProvider } from './openAiProvider.ts';
import type { ProviderConnection, ProviderDouble, Sent } from './providerServer.ts';
import { ULTRAVOX_KEY, UltravoxProvider } from './ultravoxProvider.ts';

/** Who is there to play: the model's name, what makes the double, and its key. */
export const PLAYED: Record<string, { theirs: string; make: () => ProviderDouble; key: string }> = {
  openai: { theirs: 'gpt-realtime', make: () => new OpenAiProvider(), key: OPENAI_KEY },
  'elevenlabs-realtime': {
    theirs: 'eleven_realtime_v1_mini',
    make: () => new ElevenLabsRealtimeProvider(),
    key: ELEVENLABS_KEY,
  },
  elevenlabs: { theirs: 'agents', make: () => new ElevenLabsProvider(), key: ELEVENLABS_KEY },
  gemini: { theirs: 'gemini-live', make: () => new GeminiProvider(), key: GEMINI_KEY },
  ultravox: { theirs: 'ultravox-v0.7', make: () => new UltravoxProvider(), key: ULTRAVOX_KEY },
};

/** What it says. */
export const SENTENCE = 'I am a double of a provider, and this is all that I can say.';

/** From this amplitude on, of 32,768, somebody speaks. */
const SPEECH_AMPLITUDE = 500;
/** So much without speech ends what somebody says. */
const SILENCE_MILLIS = 400;

/** Has a double answer. */
export function answerByItself(provider: ProviderDouble): void {
  const ends = new WeakMap<ProviderConnection, NodeJS.Timeout>();
  provider.onMessage = (connection, sent) => {
    if (isRequest(sent)) {
      clearTimeout(ends.get(connection));
      answer(provider, connection, undefined);
    }
    if (loudness(sent) >= SPEECH_AMPLITUDE) {
      clearTimeout(ends.get(connection));
      const heard = () => answer(provider, connection, 'Something that I heard.');
      ends.set(connection, setTimeout(heard, SILENCE_MILLIS));
    }
  };
}

function answer(provider: ProviderDouble, connection: ProviderConnection, understood: string | undefined): void {
  const call = provider.converse(connection);
  if (understood !== undefined) call.understand(understood);
  call.begin(SENTENCE, tone(1_000));
  call.end();
}

/** Whether something written is to be answered. */
function isRequest(sent: Sent): boolean {
  if (Buffer.isBuffer(sent)) return false;
  if (sent.type === 'user_text_message') return sent.urgency === 'immediate' && sent.text !== '';
  return ['response.create', 'user_message'].includes(sent.type) || sent.clientContent?.turnComplete === true;
}

/** The largest amplitude of the PCM16 in a message. */
function loudness(sent: Sent): number {
  const text = Buffer.isBuffer(sent)
    ? undefined
    : (sent.audio ?? sent.user_audio_chunk ?? sent.realtimeInput?.audio?.data);
  const bytes = Buffer.isBuffer(sent) ? sent : Buffer.from(text ?? '', 'base64');
  let largest = 0;
  for (let at = 0; at + 1 < bytes.length; at += 2) largest = Math.max(largest, Math.abs(bytes.readInt16LE(at)));
  return largest;
}

/** A tone of 440 Hz: PCM16 at 24 kHz. */
function tone(millis: number): Buffer {
  const samples = Int16Array.from(
    { length: millis * 24 },
    (_, at) => 6_000 * Math.sin((at * 2 * Math.PI * 440) / 24_000),
  );
  return Buffer.from(samples.buffer);
}
