// Voice clients that come, listen for a while, and go.

import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { between } from './backend.mjs';

const SESSIONS_AT_ONCE = 2;

export async function playVoice(address, key, signal) {
  const { WebSocket } = await import('ws');
  const url = `${address.replace(/^http/, 'ws')}/v1/realtime?model=gpt-realtime`;
  const call = async () => {
    const socket = new WebSocket(url, { headers: { authorization: `Bearer ${key}` } });
    // A session that is refused or ended by an operator is none of the demo's business: the next one comes.
    socket.on('error', () => {});
    const closed = once(socket, 'close').catch(() => {});
    try {
      await Promise.race([closed, pause(between(15_000, 60_000), undefined, { signal })]);
    } finally {
      socket.close();
    }
  };
  const players = Array.from({ length: SESSIONS_AT_ONCE }, async () => {
    for (;;) {
      await pause(between(1_000, 8_000), undefined, { signal });
      await call();
    }
  });
  await Promise.all(players);
}
