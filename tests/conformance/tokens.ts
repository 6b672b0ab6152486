// Bearer tokens as the test Worker checks them, and as the cases describe them.

import { createHmac } from 'node:crypto';

const SIGNING_KEY = 'conformance-signing-key-that-everybody-knows';

const DEFAULT_SECONDS = 3600;

/** The claims of a token; `exp` counts seconds since 1970. */
export type Claims = Record<string, unknown>;

/** A token signed with HS256. */
export function signed(claims: Claims, key = SIGNING_KEY): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const content = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${content}.${createHmac('sha256', key).update(content).digest('base64url')}`;
}

/** A token of a user that is good for so long. */
export function userToken(user: string, lifetimeMs = DEFAULT_SECONDS * 1000): string {
  const now = Date.now();
  return signed({ nameid: user, iat: Math.floor(now / 1000), exp: Math.round((now + lifetimeMs) / 1000) });
}

/** The token that words such as `user=u1 exp=now+600` describe. */
export function describedToken(words: string[], url: string): string {
  const now = Math.floor(Date.now() / 1000);
  const claims: Claims = { nameid: 'user', iat: now, exp: now + DEFAULT_SECONDS };
  let key = SIGNING_KEY;
  for (const word of words) {
    const [name = '', ...rest] = word.split('=');
    const value = rest.join('=');
    if (/^expired$/i.test(name)) claims.exp = now - 600;
    else if (/^(bad|wrong|invalid|other)/i.test(name)) key = `not ${SIGNING_KEY}`;
    else if (name === 'key' || name === 'secret') key = value;
    else if (name === 'user') claims.nameid = value;
    else if (name === 'exp' || name === 'nbf' || name === 'iat') claims[name] = instant(value, now);
    else if (name === 'ttl') claims.exp = now + Number(value);
    else if (/^noexp$/i.test(name)) delete claims.exp;
    else if (name === 'aud' && value === 'url') claims.aud = url;
    else if (name === 'aud' && value === 'path') claims.aud = url.split('?')[0];
    else if (name === 'sub') {
      delete claims.nameid;
      claims.sub = value;
    } else claims[name] = value;
  }
  return signed(claims, key);
}

/** `now`, `now+600`, `now-5`, or seconds since 1970. */
function instant(text: string, now: number): number {
  const [, sign, seconds] = text.match(/^now(?:([+-])(\d+))?$/) ?? [];
  if (sign !== undefined) return now + Number(`${sign}${seconds}`);
  return text === 'now' ? now : Number(text);
}
