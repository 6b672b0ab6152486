import { expect } from 'vitest';
import { audio } from '../../harness/realtime/openAiProvider.ts';
import type { Scene } from './scene.ts';

/** The client wants no more of an answer: it hears no more of it, whatever the provider says, and the next one whole. */
export const cancellation: Scene = {
  name: 'a cancellation',
  settings: { instructions: 'Be brief.' },
  async play(client, call) {
    client.speak(500);
    await call.hearSpeech();
    call.understand('Tell me a story');
    call.begin('Once upon', audio(300));
    await client.ear.sounds.next();
    client.cancel();
    await call.hearCancel();
    expect(await client.ear.turns.next()).toMatchObject({ status: 'cancelled', reason: 'client_cancelled' });
    call.goOn(' a time', audio(300));
    client.speak(200);
    await call.hearSpeech();
    call.understand('Go on');
    call.begin('There was a king.', audio(100));
    call.end();
    const turn = await client.ear.turns.next();
    expect(turn).toMatchObject({ status: 'completed', said: 'There was a king.' });
    expect(turn.sound).toHaveLength(audio(100).length);
  },
};
