import { expect } from 'vitest';
import { audio } from '../../harness/realtime/openAiProvider.ts';
import type { Scene } from './scene.ts';

/** The user speaks into the answer: it stops, and the next turn is one like any other. */
export const bargeIn: Scene = {
  name: 'a barge-in',
  settings: { instructions: 'Be brief.' },
  async play(client, call) {
    client.speak(500);
    await call.hearSpeech();
    call.understand('Tell me a story');
    call.begin('Once upon a time', audio(2_000));
    await client.ear.sounds.next();
    client.speak(200);
    await call.hearSpeech();
    call.interrupt();
    const turn = await client.ear.turns.next();
    expect(turn).toMatchObject({ status: 'cancelled', reason: 'turn_detected' });
    await client.stopPlaying();
    call.understand('Stop');
    call.begin('Fine.', audio(100));
    call.end();
    expect(await client.ear.turns.next()).toMatchObject({ status: 'completed', said: 'Fine.' });
    expect(client.ear.questions.all).toEqual(['Tell me a story', 'Stop']);
  },
};
