// Whether to try again, and when: the same rules for the first start and for every reconnect.

import type { IRetryPolicy, RetryContext } from '@microsoft/signalr';
import { backoffMillis } from './backoff.ts';
import type { NegotiationWatch } from './negotiation.ts';
import type { Policy } from './options.ts';
import type { TransportLadder } from './transportLadder.ts';

/** Why nothing is tried any more. */
export type GivenUp = 'Max attempts reached' | 'Unauthorized' | 'Reconnecting is turned off' | 'No such hub';

export interface RetryRules extends IRetryPolicy {
  /** Why the last answer was not to try again. */
  readonly givenUp: GivenUp | undefined;
  /** A connection is begun, or was established. */
  reset(): void;
}

interface Surroundings {
  policy: () => Policy;
  watch: NegotiationWatch;
  ladder: TransportLadder;
  /** Whether a new key may come by itself. */
  hasKeySource: () => boolean;
  /** Whether events arrive another way, which makes it worth to go on trying. */
  isPolling: () => boolean;
  /** Is told of each decision to try again. */
  onRetry: (attempt: number, delayMillis: number, error: Error) => void;
}

export function retryRules(surroundings: Surroundings): RetryRules {
  const { policy, watch, ladder } = surroundings;
  let givenUp: GivenUp | undefined;
  /** Attempts that failed, without those that only went on to another transport. */
  let failures = 0;

  const refusal = (): GivenUp | undefined => {
    if (!policy().enableAutoReconnect) return 'Reconnecting is turned off';
    if (watch.status === 404) return 'No such hub';
    if (watch.status === 403) return 'Unauthorized';
    // A source may give a better one next time.
    if (watch.status === 401 && !surroundings.hasKeySource()) return 'Unauthorized';
    if (failures >= policy().maxReconnectAttempts && !surroundings.isPolling()) return 'Max attempts reached';
    return undefined;
  };

  return {
    get givenUp() {
      return givenUp;
    },
    reset() {
      givenUp = undefined;
      failures = 0;
    },
    nextRetryDelayInMilliseconds({ previousRetryCount, retryReason }: RetryContext): number | null {
      if (previousRetryCount === 0) {
        // A connection that was established is lost: what negotiation answered it then says nothing now.
        failures = 0;
        watch.status = undefined;
        ladder.lost();
      }
      const isNextTransport = previousRetryCount > 0 && watch.status === 200 && ladder.next();
      givenUp = refusal();
      if (givenUp !== undefined) return null;
      const delay = isNextTransport ? 0 : backoffMillis(failures, policy());
      if (!isNextTransport) failures += 1;
      surroundings.onRetry(previousRetryCount + 1, delay, retryReason);
      return delay;
    },
  };
}
