// A thousand keys with a client each, and one announcement.

import { expect, test } from 'vitest';
import { edge } from '../harness/edge.ts';
import { RawClient } from '../harness/rawClient.ts';

const front = edge();

const KEYS = 1_000;

/** So many come at a time. */
const AT_ONCE = 20;

test('an announcement reaches a thousand keys, each once, those that sleep too', { timeout: 300_000 }, async () => {
  const clients: RawClient[] = [];
  const ids: string[] = [];
  let coming = 0;
  const come = async () => {
    while (coming < KEYS) {
      const nth = coming++;
      const key = await front.createKey({ name: `key ${nth}` });
      const headers = { authorization: `Bearer ${key.key}` };
      const protocol = nth % 10 === 0 ? 'messagepack' : 'json';
      clients.push(await RawClient.connect(`${front.url}/hubs/notifications`, protocol, headers));
      ids.push(key.id);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, come));
  expect(new Set(ids).size).toBe(KEYS);
  // Those that were idle for ten seconds sleep already.
  for (const id of ids.slice(-50)) await front.instance.sleeps('VirtualKey', `vkey-${id}`);

  const titles = ['first', 'second'];
  for (const title of titles) {
    const told = await front.announce('SystemAnnouncement', { title, message: 'M', severity: 'High' });
    expect(told.status).toBe('delivered');
    for (const client of clients) {
      await expect(client.event('SystemAnnouncement')).resolves.toEqual([title, 'M', 'High']);
    }
  }
  // A call that is answered after both: nothing else came.
  for (const client of clients) await client.invoke('GetPreferences');
  const heard = clients.map((client) => client.records.all.filter((record) => record.type === 1).length);
  expect(heard).toEqual(Array(KEYS).fill(titles.length));
  for (const client of clients) client.socket.terminate();
});
