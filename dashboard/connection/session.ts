// Who is signed in. The key is in the storage of this tab's session and nowhere else; signing out forgets it.

import { signal } from '@preact/signals';
import { type KeyWatch, startKeyWatch } from '../stores/keyWatch.ts';
import { type OperatorWatch, startOperatorWatch } from '../stores/operatorWatch.ts';
import { Api, ApiError } from './api.ts';
import { clientTokens } from './tokens.ts';

const STORED = 'conduit.key';

type Role = 'virtual' | 'master';

export interface Session {
  /** What the holder of the master key sees; nothing for a virtual key. */
  operator?: OperatorWatch;
}

/** The session; nothing before signing in. */
export const session = signal<Session | undefined>(undefined);

/** The virtual key that is looked at: the signed-in one, or the one that an operator chose. */
export const watched = signal<KeyWatch | undefined>(undefined);

/** Why nobody is signed in any more, where it was not their choice. */
export const farewell = signal<string | undefined>(undefined);

let master: string | undefined;

/**
 * Signs in with a virtual key, a client token of one, or the master key.
 *
 * @throws {ApiError} in words for the person who typed it
 */
export async function signIn(secret: string): Promise<void> {
  const role = await roleOf(secret);
  sessionStorage.setItem(STORED, JSON.stringify({ secret, role }));
  open(secret, role);
}

/** Signs in with the key that this tab's session has, if it has one: a server that is away now comes back. */
export function restore(): void {
  const stored = sessionStorage.getItem(STORED);
  if (stored === null) return;
  const { secret, role } = JSON.parse(stored) as { secret: string; role: Role };
  open(secret, role);
}

function open(secret: string, role: Role): void {
  const tokens = clientTokens(secret);
  farewell.value = undefined;
  if (role === 'virtual') {
    watched.value = startKeyWatch(tokens, { onRefused: refused });
    session.value = {};
  } else {
    master = secret;
    session.value = { operator: startOperatorWatch(new Api(() => secret), tokens, { onRefused: refused }) };
  }
}

export function signOut(why?: string): void {
  sessionStorage.removeItem(STORED);
  farewell.value = why;
  master = undefined;
  watched.value?.stop();
  session.value?.operator?.stop();
  watched.value = undefined;
  session.value = undefined;
  // The navigation, too, begins anew with whoever comes next.
  history.replaceState(null, '', location.pathname);
  dispatchEvent(new HashChangeEvent('hashchange'));
}

/** Has the operator look at a virtual key, as its holder sees it. */
export function watch(id: string, name: string): void {
  location.hash = '#/activity';
  if (master === undefined || watched.value?.chosen?.id === id) return;
  watched.value?.stop();
  watched.value = startKeyWatch(clientTokens(master, id), { chosen: { id, name } });
}

export function unwatch(): void {
  watched.value?.stop();
  watched.value = undefined;
}

function refused(): void {
  signOut('The key opens nothing any more: it was disabled, deleted or replaced. Sign in with another.');
}

/** A virtual key opens its own routes, and the master key is refused there by another status than a wrong key. */
async function roleOf(secret: string): Promise<Role> {
  const api = new Api(() => secret);
  try {
    await api.read('/v1/spend');
    return 'virtual';
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status !== 403) throw explained(error);
  }
  try {
    await api.read('/v1/admin/queues');
    return 'master';
  } catch (error) {
    throw error instanceof ApiError ? explained(error) : error;
  }
}

function explained(error: ApiError): ApiError {
  const { status, retryAfterSeconds } = error;
  if (status === 401 || status === 403) {
    const words = 'This key opens nothing here. Take a virtual key or the master key; npm start prints both.';
    return new ApiError(status, words);
  }
  if (status === 429) {
    return new ApiError(
      status,
      `Too many wrong keys from this address. Try again in ${retryAfterSeconds ?? 60} seconds.`,
    );
  }
  if (status === 0) return new ApiError(0, 'The server does not answer. Is it running? Try again.');
  return error;
}
