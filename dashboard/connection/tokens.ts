// Hubs are opened with client tokens: a browser can put what opens a WebSocket only into its address, and keys are in none.

import { ConduitSignalRError } from '../../clients/js/src/index.ts';
import { Api, ApiError } from './api.ts';

/** A token is renewed so long before it expires. */
const MARGIN_MILLIS = 60_000;

interface Issued {
  token: string;
  expiresAt: string;
}

/**
 * Tokens of a key, or, for the operator, of a virtual key that is looked at. A secret that is a token itself stands for
 * itself: no token makes another.
 */
export function clientTokens(secret: string, virtualKeyId?: string): () => Promise<string> {
  const api = new Api(() => secret);
  let issued: Promise<Issued> | undefined;
  let expiresAtMillis = 0;
  const issue = async (): Promise<Issued> => {
    const answer = await api.ask<Issued>('POST', '/v1/tokens', virtualKeyId === undefined ? {} : { virtualKeyId });
    expiresAtMillis = Date.parse(answer.expiresAt);
    return answer;
  };
  return async () => {
    if (Date.now() > expiresAtMillis - MARGIN_MILLIS) {
      expiresAtMillis = Number.POSITIVE_INFINITY;
      issued = issue();
    }
    try {
      const { token } = await (issued as Promise<Issued>);
      return token;
    } catch (error) {
      expiresAtMillis = 0;
      if (error instanceof ApiError && error.status === 403 && virtualKeyId === undefined) return secret;
      if (error instanceof ApiError && error.isRefusal) throw new ConduitSignalRError('unauthorized', error.message);
      throw error;
    }
  };
}
