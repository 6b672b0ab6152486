// How the connection to each hub is.

import { computed, type Signal, signal } from '@preact/signals';
import {
  type ConduitSignalRService,
  type ConnectionEvent,
  type ConnectionState,
  resolveHub,
} from '../../clients/js/src/index.ts';
import { soon, whileVisible } from './clock.ts';

export interface HubRow {
  route: string;
  /** Of the contract, such as `TaskHub`. */
  name: string;
  state: ConnectionState;
  /** Why it is not connected, in words. */
  reason?: string;
  /** Which attempt comes next, and when. */
  attempt?: number;
  nextAttemptAt?: number;
  transport: string | null;
  latencyMillis?: number;
  connectedAt?: number;
  reconnects: number;
  received: number;
}

type Trouble = Pick<HubRow, 'reason' | 'attempt' | 'nextAttemptAt'>;

const PING_EVERY_MILLIS = 10_000;

/** Hubs of a service, which it connects and keeps an eye on. */
export class Hubs {
  readonly rows: Signal<HubRow[]> = signal([]);
  readonly connected = computed(() => this.rows.value.filter(({ state }) => state === 'connected').length);
  readonly #trouble = new Map<string, Trouble>();
  readonly #ends: (() => void)[] = [];
  readonly #show = soon(() => this.#read());

  constructor(
    private readonly service: ConduitSignalRService,
    private readonly routes: readonly string[],
    /** Is told where a hub is closed for good, or comes back and something was lost. */
    onLoss: () => void,
  ) {
    for (const route of routes) this.#follow(route, onLoss);
    this.#ends.push(whileVisible(PING_EVERY_MILLIS, () => this.#pingAll()));
    this.#ends.push(whileVisible(1_000, () => this.#read()));
  }

  /** Connects all of them, and those that were given up again; resolves when each is connected or given up. */
  async connect(): Promise<void> {
    const absent = this.routes.filter((route) => !this.service.isConnected(route));
    // What comes of it, the events say.
    const attempts = absent.map((route) => this.service.connectToHub(route));
    this.#read();
    await Promise.allSettled(attempts);
  }

  stop(): void {
    for (const end of this.#ends.splice(0)) end();
  }

  #follow(route: string, onLoss: () => void): void {
    const listen = <N extends Parameters<typeof nameOf>[1]>(
      name: N,
      then: (detail: ConnectionEvent<N>['detail']) => void,
    ) => {
      const type = nameOf(route, name);
      const listener = (event: Event) => {
        then((event as ConnectionEvent<N>).detail);
        this.#show();
      };
      this.service.addEventListener(type, listener);
      this.#ends.push(() => this.service.removeEventListener(type, listener));
    };
    listen('stateChanged', ({ currentState, reconnectAttempt, nextRetryTime }) => {
      if (currentState === 'connected') {
        this.#trouble.delete(route);
        this.#ping(route);
      } else if (reconnectAttempt !== undefined && nextRetryTime !== undefined) {
        this.#trouble.set(route, { attempt: reconnectAttempt, nextAttemptAt: nextRetryTime });
      }
    });
    listen('reconnecting', ({ attempt, nextRetryDelay }) => {
      this.#trouble.set(route, { attempt, nextAttemptAt: Date.now() + nextRetryDelay });
    });
    listen('reconnected', ({ recovered }) => {
      if (!recovered) onLoss();
    });
    listen('connectionFailed', ({ reason }) => this.#trouble.set(route, { reason }));
    listen('connectionClosed', () => {
      if (this.#trouble.get(route)?.reason === undefined) this.#trouble.set(route, { reason: 'Closed by the server' });
      onLoss();
    });
  }

  #pingAll(): void {
    for (const route of this.routes) this.#ping(route);
  }

  #ping(route: string): void {
    if (this.service.isConnected(route)) this.service.ping(route).then(this.#show, () => {});
  }

  #read(): void {
    this.rows.value = this.routes.map((route) => {
      const { latency, connectedAt, reconnects = 0, messages } = this.service.getMetrics(route);
      return {
        route,
        name: resolveHub(route).hub ?? route,
        state: this.service.getConnectionState(route),
        transport: this.service.getTransport(route),
        ...(latency === undefined ? {} : { latencyMillis: latency.last }),
        ...(connectedAt === undefined ? {} : { connectedAt }),
        reconnects,
        received: messages?.received ?? 0,
        ...this.#trouble.get(route),
      };
    });
  }
}

function nameOf(
  route: string,
  name: 'stateChanged' | 'reconnecting' | 'reconnected' | 'connectionFailed' | 'connectionClosed',
) {
  return `conduit:${route}:${name}`;
}
