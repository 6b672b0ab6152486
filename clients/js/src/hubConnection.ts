// The official client's connection to a hub, as the service wants it.

import {
  type HttpClient,
  type HubConnection,
  HubConnectionBuilder,
  HubConnectionState,
  type ILogger,
  type IRetryPolicy,
} from '@microsoft/signalr';
import { ConduitSignalRError } from './errors.ts';
import type { Policy } from './options.ts';
import { within } from './pause.ts';

interface Parts {
  url: string;
  policy: Policy;
  key: () => Promise<string>;
  httpClient: HttpClient;
  logger: ILogger;
  retry: IRetryPolicy;
}

/** A connection that was not started yet. Its events have their metadata. */
export function hubConnection({ url, policy, key, httpClient, logger, retry }: Parts): HubConnection {
  const builder = new HubConnectionBuilder()
    .withUrl(`${url}?meta=1`, {
      accessTokenFactory: key,
      httpClient,
      timeout: policy.connectTimeout,
      withCredentials: false,
    })
    .configureLogging(logger)
    .withServerTimeout(policy.serverTimeout)
    .withKeepAliveInterval(policy.keepAliveInterval)
    .withAutomaticReconnect(retry);
  if (policy.statefulReconnect) builder.withStatefulReconnect();
  return builder.build();
}

/** Starts it, and stops it again where that takes too long. */
export async function startWithin(connection: HubConnection, millis: number): Promise<void> {
  const start = connection.start();
  const timeout = () => new ConduitSignalRError('timeout', `no connection within ${millis / 1_000} s`);
  try {
    await within(start, millis, timeout);
  } catch (error) {
    if (connection.state !== HubConnectionState.Disconnected) await connection.stop();
    await start.catch(() => {});
    throw error;
  }
}
