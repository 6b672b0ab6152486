// What the client library tells of a hub's connection.

import type { ConduitSignalRService, ConnectionEventName, ConnectionEvents } from '../../clients/js/src/index.ts';
import { Inbox } from './inbox.ts';

/** An event about a connection: its name and its details. */
export type Told = {
  [N in ConnectionEventName]: [name: N, detail: { hubName: string } & ConnectionEvents[N]];
}[ConnectionEventName];

const NAMES: readonly ConnectionEventName[] = [
  'stateChanged',
  'reconnecting',
  'reconnected',
  'connectionClosed',
  'connectionFailed',
];

export class ConnectionLife {
  readonly told: Inbox<Told>;

  constructor(service: ConduitSignalRService, hubName: string) {
    this.told = new Inbox(`the connection of ${hubName}`);
    for (const name of NAMES) {
      service.addEventListener(`conduit:${hubName}:${name}`, (event) => {
        this.told.push([name, (event as CustomEvent).detail] as Told);
      });
    }
  }

  /** Waits for a state to be entered. */
  async enters(state: string): Promise<void> {
    await this.told.find(
      `state ${state}`,
      ([name, detail]) => name === 'stateChanged' && detail.currentState === state,
    );
  }

  /** Waits for an event, and gives its details. */
  async tells<N extends ConnectionEventName>(wanted: N): Promise<{ hubName: string } & ConnectionEvents[N]> {
    const [, detail] = await this.told.find(wanted, ([name]) => name === wanted);
    return detail as { hubName: string } & ConnectionEvents[N];
  }

  /** All so far, briefly: states as they are, the rest by name. */
  get brief(): string[] {
    return this.told.all.map(([name, detail]) => (name === 'stateChanged' ? detail.currentState : name));
  }
}
