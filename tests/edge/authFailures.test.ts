// Whoever guesses keys is soon answered without anybody being asked, and disturbs nobody who has one.

import { describe, expect, test } from 'vitest';
import { edge, type FrontDoor, MASTER_KEY, TASK_HUB } from '../harness/edge.ts';
import { withFailing } from '../harness/failingObjects.ts';
import { RawClient } from '../harness/rawClient.ts';

const LIMIT = 3;

const front = edge({ vars: { AUTH_FAILURES_PER_MINUTE: `${LIMIT}` } });
/** Where only the platform's count limits, as it does for a client whose requests reach many isolates. */
const counted = edge({ vars: { AUTH_FAILURES_PER_MINUTE: '1000000' } });
const withoutRegistry = withFailing('ADMINISTRATION', { vars: { AUTH_FAILURES_PER_MINUTE: `${LIMIT}` } });
const unlimited = edge({ vars: { AUTH_FAILURES_PER_MINUTE: '0' } });

let addresses = 0;

/** An address that nobody has failed from. */
function address(): string {
  return `192.0.2.${++addresses}`;
}

let guesses = 0;

/** A key that looks like one and is nobody's. */
function guess(): string {
  return `condt_${`guess${++guesses}`.padEnd(43, 'x')}`;
}

function negotiate(from: string, secret: string, door: FrontDoor = front): Promise<Response> {
  const headers = { 'cf-connecting-ip': from, authorization: `Bearer ${secret}` };
  return fetch(`${door.url}${TASK_HUB}/negotiate?negotiateVersion=1`, { method: 'POST', headers });
}

function listKeys(from: string, secret: string): Promise<Response> {
  return fetch(`${front.url}/v1/admin/keys`, { headers: { 'cf-connecting-ip': from, 'x-master-key': secret } });
}

/** Fails as often as is allowed. */
async function useUp(from: string): Promise<void> {
  for (let failure = 0; failure < LIMIT; failure++) expect((await negotiate(from, guess())).status).toBe(401);
}

describe('an address that failed as often as it may', () => {
  test.each([
    ['another guess', guess],
    ['what cannot be a key', () => 'nonsense'],
    ['a forged token', () => 'eyJhbGciOiJIUzI1NiJ9.eyJ0eXAiOiJjbGllbnQifQ.AAAA'],
  ])('is refused with 429 and Retry-After on a hub, as text, for %s', async (_, secret) => {
    const from = address();
    await useUp(from);
    const response = await negotiate(from, secret());
    expect(response.status).toBe(429);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
    const seconds = Number(response.headers.get('retry-after'));
    expect(seconds).toBeGreaterThanOrEqual(1);
    expect(seconds).toBeLessThanOrEqual(60);
    await expect(response.text()).resolves.toMatch(/too many failed authentications/i);
    const upgrade = await RawClient.refusal(front.hub(`access_token=${secret()}`), { 'cf-connecting-ip': from });
    expect(upgrade.status).toBe(429);
    expect(upgrade.headers['retry-after']).toMatch(/^\d+$/);
  });

  test.each([
    ['GET', '/v1/admin/keys'],
    ['POST', '/v1/admin/keys'],
    ['POST', '/v1/events'],
    ['POST', '/v1/tokens'],
  ])('is refused with a problem on %s %s', async (method, path) => {
    const from = address();
    await useUp(from);
    const headers = { 'cf-connecting-ip': from, authorization: `Bearer ${guess()}` };
    const response = await fetch(front.url + path, { method, headers });
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    await expect(response.json()).resolves.toMatchObject({
      status: 429,
      type: 'urn:conduit:problem:too-many-requests',
    });
  });

  test('passes with a valid key, the master key or a client token, and is still refused with others', async () => {
    const [from, key] = [address(), await front.createKey()];
    await useUp(from);
    for (let time = 0; time < 2; time++) {
      expect((await negotiate(from, key.key)).status).toBe(200);
      expect((await listKeys(from, MASTER_KEY)).status).toBe(200);
      const made = await fetch(`${front.url}/v1/tokens`, {
        method: 'POST',
        headers: { 'cf-connecting-ip': from, authorization: `Bearer ${key.key}` },
        body: '{}',
      });
      const { token } = (await made.json()) as { token: string };
      expect((await negotiate(from, token)).status).toBe(200);
      expect((await negotiate(from, guess())).status).toBe(429);
      expect((await listKeys(from, `${MASTER_KEY}x`)).status).toBe(429);
    }
  });

  test('disturbs no other address', async () => {
    const from = address();
    await useUp(from);
    expect((await negotiate(from, guess())).status).toBe(429);
    expect((await negotiate(address(), guess())).status).toBe(401);
  });
});

