import { expect } from 'vitest';
import { audio } from '../../harness/realtime/openAiProvider.ts';
import type { Scene } from './scene.ts';

/** The user asks aloud, and is answered aloud. */
export const plainTurn: Scene = {
  name: 'a plain turn',
  settings: { instructions: 'Be brief.' },
  async play(client, call) {
    client.speak(500);
    await call.hearSpeech();
    call.understand('What is up?');
    call.begin('Not much.', audio(500));
    call.end();
    expect(await client.ear.questions.next()).toBe('What is up?');
    const turn = await client.ear.turns.next();
    expect(turn).toMatchObject({ status: 'completed', said: 'Not much.', written: '' });
    expect(turn.sound.equals(audio(500))).toBe(true);
  },
};
