// Every provider that can be behind the realtime door, each as a double, and the configuration that names them all.

import { beforeAll } from 'vitest';
import { ElevenLabsProvider } from './elevenLabsProvider.ts';
import { ELEVENLABS_KEY, ElevenLabsRealtimeProvider } from './elevenLabsRealtimeProvider.ts';
import { GEMINI_KEY, GeminiProvider } from './geminiProvider.ts';
import { OPENAI_KEY, OpenAiProvider } from './openAiProvider.ts';
import { type ProviderDouble, running } from './providerDouble.ts';
import { keyName } from './providerServer.ts';
import { ULTRAVOX_KEY, UltravoxProvider } from './ultravoxProvider.ts';

/** A provider, and what the configuration calls it. */
export interface Line<T extends ProviderDouble = ProviderDouble> {
  name: string;
  /** The model, by our name. */
  model: string;
  /** By the provider's. */
  theirs: string;
  provider: T;
  key: string;
}

function line<T extends ProviderDouble>(name: string, theirs: string, provider: T, key: string): Line<T> {
  return { name, model: `${name}-voice`, theirs, provider, key };
}

/** Doubles of all five, not yet running. */
export function allLines() {
  return {
    openai: line('openai', 'gpt-realtime', new OpenAiProvider(), OPENAI_KEY),
    'elevenlabs-realtime': line(
      'elevenlabs-realtime',
      'eleven_realtime_v1_mini',
      new ElevenLabsRealtimeProvider(),
      ELEVENLABS_KEY,
    ),
    elevenlabs: line('elevenlabs', 'agents', new ElevenLabsProvider(), ELEVENLABS_KEY),
    gemini: line('gemini', 'gemini-live', new GeminiProvider(), GEMINI_KEY),
    ultravox: line('ultravox', 'ultravox-v0.7', new UltravoxProvider(), ULTRAVOX_KEY),
  };
}

/** Runs all five for the tests of a file. `vars` are filled when they run. */
export function runningLines(vars: Record<string, string>): ReturnType<typeof allLines> {
  const lines = allLines();
  for (const { provider } of Object.values(lines)) running(provider);
  beforeAll(() => {
    const settings = Object.values(lines).map(({ name, model, theirs, provider }) => [
      name,
      provider.settings({ [model]: theirs }),
    ]);
    vars.REALTIME_PROVIDERS = JSON.stringify(Object.fromEntries(settings));
    for (const { name, key } of Object.values(lines)) vars[keyName(name)] = key;
  });
  return lines;
}
