// What a hub is called: by its route, another route of it, its class, or any of these below `/hubs/`.

import { type HubEvents, type HubMethods, hubs } from './contract.ts';
import { ConduitSignalRError } from './errors.ts';

type Hubs = typeof hubs;

/** A hub of the contract, such as `TaskHub`. */
export type HubName = keyof Hubs;

/** Every name of a hub of the contract, such as `TaskHub`, `tasks` and `task-notifications`. */
export type NameOf<H extends HubName> = H | Hubs[H]['route'] | Hubs[H]['aliases'][number];

/** Every name of every hub of the contract. */
export type KnownHubName = { [H in HubName]: NameOf<H> }[HubName];

/** The hub that a name means. */
export type HubOf<N extends KnownHubName> = { [H in HubName]: N extends NameOf<H> ? H : never }[HubName];

/** The events of the hub that a name means, each with the arguments of its handler. */
export type EventsOf<N extends KnownHubName> = HubEvents[HubOf<N>];

/** The methods of the hub that a name means. */
export type MethodsOf<N extends KnownHubName> = HubMethods[HubOf<N>];

/** Which of the two keys opens a hub. */
export type KeyKind = 'virtual' | 'master';

/** A hub, whichever name it was called by. */
export interface HubAddress {
  /** Its path below `/hubs/`. */
  route: string;
  /** All its names: events about its connection are told under each. */
  names: readonly string[];
  /** Which key opens it. */
  key: KeyKind;
  /** Which hub of the contract it is; none for a hub that the contract does not have. */
  hub?: HubName;
}

const ROUTE = /^[A-Za-z0-9][A-Za-z0-9_-]*$/;

/**
 * The hub of a name. What the contract does not know is taken for a route that a virtual key opens.
 *
 * @throws {ConduitSignalRError} `invalid-argument` where it can't be a route
 */
export function resolveHub(hubName: string): HubAddress {
  const name = hubName.replace(/^\/?(hubs\/)?/, '');
  if (!ROUTE.test(name)) throw new ConduitSignalRError('invalid-argument', `"${hubName}" is no name of a hub`);
  for (const hub of Object.values(hubs)) {
    const names: readonly string[] = [hub.route, ...hub.aliases, hub.name];
    if (names.includes(name)) return { route: hub.route, names, key: hub.key, hub: hub.name };
  }
  return { route: name, names: [name], key: 'virtual' };
}
