// What goes wrong here rather than on the server.

/** What kind of failure it is; a program decides by this, not by the message. */
export type ConduitErrorCode =
  | 'no-connection'
  | 'not-connected'
  | 'queue-full'
  | 'disconnected'
  | 'unauthorized'
  | 'attempts-exhausted'
  | 'closed-by-server'
  | 'timeout'
  | 'refused'
  | 'another-key'
  | 'invalid-argument';

/** A failure of the service. Its message never has a key in it. */
export class ConduitSignalRError extends Error {
  override readonly name = 'ConduitSignalRError';

  constructor(
    readonly code: ConduitErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** A thrown value as an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
