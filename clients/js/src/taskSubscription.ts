// One task, from now to its end.

import type { TaskHubEvents } from './contract.ts';
import { ConduitSignalRError } from './errors.ts';
import { eventIdOf } from './eventIds.ts';
import type { ConduitSignalRService } from './service.ts';

/** What is told of a task; each callback gets what the event of the task hub has after the task's id. */
export interface TaskCallbacks {
  onStarted?: (taskType: string, metadata: unknown) => void;
  onProgress?: (percentComplete: number, message: string | null) => void;
  onCompleted?: (result: unknown) => void;
  onFailed?: (error: string, details: unknown) => void;
  onCancelled?: (reason: string | null) => void;
  onTimedOut?: () => void;
}

export interface TaskSubscription {
  taskId: string;
  /** Ends it; it ends by itself with the task. */
  unsubscribe(): Promise<void>;
}

const CALLBACKS: Record<keyof TaskHubEvents, keyof TaskCallbacks> = {
  TaskStarted: 'onStarted',
  TaskProgress: 'onProgress',
  TaskCompleted: 'onCompleted',
  TaskFailed: 'onFailed',
  TaskCancelled: 'onCancelled',
  TaskTimedOut: 'onTimedOut',
};

const GOES_ON: readonly string[] = ['TaskStarted', 'TaskProgress'];

/** How many follow a task, by service and task: the last one that leaves unsubscribes. */
const followers = new WeakMap<ConduitSignalRService, Map<string, number>>();

/** Follows a task; resolves when the server has told where it stands. */
export async function subscribeToTask(
  service: ConduitSignalRService,
  id: string | number,
  callbacks: TaskCallbacks,
): Promise<TaskSubscription> {
  const taskId = String(id ?? '');
  if (taskId.trim() === '') throw new ConduitSignalRError('invalid-argument', 'Task ID cannot be null or empty');
  const handlers = new Map<keyof TaskHubEvents, (...args: unknown[]) => void>();
  /** The latest of each event: somebody else's subscription has its snapshot told to everybody. */
  const latest = new Map<string, string>();
  let isOver = false;

  const leave = async () => {
    if (isOver) return;
    isOver = true;
    for (const [event, handler] of handlers) service.off('tasks', event, handler);
    if (count(service, taskId, -1) > 0 || service.getConnection('tasks') === null) return;
    await service.invoke('tasks', 'UnsubscribeFromTask', taskId);
  };

  for (const event of Object.keys(CALLBACKS) as (keyof TaskHubEvents)[]) {
    const handler = (told: unknown, ...rest: unknown[]) => {
      if (String(told) !== taskId) return;
      const args = eventIdOf(rest) === undefined ? rest : rest.slice(0, -1);
      const content = JSON.stringify(args);
      if (latest.get(event) === content) return;
      latest.set(event, content);
      // Nothing comes after the end; that the hub can't be told so now makes no difference.
      if (!GOES_ON.includes(event)) leave().catch(() => {});
      const callback = callbacks[CALLBACKS[event]] as ((...args: unknown[]) => void) | undefined;
      callback?.(...args);
    };
    handlers.set(event, handler);
    service.on('tasks', event, handler);
  }
  count(service, taskId, 1);
  try {
    await service.connectToHub('tasks');
    await service.invoke('tasks', 'SubscribeToTask', taskId);
  } catch (error) {
    if (!isOver) {
      isOver = true;
      count(service, taskId, -1);
      for (const [event, handler] of handlers) service.off('tasks', event, handler);
    }
    throw error;
  }
  return { taskId, unsubscribe: leave };
}

/** Changes how many follow a task, and says how many do then. */
function count(service: ConduitSignalRService, taskId: string, change: 1 | -1): number {
  const counts = followers.get(service) ?? new Map<string, number>();
  followers.set(service, counts);
  const number = (counts.get(taskId) ?? 0) + change;
  if (number > 0) counts.set(taskId, number);
  else counts.delete(taskId);
  return number;
}
