// How it stands with a hub that an element needs.

import type { ConnectionEventName, ConnectionEvents } from '../connectionEvents.ts';
import type { ConnectionState } from '../connectionState.ts';
import type { ConduitSignalRService } from '../service.ts';

/** As an element shows it. */
export interface HubCondition {
  state: ConnectionState;
  /** Why it failed, such as `No such hub`. */
  reason?: string;
  /** When the next attempt is made, as `Date.now()` gives it. */
  nextRetryTime?: number;
  /** Whether events are read from the history meanwhile. */
  isPolling: boolean;
}

interface Watch {
  service: ConduitSignalRService;
  hub: string;
  /** Ends it. */
  signal: AbortSignal;
  /** Is told how it stands, now and at each change. */
  tell: (condition: HubCondition) => void;
  /** It comes again after it had ended: handlers may be forgotten, and the key may be somebody else's. */
  begin: () => void;
}

/** Connects a hub, and watches it. */
export function watchHub({ service, hub, signal, tell, begin }: Watch): void {
  let hasEnded = false;
  let reason: string | undefined;
  let nextRetryTime: number | undefined;

  const look = () => {
    const state = service.getConnectionState(hub);
    tell({
      state,
      isPolling: service.getTransport(hub) === 'History',
      ...(state === 'failed' && reason !== undefined ? { reason } : {}),
      ...(state === 'connected' || nextRetryTime === undefined ? {} : { nextRetryTime }),
    });
  };
  const on = <N extends ConnectionEventName>(name: N, take: (detail: ConnectionEvents[N]) => void) => {
    const listener = (event: Event) => take((event as CustomEvent<ConnectionEvents[N]>).detail);
    service.addEventListener(`conduit:${hub}:${name}`, listener, { signal });
  };

  on('stateChanged', ({ currentState }) => {
    if (currentState === 'connecting' && hasEnded) begin();
    else look();
    hasEnded = currentState === 'disconnected' || currentState === 'failed';
  });
  on('reconnecting', ({ nextRetryDelay }) => {
    nextRetryTime = Date.now() + nextRetryDelay;
    look();
  });
  on('connectionFailed', (detail) => {
    reason = detail.reason;
    look();
  });
  service.addEventListener('conduit:keyChanged', () => hasEnded && begin(), { signal });

  look();
  service.connectToHub(hub).catch((thrown: unknown) => {
    if (signal.aborted) return;
    hasEnded = true;
    // What kept it from being tried at all is told by nothing else.
    if (reason !== undefined || service.getConnectionState(hub) !== 'disconnected') look();
    else tell({ state: 'failed', reason: thrown instanceof Error ? thrown.message : String(thrown), isPolling: false });
  });
}
