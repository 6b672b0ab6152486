// What a client is told, in no protocol's words.

import { Inbox } from '../../inbox.ts';

/** An answer that is over. */
export interface Turn {
  status: string;
  /** Why, if it is not complete. */
  reason: string | undefined;
  /** In spoken words. */
  said: string;
  /** In sound. */
  sound: Buffer;
  /** In writing. */
  written: string;
}

/** A function that is to be called. */
export interface Call {
  id: string;
  name: string;
  args: Record<string, unknown>;
}

type Event = Record<string, any>;

export class Ear {
  /** Changes of the session that hold. */
  readonly updates = new Inbox<true>('the client');
  /** What the user was understood to say. */
  readonly questions = new Inbox<string>('the client');
  /** Pieces of sound. */
  readonly sounds = new Inbox<Buffer>('the client');
  readonly calls = new Inbox<Call>('the client');
  readonly turns = new Inbox<Turn>('the client');
  /** Codes of errors. */
  readonly errors = new Inbox<string>('the client');
  /** Ids of items that were cut off where the client stopped playing. */
  readonly truncated = new Inbox<string>('the client');
  /** The item that is, or was last, heard. */
  lastItem = '';
  #said = '';
  #written = '';
  #sound: Buffer[] = [];

  /** Nothing more will be heard. */
  fail(error: Error): void {
    for (const inbox of [
      this.updates,
      this.questions,
      this.sounds,
      this.calls,
      this.turns,
      this.errors,
      this.truncated,
    ]) {
      inbox.fail(error);
    }
  }

  /** Takes an event of OpenAI's GA protocol. */
  take(event: Event): void {
    switch (event.type) {
      case 'error':
        this.errors.push(event.error.code);
        break;
      case 'session.updated':
        this.updates.push(true);
        break;
      case 'conversation.item.input_audio_transcription.completed':
        this.questions.push(event.transcript);
        break;
      case 'conversation.item.truncated':
        this.truncated.push(event.item_id);
        break;
      case 'response.output_audio.delta':
        this.lastItem = event.item_id;
        this.hear(Buffer.from(event.delta, 'base64'));
        break;
      case 'response.output_audio_transcript.done':
        this.say(event.transcript);
        break;
      case 'response.output_text.done':
        this.write(event.text);
        break;
      case 'response.function_call_arguments.done':
        this.call({ id: event.call_id, name: event.name, args: JSON.parse(event.arguments) });
        break;
      case 'response.done':
        this.end(event.response.status, event.response.status_details?.reason);
        break;
    }
  }

  hear(sound: Buffer): void {
    this.#sound.push(sound);
    this.sounds.push(sound);
  }

  say(words: string): void {
    this.#said += words;
  }

  write(words: string): void {
    this.#written += words;
  }

  call(call: Call): void {
    this.calls.push(call);
  }

  end(status: string, reason?: string): void {
    const sound = Buffer.concat(this.#sound.splice(0));
    this.turns.push({ status, reason, said: this.#said, sound, written: this.#written });
    this.#said = '';
    this.#written = '';
  }
}
