// What the package offers.

export type { ConnectionEvent, ConnectionEventName, ConnectionEvents } from './connectionEvents.ts';
export { ConnectionState } from './connectionState.ts';
export * from './contract.ts';
export { type ConduitErrorCode, ConduitSignalRError } from './errors.ts';
export { type HubClient, hubClient } from './hubClient.ts';
export { type HubAddress, type HubName, type KeyKind, type KnownHubName, resolveHub } from './hubNames.ts';
export type { KeySource } from './keyRing.ts';
export type { LogSink } from './logger.ts';
export type { HubMetrics, MessageCounts, PerformanceMetric } from './metrics.ts';
export type { ConnectionOptions, HubPriority, ServiceOptions } from './options.ts';
export { ConduitSignalRService } from './service.ts';
export { streamedItems } from './streamedItems.ts';
export type { TaskCallbacks, TaskSubscription } from './taskSubscription.ts';
export type { TransportName } from './transportLadder.ts';
