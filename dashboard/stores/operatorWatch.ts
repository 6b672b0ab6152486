// All that is shown to the holder of the master key, and the connections that bring it.

import { effect, type Signal, signal } from '@preact/signals';
import { ConduitSignalRService } from '../../clients/js/src/index.ts';
import { type Api, ApiError, inWords } from '../connection/api.ts';
import { soon, whileVisible } from './clock.ts';
import { Figures } from './figures.ts';
import { Hubs } from './hubs.ts';
import { Keys } from './keys.ts';
import { PATIENT, SILENT, type WatchOptions } from './keyWatch.ts';
import { Operations } from './operations.ts';
import { RealtimeSessions } from './realtime.ts';

export const MASTER_HUBS = ['admin-notifications', 'metrics'] as const;

/** What no hub tells of is asked for. */
const READ_EVERY_MILLIS = 5_000;

export interface OperatorWatch {
  hubs: Hubs;
  figures: Figures;
  keys: Keys;
  operations: Operations;
  realtime: RealtimeSessions;
  trouble: Signal<string | undefined>;
  retry(): void;
  stop(): void;
}

export function startOperatorWatch(api: Api, token: () => Promise<string>, { onRefused }: WatchOptions): OperatorWatch {
  const service = new ConduitSignalRService({
    apiBaseUrl: location.origin,
    masterKey: token,
    connection: PATIENT,
    eventTarget: null,
    logger: SILENT,
  });
  const trouble = signal<string | undefined>(undefined);
  const figures = new Figures(service);
  const keys = new Keys(api);
  const operations = new Operations(service, api);
  const realtime = new RealtimeSessions(api, '/v1/admin/realtime/sessions');

  let isStopped = false;
  const settle = async (reads: Promise<unknown>[]) => {
    const failure = (await Promise.allSettled(reads)).find((outcome) => outcome.status === 'rejected');
    if (isStopped) return;
    if (failure?.reason instanceof ApiError && failure.reason.isRefusal) onRefused?.();
    trouble.value = failure === undefined ? undefined : inWords(failure.reason);
  };
  const poll = () => settle([operations.loadOnline(), operations.loadLetters(), operations.loadAudit()]);
  const load = () => settle([keys.load(), operations.loadProviders(), realtime.load(), poll()]);
  const hubs = new Hubs(
    service,
    MASTER_HUBS,
    soon(() => void load()),
  );

  const readKeys = soon(() => void keys.load().catch(() => {}), 300);
  for (const name of ['VirtualKeyCreated', 'VirtualKeyUpdated', 'VirtualKeyDeleted'] as const) {
    service.on('admin-notifications', name, readKeys);
  }
  const endPolling = whileVisible(READ_EVERY_MILLIS, () => void poll());
  // The figures come every other second: what they count is read when it changed.
  let counted: string | undefined;
  const endLooking = effect(() => {
    const latest = figures.latest.value;
    if (latest === undefined) return;
    const counts = `${latest.deadLetters} ${latest.onlineKeys} ${latest.queueDepth}`;
    if (counted !== undefined && counted !== counts) void poll();
    counted = counts;
  });

  const retry = () => {
    void hubs.connect();
    void load();
  };
  retry();
  // What happened between the first reading and the connection is read then.
  void hubs.connect().then(load);
  const stop = () => {
    isStopped = true;
    endPolling();
    endLooking();
    figures.stop();
    realtime.stop();
    hubs.stop();
    void service.disconnectAll();
  };
  return { hubs, figures, keys, operations, realtime, trouble, retry, stop };
}
