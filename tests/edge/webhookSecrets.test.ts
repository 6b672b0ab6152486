// The secret that signs a key's webhooks: another one at any time, with a day in which both sign.

import { Webhook } from 'standardwebhooks';
import { afterAll, describe, expect, test } from 'vitest';
import { edge, type Key } from '../harness/edge.ts';
import { DAY, EdgeInTime, HOUR } from '../harness/movedClock.ts';
import { deliver, PAYLOAD, rotate } from '../harness/webhooks.ts';
import { type Received, status, webhookTarget } from '../harness/webhookTarget.ts';

const VARS = { ALLOW_PRIVATE_TARGETS: 'true' };

const front = edge({ vars: VARS });
const target = webhookTarget();

async function arrived(door: Parameters<typeof deliver>[0], key: Key): Promise<Received> {
  const url = target.url(status(200));
  await deliver(door, key, url);
  return target.at(url).next();
}

function verifies(secret: string, { body, headers }: Received): boolean {
  try {
    expect(new Webhook(secret).verify(body, headers)).toEqual(PAYLOAD);
    return true;
  } catch {
    return false;
  }
}

const signatures = ({ headers }: Received) => (headers['webhook-signature'] ?? '').split(' ');

describe('POST /v1/webhooks/secret/rotate', () => {
  test('shows the first secret of a key that never had one, and says of no older one', async () => {
    const key = await front.createKey();
    const rotated = await rotate(front, key);
    expect(rotated).toStrictEqual({ secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/) });
    const received = await arrived(front, key);
    expect(signatures(received)).toHaveLength(1);
    expect(verifies(rotated.secret, received)).toBe(true);
  });

  test('after a delivery it shows another than that which signed, and both sign for a day', async () => {
    const key = await front.createKey();
    const first = await arrived(front, key);
    const { secret, previousExpiresAt } = await rotate(front, key);
    const inADay = Date.now() + DAY;
    expect(Math.abs(Date.parse(previousExpiresAt ?? '') - inADay)).toBeLessThan(60_000);
    expect([signatures(first).length, verifies(secret, first)]).toEqual([1, false]);
    const second = await arrived(front, key);
    expect([signatures(second).length, verifies(secret, second)]).toEqual([2, true]);
    const again = await rotate(front, key);
    expect(again.secret).not.toBe(secret);
    const third = await arrived(front, key);
    expect([verifies(secret, third), verifies(again.secret, third)]).toEqual([true, true]);
  });

  test('is written down, without the secret, and is not to be kept on the way', async () => {
    const key = await front.createKey();
    const headers = { authorization: `Bearer ${key.key}` };
    const response = await fetch(`${front.url}/v1/webhooks/secret/rotate`, { method: 'POST', headers });
    expect(response.headers.get('cache-control')).toBe('no-store');
    const { secret } = (await response.json()) as { secret: string };
    const audit = await (await front.admin('GET', `/v1/admin/keys/${key.id}/audit`)).text();
    expect(audit).toContain('"webhook-secret.rotated"');
    expect(audit).not.toContain(secret);
    expect(JSON.stringify(front.instance.log)).not.toContain(secret);
  });

  test('takes the key itself: no token of it, not the master key, no key that is disabled', async () => {
    const key = await front.createKey();
    const path = `${front.url}/v1/webhooks/secret/rotate`;
    const answered = async (headers: Record<string, string>, method = 'POST') =>
      (await fetch(path, { method, headers })).status;
    const token = await front.clientToken(key, { hubs: ['WebhookDeliveryHub'] });
    expect(await answered({ authorization: `Bearer ${token}` })).toBe(403);
    expect(await answered({ authorization: `Bearer ${await front.clientToken(key)}` })).toBe(403);
    expect((await front.admin('POST', '/v1/webhooks/secret/rotate')).status).toBe(403);
    expect(await answered({})).toBe(401);
    expect(await answered({ authorization: `Bearer ${key.key}` }, 'GET')).toBe(405);
    await front.patchKey(key, { enabled: false });
    expect(await answered({ authorization: `Bearer ${key.key}` })).toBe(401);
  });
});

describe('as time goes by', () => {
  const inTime = new EdgeInTime();
  afterAll(() => inTime.stop());

  /** `standardwebhooks` takes no timestamp of tomorrow; what it checks beside is checked here by the signatures' number. */
  test('an old secret signs for a day and no longer', async () => {
    const now = Date.now();
    await inTime.startAt(now + HOUR, VARS);
    const key = await inTime.createKey();
    await arrived(inTime, key);
    await rotate(inTime, key);
    expect(signatures(await arrived(inTime, key))).toHaveLength(2);
    await inTime.startAt(now + DAY, VARS);
    expect(signatures(await arrived(inTime, key))).toHaveLength(2);
    await inTime.startAt(now + DAY + 2 * HOUR, VARS);
    expect(signatures(await arrived(inTime, key))).toHaveLength(1);
  });
});
