import { expect } from 'vitest';
import { WEATHER_OUTPUT } from '../../harness/realtime/clients/sceneClient.ts';
import { audio } from '../../harness/realtime/openAiProvider.ts';
import type { Scene } from './scene.ts';

/** The model asks the client for something, and answers with what it gets. */
export const toolCall: Scene = {
  name: 'a tool call',
  settings: { tools: true },
  async play(client, call) {
    client.speak(500);
    await call.hearSpeech();
    call.understand('The weather in Oslo?');
    call.callTool({ name: 'get_weather', args: { city: 'Oslo' } });
    const { id, name, args } = await client.ear.calls.next();
    expect({ name, args }).toEqual({ name: 'get_weather', args: { city: 'Oslo' } });
    expect(await client.ear.turns.next()).toMatchObject({ status: 'completed' });
    client.giveToolOutput(id, WEATHER_OUTPUT);
    expect(await call.hearToolOutput()).toBe(WEATHER_OUTPUT);
    call.begin('Three degrees.', audio(200));
    call.end();
    expect(await client.ear.turns.next()).toMatchObject({ status: 'completed', said: 'Three degrees.' });
    // What goes on by itself is not asked for twice.
    expect(call.isAskedAgain()).toBe(false);
  },
};
