// A call of a raw GA client, up to where the provider listens.

import type { FrontDoor } from '../edge.ts';
import { GaClient } from './clients/rawClients.ts';
import type { Settings } from './clients/sceneClient.ts';
import type { Conversation } from './conversation.ts';
import type { Line } from './lines.ts';
import type { ProviderDouble } from './providerServer.ts';
import { voiceKey } from './voiceClient.ts';

/** Calls a provider, which is ready then. */
export async function called(
  front: FrontDoor,
  { model, provider }: Line<ProviderDouble>,
  settings: Settings = { instructions: 'Be brief.' },
): Promise<{ client: GaClient; call: Conversation }> {
  const client = await GaClient.connect(front, await voiceKey(front), model);
  client.configure(settings);
  const call = provider.converse(await provider.next());
  await client.ear.updates.next();
  return { client, call };
}
