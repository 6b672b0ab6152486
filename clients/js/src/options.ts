// What can be set: of the service, of a connection, and how a hub is treated where nobody said otherwise.

import type { HubAddress, HubName } from './hubNames.ts';
import type { KeySource } from './keyRing.ts';
import type { LogSink } from './logger.ts';
import type { TransportName } from './transportLadder.ts';

/** Who reconnects first when several hubs lost their connections together. */
export type HubPriority = 'critical' | 'normal' | 'low';

/** How a connection behaves. Durations are in milliseconds. */
export interface ConnectionOptions {
  /** Attempts in a row, for the first start as for a reconnect; 10. */
  maxReconnectAttempts?: number;
  /** The longest wait before the first attempt; each later one doubles it; 1,000. */
  baseReconnectDelay?: number;
  /** The longest wait of all; 30,000. */
  maxReconnectDelay?: number;
  /** Whether what is invoked or sent while it is not connected waits; true. */
  enableMessageQueuing?: boolean;
  /** How much may wait; 100. More is refused. */
  maxQueueLength?: number;
  /** Whether it connects again by itself; true. */
  enableAutoReconnect?: boolean;
  /** Who goes first; by hub. */
  priority?: HubPriority;
  /** What is tried, in this order; WebSockets, Server-Sent Events, long polling. */
  transports?: readonly TransportName[];
  /** Whether events are read from `GET /v1/history` while no transport holds; true. */
  enablePolling?: boolean;
  /** Between two such reads; 5,000. */
  pollInterval?: number;
  /** For an attempt to connect; 15,000. */
  connectTimeout?: number;
  /** For an invocation, once it is sent; 30,000. */
  invokeTimeout?: number;
  /** How long the server may be silent; 30,000. */
  serverTimeout?: number;
  /** Between two pings; 15,000. */
  keepAliveInterval?: number;
  /** Whether the official client's stateful reconnect is asked for as well; false. */
  statefulReconnect?: boolean;
}

/** Options that are all there. */
export type Policy = Required<ConnectionOptions>;

/** How the service is set up. */
export interface ServiceOptions {
  /** Where Conduit Edge is; in a page, `conduitConfig.apiBaseUrl` or where the page is from. */
  apiBaseUrl?: string;
  /** Where the hubs of the master key are; where all others are. */
  adminApiBaseUrl?: string;
  virtualKey?: KeySource;
  masterKey?: KeySource;
  /** For every hub. */
  connection?: ConnectionOptions;
  /** For single hubs, by any of their names. */
  hubs?: Record<string, ConnectionOptions>;
  /** Where `conduit:…` events are dispatched, besides the service itself; `window` where there is one. */
  eventTarget?: EventTarget | null;
  /** Where log lines go; the console. */
  logger?: LogSink;
}

const DEFAULTS: Omit<Policy, 'priority'> = {
  maxReconnectAttempts: 10,
  baseReconnectDelay: 1_000,
  maxReconnectDelay: 30_000,
  enableMessageQueuing: true,
  maxQueueLength: 100,
  enableAutoReconnect: true,
  transports: ['WebSockets', 'ServerSentEvents', 'LongPolling'],
  enablePolling: true,
  pollInterval: 5_000,
  connectTimeout: 15_000,
  invokeTimeout: 30_000,
  serverTimeout: 30_000,
  keepAliveInterval: 15_000,
  statefulReconnect: false,
};

/** Somebody waits for what these hubs say, or looks only now and then at it; the rest is in between. */
const PRIORITIES: Partial<Record<HubName, HubPriority>> = {
  TaskHub: 'critical',
  VideoGenerationHub: 'critical',
  ImageGenerationHub: 'critical',
  AdminNotificationHub: 'critical',
  NavigationStateHub: 'low',
  MetricsHub: 'low',
  DebugHub: 'low',
};

/** The options of a hub; later ones override earlier ones, and what is undefined overrides nothing. */
export function policyOf(address: HubAddress, ...layers: (ConnectionOptions | undefined)[]): Policy {
  const priority = (address.hub && PRIORITIES[address.hub]) ?? 'normal';
  const policy: Record<string, unknown> = { ...DEFAULTS, priority };
  for (const layer of layers) {
    for (const [name, value] of Object.entries(layer ?? {})) if (value !== undefined) policy[name] = value;
  }
  return policy as unknown as Policy;
}
