// The first start of a connection: tried as often as a reconnect is.

import type { HubConnection } from '@microsoft/signalr';
import { asError, ConduitSignalRError } from './errors.ts';
import { startWithin } from './hubConnection.ts';
import { pause } from './pause.ts';
import type { RetryRules } from './retryRules.ts';

interface Start {
  connection: HubConnection;
  /** For an attempt, in milliseconds. */
  connectTimeout: number;
  /** Throws where there is no key. */
  checkKey: () => void;
  retry: RetryRules;
  /** An error without any secret. */
  redact: (error: Error) => Error;
  /** Whether the connection is still wanted. */
  isCurrent: () => boolean;
  ended: AbortSignal;
}

/** Starts, and starts again until it succeeds or the rules say no: then it answers why. */
export async function startPersistently(start: Start): Promise<{ reason: string; cause: Error } | undefined> {
  const { connection, retry } = start;
  for (let attempt = 1; ; attempt++) {
    try {
      start.checkKey();
      await startWithin(connection, start.connectTimeout);
      return undefined;
    } catch (thrown) {
      if (!start.isCurrent()) return undefined;
      const retryReason = start.redact(asError(thrown));
      const rules = { previousRetryCount: attempt, retryReason, elapsedMilliseconds: 0 };
      const hasNoKey = thrown instanceof ConduitSignalRError && thrown.code === 'unauthorized';
      const delay = hasNoKey ? null : retry.nextRetryDelayInMilliseconds(rules);
      if (delay === null) return { reason: retry.givenUp ?? 'Unauthorized', cause: retryReason };
      await pause(delay, start.ended);
      if (!start.isCurrent()) return undefined;
    }
  }
}
