// Each client with each provider: the same scenes, whoever plays in them. Whatever a provider would refuse, and whatever a
// client is told out of order, fails the test.

import { describe, expect, test } from 'vitest';
import { edge, type FrontDoor, type Key } from '../harness/edge.ts';
import { AgentsClient } from '../harness/realtime/clients/agentsClient.ts';
import { OfficialOpenAiClient } from '../harness/realtime/clients/officialClient.ts';
import { BetaClient, GaClient, SimpleClient } from '../harness/realtime/clients/rawClients.ts';
import type { SceneClient } from '../harness/realtime/clients/sceneClient.ts';
import { runningLines } from '../harness/realtime/lines.ts';
import { voiceKey } from '../harness/realtime/voiceClient.ts';
import { bargeIn } from './realtimeScenes/bargeIn.ts';
import { cancellation } from './realtimeScenes/cancellation.ts';
import { commitByHand } from './realtimeScenes/commitByHand.ts';
import { plainTurn } from './realtimeScenes/plainTurn.ts';
import type { Scene } from './realtimeScenes/scene.ts';
import { sessionUpdate } from './realtimeScenes/sessionUpdate.ts';
import { text } from './realtimeScenes/text.ts';
import { toolCall } from './realtimeScenes/toolCall.ts';

const vars: Record<string, string> = {};
const lines = runningLines(vars);
const front = edge({ vars });

const CLIENTS: [string, (front: FrontDoor, key: Key, model: string) => Promise<SceneClient>][] = [
  ['the official client', OfficialOpenAiClient.connect],
  ['the agents SDK', AgentsClient.connect],
  ['a client of GA', GaClient.connect],
  ['a client of the beta', BetaClient.connect],
  ['a client of the simple protocol', SimpleClient.connect],
];

const SCENES: Scene[] = [plainTurn, bargeIn, toolCall, text, sessionUpdate, commitByHand, cancellation];

describe.each(CLIENTS)('%s', (_, connect) => {
  describe.each(Object.values(lines))('with $name', ({ model, provider }) => {
    test.each(SCENES)('$name', async ({ settings, play }) => {
      const client = await connect(front, await voiceKey(front), model);
      // A client that connects when it is configured waits for the provider meanwhile.
      const configured = client.configure(settings);
      const call = provider.converse(await provider.next());
      await configured;
      await client.ear.updates.next();
      await play(client, call);
      expect(client.ear.errors.all).toEqual([]);
      // Nothing that was begun is open.
      if (client instanceof GaClient) expect(client.client.order?.isAtRest).toBe(true);
      client.leave();
      await expect(call.connection.closed).resolves.toMatchObject({ code: 1000 });
    });
  });
});
