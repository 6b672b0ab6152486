// All that is shown of a virtual key, and the connections that bring it.

import { effect, type Signal, signal } from '@preact/signals';
import { ConduitSignalRError, ConduitSignalRService } from '../../clients/js/src/index.ts';
import { Api, ApiError, inWords } from '../connection/api.ts';
import { soon } from './clock.ts';
import { Hubs } from './hubs.ts';
import { Notices } from './notices.ts';
import { RealtimeSessions } from './realtime.ts';
import { recent } from './recent.ts';
import { Spend } from './spend.ts';
import { Tasks } from './tasks.ts';
import { Webhooks } from './webhooks.ts';

/** The hubs that a virtual key opens, those first that most is heard of. */
export const KEY_HUBS = [
  'tasks',
  'video-generation',
  'image-generation',
  'spend',
  'webhooks',
  'notifications',
  'navigation-state',
] as const;

/** A page that is looked at goes on trying, and not as seldom as a program may. */
export const PATIENT = { maxReconnectAttempts: Number.POSITIVE_INFINITY, maxReconnectDelay: 10_000 };

/** Failures are shown on the page, not in the console. */
export const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

export interface KeyWatch {
  /** Which key it is, where an operator chose it. */
  chosen: ChosenKey | undefined;
  hubs: Hubs;
  tasks: Tasks;
  spend: Spend;
  webhooks: Webhooks;
  notices: Notices;
  realtime: RealtimeSessions;
  /** Whether all that happened before is read, so that what is shown is what there is. */
  isRead: Signal<boolean>;
  /** Why something could not be read, if anything could not. */
  trouble: Signal<string | undefined>;
  /** Reads all again, and connects what was given up. */
  retry(): void;
  stop(): void;
}

interface ChosenKey {
  id: string;
  name: string;
}

export interface WatchOptions {
  chosen?: ChosenKey;
  /** Is told where the key opens nothing any more. */
  onRefused?: () => void;
}

export function startKeyWatch(token: () => Promise<string>, { chosen, onRefused }: WatchOptions): KeyWatch {
  const service = new ConduitSignalRService({
    apiBaseUrl: location.origin,
    virtualKey: token,
    connection: PATIENT,
    eventTarget: null,
    logger: SILENT,
  });
  const api = new Api(token);
  const trouble = signal<string | undefined>(undefined);
  const isRead = signal(false);
  let isStopped = false;
  const tasks = new Tasks(service, api);
  const spend = new Spend(service, api);
  const webhooks = new Webhooks(service, api);
  const notices = new Notices(service);
  // Of all that is shown, this alone is asked for again and again: it notices when the key is withdrawn.
  const realtime = new RealtimeSessions(api, '/v1/realtime/connections', (error) => {
    if (!isStopped && isWithdrawn(error)) onRefused?.();
  });

  const load = async () => {
    if (isStopped) return;
    trouble.value = undefined;
    const outcomes = await Promise.allSettled([
      tasks.load(),
      spend.load(),
      webhooks.load(),
      realtime.load(),
      recent(api, 'spend').then((told) => spend.fill(told)),
      recent(api, 'webhooks').then((told) => webhooks.fill(told)),
      recent(api, 'notifications').then((told) => notices.fill(told)),
    ]);
    const failures = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason);
    const [failure] = failures;
    if (failure === undefined || isStopped) return;
    if (failures.some(isWithdrawn)) onRefused?.();
    trouble.value = inWords(failure);
  };
  const hubs = new Hubs(
    service,
    KEY_HUBS,
    soon(() => void load()),
  );

  const retry = () => {
    void hubs.connect();
    void load();
  };
  retry();
  // Subscriptions wait for their connection, and are made again after each reconnect. What happens between the first
  // reading and the last of them is read then.
  const subscriptions = [
    service.invoke('tasks', 'SubscribeToTaskType', '*'),
    service.invoke('webhooks', 'SubscribeToWebhooks', ['*']),
  ];
  void Promise.allSettled([hubs.connect(), ...subscriptions])
    .then(load)
    .then(() => {
      isRead.value = true;
    });

  // What could not be read while the server was away.
  const endRepair = effect(() => {
    if (hubs.connected.value === KEY_HUBS.length && trouble.peek() !== undefined) void load();
  });

  const stop = () => {
    isStopped = true;
    endRepair();
    realtime.stop();
    hubs.stop();
    void service.disconnectAll();
  };
  return { chosen, hubs, tasks, spend, webhooks, notices, realtime, isRead, trouble, retry, stop };
}

/** Whether the key, or a token of it, is good for nothing any more. */
function isWithdrawn(error: unknown): boolean {
  if (error instanceof ApiError) return error.status === 401;
  return error instanceof ConduitSignalRError && error.code === 'unauthorized';
}
