// Where `CLOSE_ON_AUTHENTICATION_EXPIRATION` is set, a connection ends with the token that it came with.

import { expect, test } from 'vitest';
import { edge } from '../harness/edge.ts';
import { RawClient } from '../harness/rawClient.ts';

const front = edge({ vars: { CLOSE_ON_AUTHENTICATION_EXPIRATION: 'true' } });

test('a connection is closed when its token expires, and may come again; a key’s is not', async () => {
  const key = await front.createKey();
  const byKey = await front.raw(key);
  const headers = { authorization: `Bearer ${await front.clientToken(key, { ttlSeconds: 2 })}` };
  const byToken = await RawClient.connect(front.hub(), 'json', headers);
  await front.sleep(key);
  await expect(byToken.records.next()).resolves.toEqual({ type: 7, allowReconnect: true });
  await byToken.end();
  await expect(byKey.invoke('UnsubscribeFromTask', 't')).resolves.toBe(null);
  await byKey.close(1000);
});