test('what passes is no failure', async () => {
  const [from, key] = [address(), await front.createKey()];
  for (let time = 0; time < 2 * LIMIT; time++) {
    expect((await negotiate(from, key.key)).status).toBe(200);
    expect((await listKeys(from, MASTER_KEY)).status).toBe(200);
    // Somebody's key, though not one for this.
    expect((await negotiate(from, MASTER_KEY)).status).toBe(403);
  }
  await useUp(from);
});

test('a request without any key guesses nothing', async () => {
  const from = address();
  for (let time = 0; time < 2 * LIMIT; time++) {
    const response = await fetch(`${front.url}/v1/admin/keys`, { headers: { 'cf-connecting-ip': from } });
    expect(response.status).toBe(401);
  }
  await useUp(from);
});

test('failures of all routes count together, whatever failed', async () => {
  const from = address();
  expect((await negotiate(from, 'nonsense')).status).toBe(401);
  expect((await listKeys(from, 'nonsense')).status).toBe(401);
  const refusal = await RawClient.refusal(front.hub('api_key=nonsense'), { 'cf-connecting-ip': from });
  expect(refusal.status).toBe(401);
  expect((await listKeys(from, 'nonsense')).status).toBe(429);
});

test('guesses that come at once are counted one by one', async () => {
  const from = address();
  const answers = await Promise.all(Array.from({ length: 20 }, () => negotiate(from, guess())));
  expect(answers.filter(({ status }) => status === 401)).toHaveLength(LIMIT);
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(20 - LIMIT);
});

test('the registry is asked of a guess until the limit is reached, and then no more', async () => {
  const from = address();
  // A registry that does not answer shows that it was asked, and is nobody's failure.
  for (let time = 0; time < 2; time++) expect((await negotiate(from, guess(), withoutRegistry)).status).toBe(503);
  for (let failure = 0; failure < LIMIT; failure++) {
    expect((await negotiate(from, 'nonsense', withoutRegistry)).status).toBe(401);
  }
  expect((await negotiate(from, guess(), withoutRegistry)).status).toBe(429);
});

describe('addresses of IPv6', () => {
  test('count as one within a /64', async () => {
    const hosts = ['::1', '::2', ':1:2:3:4', ':ffff:ffff:ffff:ffff'];
    const statuses: number[] = [];
    for (const host of hosts) statuses.push((await negotiate(`2001:db8:1:1${host}`, guess())).status);
    expect(statuses).toEqual([401, 401, 401, 429]);
  });

  test('count apart beyond it', async () => {
    await useUp('2001:db8:2:1::1');
    expect((await negotiate('2001:db8:2:1::2', guess())).status).toBe(429);
    expect((await negotiate('2001:db8:2:2::1', guess())).status).toBe(401);
  });
});

test('the platform’s count limits too, for the rest of the minute', async () => {
  const [from, key] = [address(), await counted.createKey()];
  const statuses: number[] = [];
  // The platform's local stand-in counts by the clock's minutes: a new one may begin on the way, but not two.
  for (let time = 0; time < 21; time++) statuses.push((await negotiate(from, guess(), counted)).status);
  expect(statuses.slice(0, 10).filter((status) => status === 401)).toHaveLength(10);
  expect(statuses).toContain(429);
  // What the platform said once is remembered, whatever the clock says.
  const first = statuses.indexOf(429);
  expect(new Set(statuses.slice(first))).toEqual(new Set([429]));
  expect((await negotiate(from, key.key, counted)).status).toBe(200);
});

test('0 is no limit', async () => {
  const from = address();
  for (let time = 0; time < 15; time++) {
    expect((await negotiate(from, guess(), unlimited)).status).toBe(401);
  }
});
