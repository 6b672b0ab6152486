// `npm start -- --demo`: backends, receivers and a provider that don't exist, so that the dashboard has something to show.

import { say } from '../../setup/command.mjs';
import { backend } from './backend.mjs';
import { playNotices } from './notices.mjs';
import { playSpend } from './spend.mjs';
import { playTasks } from './tasks.mjs';
import { playVoice } from './voice.mjs';
import { playWebhooks } from './webhooks.mjs';

/**
 * Plays until `signal` is aborted.
 *
 * @param {object} demo `address`, `masterKey`, `key` (`{ id, key }`) and `signal`; `cast` is what `assemble` gave
 */
export async function playTraffic({ address, masterKey, key, cast, signal }) {
  const told = backend(address, masterKey, key.id, signal);
  const players = [
    playTasks(told, signal),
    playSpend(told, signal),
    playWebhooks(told, cast.receiver, signal),
    playNotices(told, signal),
    playVoice(address, key.key, signal),
  ];
  await Promise.all(players).catch((error) => {
    if (error.name !== 'AbortError') say(`made-up traffic stops: ${error.message}`);
  });
}
