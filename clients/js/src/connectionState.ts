// Where the connection of a hub stands.

/** The states, as events and `getConnectionState` name them. */
export const ConnectionState = {
  Disconnected: 'disconnected',
  Connecting: 'connecting',
  Connected: 'connected',
  Reconnecting: 'reconnecting',
  /** Given up: it takes another `connectToHub`. */
  Failed: 'failed',
} as const;

export type ConnectionState = (typeof ConnectionState)[keyof typeof ConnectionState];
