import { expect } from 'vitest';
import { audio } from '../../harness/realtime/openAiProvider.ts';
import type { Scene } from './scene.ts';

/** Push-to-talk: the client says when the user is done, twice. */
export const commitByHand: Scene = {
  name: 'a commit by hand',
  settings: { byHand: true },
  async play(client, call) {
    for (const answer of ['Not much.', 'Nothing at all.']) {
      client.speak(400);
      client.commit();
      await call.hearSpeech();
      await call.hearCommit();
      call.begin(answer, audio(200));
      call.end();
      const turn = await client.ear.turns.next();
      expect(turn).toMatchObject({ status: 'completed', said: answer });
      expect(turn.sound.equals(audio(200))).toBe(true);
    }
    expect(call.isAskedAgain()).toBe(false);
  },
};
