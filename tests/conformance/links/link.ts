// How bytes get to the server and back: one of the three transports.

import type { Inbound } from '../received.ts';

export interface Link {
  readonly transport: 'ws' | 'sse' | 'lp';
  /** Sends bytes; `kind` is the frame's on a WebSocket, and elsewhere the body's. */
  send(bytes: Buffer, kind: 'text' | 'binary'): Promise<void>;
  /** Says goodbye as a client does; `code` is a WebSocket's. */
  close(code?: number, reason?: string): Promise<void>;
  /** Drops the line without a word. */
  kill(): void;
  /** Settles when the server has ended it, or when it ends after we asked; `false` if it has not by `until`. */
  endedBy(until: number): Promise<boolean>;
  /** Where what comes is put. */
  readonly inbound: Inbound;
}

/** Where a connection lives, and what every request of it carries. */
export interface Address {
  /** With its id in the query, if it has one. */
  url: string;
  headers: Record<string, string>;
}
