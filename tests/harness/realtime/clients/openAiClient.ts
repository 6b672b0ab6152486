// Clients that speak OpenAI's events themselves.

import { Ear } from './ear.ts';
import { type SceneClient, type Settings, voice, WEATHER } from './sceneClient.ts';

export abstract class OpenAiClient implements SceneClient {
  readonly ear = new Ear();

  abstract send(event: Record<string, any>): void;
  abstract leave(): void;

  configure(settings: Settings): void {
    this.send({ type: 'session.update', session: sessionOf(settings) });
  }

  speak(millis: number): void {
    for (let sent = 0; sent < millis; sent += 100) {
      this.send({ type: 'input_audio_buffer.append', audio: voice(100).toString('base64') });
    }
  }

  commit(): void {
    this.send({ type: 'input_audio_buffer.commit' });
    this.send({ type: 'response.create' });
  }

  write(text: string): void {
    const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text }] };
    this.send({ type: 'conversation.item.create', item });
    this.send({ type: 'response.create' });
  }

  cancel(): void {
    this.send({ type: 'response.cancel' });
  }

  async stopPlaying(): Promise<void> {
    const item_id = this.ear.lastItem;
    this.send({ type: 'conversation.item.truncate', item_id, content_index: 0, audio_end_ms: 100 });
    await this.ear.truncated.next();
  }

  giveToolOutput(call_id: string, output: string): void {
    this.send({ type: 'conversation.item.create', item: { type: 'function_call_output', call_id, output } });
    this.send({ type: 'response.create' });
  }
}

/** The session that is asked for, as GA has it. */
export function sessionOf({ instructions, tools, text, byHand }: Settings): Record<string, any> {
  const detection = byHand === true ? { turn_detection: null } : {};
  return {
    type: 'realtime',
    ...(instructions === undefined ? {} : { instructions }),
    ...(tools === true ? { tools: [WEATHER] } : {}),
    ...(text === true ? { output_modalities: ['text'] } : {}),
    audio: { input: { transcription: { model: 'whisper-1' }, ...detection } },
  };
}
