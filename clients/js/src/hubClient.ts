// A hub of the contract as an object: its methods, and its events by name, with the types of the contract.

import { type HubEvents, type HubMethods, hubs } from './contract.ts';
import type { HubName, HubOf, KnownHubName } from './hubNames.ts';
import { resolveHub } from './hubNames.ts';
import type { KeySource } from './keyRing.ts';
import type { ConnectionOptions } from './options.ts';
import type { ConduitSignalRService } from './service.ts';
import { streamedItems } from './streamedItems.ts';

interface Common<H extends HubName> {
  /** Which hub it is. */
  readonly hub: H;
  connect(key?: KeySource | null, options?: ConnectionOptions): Promise<void>;
  disconnect(): Promise<void>;
  /** Listens to an event; what it returns stops that. */
  on<E extends keyof HubEvents[H] & string>(
    event: E,
    handler: (...args: HubEvents[H][E] extends unknown[] ? HubEvents[H][E] : never) => void,
  ): () => void;
}

/** The client of a hub: `client.SubscribeToTask('…')`, `client.on('TaskProgress', (taskId, percent) => …)`. */
export type HubClient<H extends HubName> = Common<H> & HubMethods[H];

/** The client of a hub on the one connection that a service has to it. */
export function hubClient<N extends KnownHubName>(service: ConduitSignalRService, hubName: N): HubClient<HubOf<N>> {
  const { hub, route } = resolveHub(hubName);
  if (hub === undefined) throw new TypeError(`${hubName} is no hub of the contract`);
  const { methods, streams } = hubs[hub];
  const called = (method: string) => [method, (...args: unknown[]) => service.invoke(route, method, ...args)];
  const streamed = (method: string) => [
    method,
    (...args: unknown[]) => streamedItems(service.stream(route, method, ...args)),
  ];
  const client = {
    hub,
    connect: async (key?: KeySource | null, options?: ConnectionOptions) => {
      await service.connectToHub(route, key, options);
    },
    disconnect: () => service.disconnectFromHub(route),
    on: (event: string, handler: (...args: unknown[]) => void) => {
      service.on(route, event, handler);
      return () => service.off(route, event, handler);
    },
    ...Object.fromEntries(methods.map(called)),
    ...Object.fromEntries(streams.map(streamed)),
  };
  return client as unknown as HubClient<HubOf<N>>;
}
