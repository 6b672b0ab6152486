// What a scene is: a conversation that goes the same way whoever the client and whoever the provider is.

import type { SceneClient, Settings } from '../../harness/realtime/clients/sceneClient.ts';
import type { Conversation } from '../../harness/realtime/conversation.ts';

export interface Scene {
  /** What it shows, as the end of a sentence. */
  name: string;
  /** What the client asks for first. */
  settings: Settings;
  play(client: SceneClient, call: Conversation): Promise<void>;
}
