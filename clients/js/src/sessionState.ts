// Where the connection of a hub stands, and telling of it.

import { LogLevel } from '@microsoft/signalr';
import type { Emit } from './connectionEvents.ts';
import { ConnectionState } from './connectionState.ts';
import type { HubAddress } from './hubNames.ts';
import type { KeyRing } from './keyRing.ts';
import type { Logger } from './logger.ts';

interface Surroundings {
  keys: KeyRing;
  logger: Logger;
  emit: Emit;
}

export class SessionState {
  #current: ConnectionState = ConnectionState.Disconnected;
  #next = { attempt: 1, nextRetryDelay: 0 };
  /** Why the last attempt failed. */
  retryError: Error | undefined;

  constructor(
    private readonly address: HubAddress,
    private readonly around: Surroundings,
  ) {}

  get current(): ConnectionState {
    return this.#current;
  }

  /** Whether nothing is connected, and nothing tries to be. */
  get isIdle(): boolean {
    return this.#current === ConnectionState.Disconnected || this.#current === ConnectionState.Failed;
  }

  enter(currentState: ConnectionState): void {
    const previousState = this.#current;
    if (previousState === currentState) return;
    this.#current = currentState;
    const timestamp = Date.now();
    const isReconnecting = currentState === ConnectionState.Reconnecting;
    const { attempt, nextRetryDelay } = this.#next;
    const next = isReconnecting ? { reconnectAttempt: attempt, nextRetryTime: timestamp + nextRetryDelay } : {};
    const { logger, emit } = this.around;
    logger.log(LogLevel.Information, `${this.address.route}: ${previousState} → ${currentState}`);
    emit(this.address, 'stateChanged', { previousState, currentState, timestamp, ...next });
  }

  /** An attempt follows. Of the first one after a loss is told when the state has changed. */
  willRetry(attempt: number, nextRetryDelay: number, error: Error): void {
    this.retryError = this.around.keys.redactError(error);
    this.#next = { attempt, nextRetryDelay };
    if (attempt > 1) this.#tellRetry(this.retryError);
  }

  /** An established connection is lost, and is going to be looked for. */
  lost(error: Error | undefined): void {
    this.enter(ConnectionState.Reconnecting);
    this.#tellRetry(error && this.around.keys.redactError(error));
  }

  tellReconnected(connectionId: string | null, recovered: boolean): void {
    this.around.emit(this.address, 'reconnected', { connectionId, recovered });
  }

  tellClosed(error: Error | undefined): void {
    this.around.emit(this.address, 'connectionClosed', withError(error));
  }

  tellFailed(reason: string, error: Error | undefined): void {
    this.around.emit(this.address, 'connectionFailed', { reason, ...withError(error) });
  }

  #tellRetry(error: Error | undefined): void {
    this.around.emit(this.address, 'reconnecting', { ...withError(error), ...this.#next });
  }
}

function withError(error: Error | undefined): { error?: Error } {
  return error === undefined ? {} : { error };
}
