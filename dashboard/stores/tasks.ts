// The tasks of a key: those that run, and those that ended lately.

import { computed, signal } from '@preact/signals';
import type { ConduitSignalRService, EventMeta } from '../../clients/js/src/index.ts';
import { type Api, all } from '../connection/api.ts';
import { soon } from './clock.ts';
import type { Told } from './recent.ts';

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

/** What `GET /v1/tasks` says of one. */
interface TaskView {
  taskId: string;
  taskType: string;
  state: TaskState;
  percentComplete: number;
  message?: string;
  error?: string;
  reason?: string;
  updatedAt: string;
}

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
    service.on('tasks', 'TaskStarted', (taskId, taskType, _metadata, meta) => {
      const startedAt = timeOf(meta);
      this.#change(taskId, meta, { taskType, state: 'running', startedAt });
    });
    service.on('tasks', 'TaskProgress', (taskId, percentComplete, message, meta) => {
      this.#change(taskId, meta, { state: 'running', percentComplete, ...(message === null ? {} : { message }) });
    });
    service.on('tasks', 'TaskCompleted', (taskId, _result, meta) => {
      this.#change(taskId, meta, { state: 'completed', percentComplete: 100, message: '' });
    });
    service.on('tasks', 'TaskFailed', (taskId, error, _details, meta) => {
      this.#change(taskId, meta, { state: 'failed', message: error });
    });
    service.on('tasks', 'TaskCancelled', (taskId, reason, meta) => {
      this.#change(taskId, meta, { state: 'cancelled', message: reason ?? '' });
    });
    service.on('tasks', 'TaskTimedOut', (taskId, meta) => {
      this.#change(taskId, meta, { state: 'timedOut', message: '' });
    });
  }

  /** Reads what is there already; what was told meanwhile is newer. */
  async load(): Promise<void> {
    const states = ['registered', 'running', 'failed', 'completed'];
    const lists = await Promise.all(states.map((state) => all<TaskView>(this.api, `/v1/tasks?state=${state}`)));
    for (const view of lists.flat()) {
      const updatedAt = Date.parse(view.updatedAt);
      const known = this.#tasks.get(view.taskId);
      if (known !== undefined && known.updatedAt >= updatedAt) {
        // Progress does not say of what type the task is.
        known.taskType ||= view.taskType;
        continue;
      }
      const message = isRunning(view) ? view.message : (view.error ?? view.reason);
      const { taskId, taskType, state, percentComplete } = view;
      const row = { ...known, taskId, taskType, state, percentComplete, updatedAt };
      this.#tasks.set(taskId, message === undefined ? row : { ...row, message });
    }
    this.#sort();
  }

  /** Takes when tasks began, which their list does not say. */
  fill(told: Told[]): void {
    for (const { event, arguments: args, timestamp } of told) {
      const task = this.#tasks.get(String(args[0]));
      if (event === 'TaskStarted' && task !== undefined) task.startedAt ??= Date.parse(timestamp);
    }
    this.#sort();
  }

  #change(taskId: string, meta: EventMeta | undefined, change: Partial<TaskRow>): void {
    const known = this.#tasks.get(taskId) ?? { taskId, taskType: '', percentComplete: 0, state: 'running' };
    this.#tasks.set(taskId, { ...known, ...change, updatedAt: timeOf(meta) });
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

export function isRunning({ state }: Pick<TaskRow, 'state'>): boolean {
  return state === 'running' || state === 'registered';
}

/** When an event was accepted. */
export function timeOf(meta: EventMeta | undefined): number {
  return meta === undefined ? Date.now() : Date.parse(meta.timestamp);
}
