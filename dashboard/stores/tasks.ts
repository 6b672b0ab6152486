// The tasks of a key: those that run, and those that ended lately.

import { computed, signal } from '@preact/signals';
import type { ConduitSignalRService, EventMeta, TaskHubEvents } from '../../clients/js/src/index.ts';
import { type Api, all } from '../connection/api.ts';
import { soon } from './clock.ts';
import { recent } from './recent.ts';

export type TaskState = 'registered' | 'running' | 'completed' | 'failed' | 'cancelled' | 'timedOut';

export interface TaskRow {
  taskId: string;
  taskType: string;
  state: TaskState;
  percentComplete: number;
  /** What it is doing, or how it ended. */
  message?: string;
  startedAt?: number;
  updatedAt: number;
}

/** What `GET /v1/tasks` says of one that runs. */
interface TaskView {
  taskId: string;
  taskType: string;
  state: TaskState;
  percentComplete: number;
  message?: string;
  updatedAt: string;
}

type Name = keyof TaskHubEvents;

/** What each event changes about its task. */
const CHANGES: { [N in Name]: (...args: TaskHubEvents[N]) => Partial<TaskRow> } = {
  TaskStarted: (_taskId, taskType) => ({ taskType, state: 'running' }),
  TaskProgress: (_taskId, percentComplete, message) => ({
    state: 'running',
    percentComplete,
    ...(message === null ? {} : { message }),
  }),
  TaskCompleted: () => ({ state: 'completed', percentComplete: 100, message: '' }),
  TaskFailed: (_taskId, error) => ({ state: 'failed', message: error }),
  TaskCancelled: (_taskId, reason) => ({ state: 'cancelled', message: reason ?? '' }),
  TaskTimedOut: () => ({ state: 'timedOut', message: '' }),
};

/** Ended tasks that are kept; the oldest go first. */
const MOST_ENDED = 60;

export class Tasks {
  readonly rows = signal<TaskRow[]>([]);
  readonly running = computed(() => this.rows.value.filter(isRunning).length);
  readonly #tasks = new Map<string, TaskRow>();
  readonly #show = soon(() => this.#sort());

  constructor(
    service: ConduitSignalRService,
    private readonly api: Api,
  ) {
    for (const name of Object.keys(CHANGES) as Name[]) {
      service.on('tasks', name as string, (...args: unknown[]) => {
        const { timestamp } = args.at(-1) as EventMeta;
        this.#take(name, args, Date.parse(timestamp));
      });
    }
  }

  /** Reads those that run, and what was told of tasks lately; what was told meanwhile is newer. */
  async load(): Promise<void> {
    const lists = ['registered', 'running'].map((state) => all<TaskView>(this.api, `/v1/tasks?state=${state}`));
    const [told, ...views] = await Promise.all([recent(this.api, 'tasks'), ...lists]);
    for (const { event, arguments: args, timestamp } of told) {
      if (event in CHANGES) this.#take(event as Name, args, Date.parse(timestamp));
    }
    for (const { updatedAt: text, ...view } of views.flat()) {
      const known = this.#tasks.get(view.taskId);
      const updatedAt = Date.parse(text);
      if (known === undefined || known.updatedAt < updatedAt) {
        this.#tasks.set(view.taskId, { ...known, ...view, updatedAt });
      } else {
        // Progress does not say of what type the task is.
        known.taskType ||= view.taskType;
      }
    }
    this.#sort();
  }

  #take(name: Name, args: unknown[], at: number): void {
    const taskId = String(args[0]);
    const known = this.#tasks.get(taskId);
    const change = (CHANGES[name] as (...args: unknown[]) => Partial<TaskRow>)(...args);
    if (name === 'TaskStarted' && known !== undefined) known.startedAt ??= at;
    if (known !== undefined && (known.updatedAt > at || (!isRunning(known) && change.state === 'running'))) return;
    const before = known ?? { taskType: '', percentComplete: 0, state: 'running' as const };
    const started = name === 'TaskStarted' ? { startedAt: at } : {};
    this.#tasks.set(taskId, { ...before, ...started, ...change, taskId, updatedAt: at });
    this.#show();
  }

  #sort(): void {
    const [running, ended]: [TaskRow[], TaskRow[]] = [[], []];
    for (const task of this.#tasks.values()) (isRunning(task) ? running : ended).push(task);
    ended.sort((a, b) => b.updatedAt - a.updatedAt);
    for (const { taskId } of ended.splice(MOST_ENDED)) this.#tasks.delete(taskId);
    // Those that run keep their places.
    running.sort((a, b) => (b.startedAt ?? b.updatedAt) - (a.startedAt ?? a.updatedAt));
    this.rows.value = [...running, ...ended];
  }
}

export function isRunning({ state }: TaskRow): boolean {
  return state === 'running' || state === 'registered';
}
