import { expect } from 'vitest';
import { audio } from '../../harness/realtime/openAiProvider.ts';
import type { Scene } from './scene.ts';

/** Instructions change in the middle of a session, between two turns. */
export const sessionUpdate: Scene = {
  name: 'a session update',
  settings: { instructions: 'Be brief.' },
  async play(client, call) {
    client.speak(500);
    await call.hearSpeech();
    call.understand('Hello');
    call.begin('Hello.', audio(100));
    call.end();
    await client.ear.turns.next();
    const updated = client.ear.updates.all.length;
    await client.configure({ instructions: 'Be rude.' });
    expect(await call.hearInstructions()).toBe('Be rude.');
    while (client.ear.updates.all.length === updated) await client.ear.updates.next();
    client.speak(500);
    await call.hearSpeech();
    call.understand('Hello?');
    call.begin('Go away.', audio(100));
    call.end();
    expect(await client.ear.turns.next()).toMatchObject({ status: 'completed', said: 'Go away.' });
  },
};
