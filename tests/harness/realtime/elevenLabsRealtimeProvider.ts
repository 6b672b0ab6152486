// ElevenLabs' door for OpenAI's protocol: as OpenAI's, but for its key, its path and some fields.

import type { IncomingMessage } from 'node:http';
import { OpenAiProvider } from './openAiProvider.ts';
import { ELEVENLABS_DIALECT } from './openAiRules.ts';

export const ELEVENLABS_KEY = 'an-elevenlabs-key-known-to-all';

export class ElevenLabsRealtimeProvider extends OpenAiProvider {
  protected override readonly dialect = ELEVENLABS_DIALECT;
  protected override readonly key = ELEVENLABS_KEY;

  constructor(models = ['eleven_realtime_v1_mini']) {
    super(models);
  }

  protected override isAuthorized(request: IncomingMessage): boolean {
    return request.headers['xi-api-key'] === this.key;
  }
}
