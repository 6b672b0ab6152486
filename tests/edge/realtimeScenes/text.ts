import { expect } from 'vitest';
import type { Scene } from './scene.ts';

/** The user writes, and is answered in writing. */
export const text: Scene = {
  name: 'text',
  settings: { text: true },
  async play(client, call) {
    for (const [question, answer] of [
      ['Hello', 'Hi.'],
      ['How are you?', 'Very well.'],
    ] as const) {
      client.write(question);
      expect(await call.hearText()).toBe(question);
      call.write(answer);
      const turn = await client.ear.turns.next();
      expect(turn).toMatchObject({ status: 'completed', written: answer, said: '' });
      expect(turn.sound).toHaveLength(0);
    }
    expect(call.isAskedAgain()).toBe(false);
  },
};
