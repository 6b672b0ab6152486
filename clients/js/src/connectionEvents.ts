// The events `conduit:{hub}:{name}` about a hub's connection: on the service, and on `window` where there is one.

import type { ConnectionState } from './connectionState.ts';
import type { HubAddress } from './hubNames.ts';

/** What each event says besides `hubName`. */
export interface ConnectionEvents {
  stateChanged: {
    previousState: ConnectionState;
    currentState: ConnectionState;
    /** As `Date.now()` gives it. */
    timestamp: number;
    /** While it reconnects: which attempt is next, and when. */
    reconnectAttempt?: number;
    nextRetryTime?: number;
  };
  /** An attempt is to be made; the delay is in milliseconds. */
  reconnecting: { error?: Error; attempt: number; nextRetryDelay: number };
  /** `recovered`: whether the server says that nothing was missed. */
  reconnected: { connectionId: string | null; recovered: boolean };
  connectionClosed: { error?: Error };
  connectionFailed: { reason: string; error?: Error };
}

export type ConnectionEventName = keyof ConnectionEvents;

/** The event object of one of them. */
export type ConnectionEvent<N extends ConnectionEventName = ConnectionEventName> = CustomEvent<
  { hubName: string } & ConnectionEvents[N]
>;

/** Tells of something about the connection of a hub, under each of its names. */
export type Emit = <N extends ConnectionEventName>(address: HubAddress, name: N, detail: ConnectionEvents[N]) => void;

/** Dispatches to these. */
export function emitter(targets: readonly EventTarget[]): Emit {
  return (address, name, detail) => {
    for (const hubName of address.names) {
      for (const target of targets) {
        target.dispatchEvent(new CustomEvent(`conduit:${hubName}:${name}`, { detail: { hubName, ...detail } }));
      }
    }
  };
}
