// Progress, which no history has: of the tasks that somebody follows, read from `GET /v1/tasks`.

import { type Api, read } from './history.ts';
import type { HubAddress } from './hubNames.ts';
import type { Subscriptions } from './subscriptions.ts';

/** A task as its key's owner reads it. */
interface TaskView {
  taskId: string;
  taskType: string;
  state: string;
  percentComplete: number;
  message?: string;
}

/** Tasks that are read one by one; of more, all that run are read together. */
const MOST_READ_ALONE = 10;

const RUNNING = '/v1/tasks?state=running&limit=1000';

/** The latest progress of the tasks that are subscribed to and run, as arguments of `TaskProgress`. */
export async function runningProgress(
  { hub }: HubAddress,
  subscriptions: Subscriptions,
  api: Api,
): Promise<[taskId: string, percentComplete: number, message: string | null][]> {
  if (hub !== 'TaskHub') return [];
  const idsOf = (topic: string) =>
    new Set(subscriptions.wanted.filter((one) => one.topic === topic).map(({ id }) => id));
  const [ids, types] = [idsOf('Task'), idsOf('TaskType')];
  const hasAll = types.has('*');
  const isTogether = hasAll || ids.size > MOST_READ_ALONE;
  const single = [...ids].map((id) => `/v1/tasks/${encodeURIComponent(id)}`);
  const byType = [...types].map((type) => `${RUNNING}&type=${encodeURIComponent(type)}`);
  const tasks: TaskView[] = [];
  for (const path of isTogether ? [RUNNING] : [...single, ...byType]) {
    // One that is not there, or not this token's, is no reason not to read the others.
    const view = await read<TaskView | { items: TaskView[] }>(api, path).catch(() => ({ items: [] }));
    tasks.push(...('items' in view ? view.items : [view]));
  }
  return tasks
    .filter(({ taskId, taskType }) => hasAll || ids.has(taskId) || types.has(taskType))
    .filter(
      ({ state, percentComplete, message }) => state === 'running' && (percentComplete > 0 || message !== undefined),
    )
    .map(({ taskId, percentComplete, message }) => [taskId, percentComplete, message ?? null]);
}
