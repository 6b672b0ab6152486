// How far a task is.

import type { ConduitSignalRService } from '../service.ts';
import type { TaskCallbacks } from '../taskSubscription.ts';
import { Announcer } from './announcer.ts';
import { ConduitElement, saidBy } from './element.ts';
import { languageOf, percent } from './formats.ts';
import { make, setAttribute, setText } from './markup.ts';
import { stylesheet } from './stylesheet.ts';

/** Where a task stands. */
export type TaskStatus = 'unknown' | 'waiting' | 'running' | 'completed' | 'failed' | 'cancelled' | 'timedOut';

/** What the events of the element say, and its property `task`. */
export interface ShownTask {
  taskId: string;
  status: TaskStatus;
  taskType?: string;
  /** 0 to 100; none before it is known. */
  percentComplete?: number;
  message?: string | null;
  metadata?: unknown;
  result?: unknown;
  error?: string;
  details?: unknown;
  reason?: string | null;
}

const STATUS_TEXTS: Record<TaskStatus, string> = {
  unknown: 'Not available',
  waiting: 'Waiting',
  running: 'Running',
  completed: 'Completed',
  failed: 'Failed',
  cancelled: 'Cancelled',
  timedOut: 'Timed out',
};

/** Of those in which it has ended. */
const TONES: Partial<Record<TaskStatus, string>> = {
  completed: 'good',
  failed: 'bad',
  timedOut: 'bad',
  cancelled: 'warn',
};

const STYLES = stylesheet(`
  .track { margin-block: 0.5rem 0.375rem; }
  .bar.moving { inline-size: 30%; }
  @media (prefers-reduced-motion: no-preference) {
    .bar.moving { animation: to-and-fro 1.6s ease-in-out infinite alternate; }
    @keyframes to-and-fro { to { margin-inline-start: 70%; } }
  }
  slot[name="completed"]::slotted(*) { margin-block-start: 0.5rem; }
`);

/**
 * `<conduit-task-progress task-id="…">`: a bar with the state of a task, from where it stands to its end.
 *
 * @attr task-id - which task
 * @attr label - what to call it; without, its type
 * @slot label - the same, as content
 * @slot completed - shown once it is completed, such as a link to the result
 * @fires conduit-task-started, conduit-task-progress, conduit-task-completed, conduit-task-failed, conduit-task-cancelled,
 *   conduit-task-timed-out - with a `ShownTask` as detail
 * @csspart label, percent, track, bar, status, message
 */
export class ConduitTaskProgress extends ConduitElement {
  static readonly observedAttributes = ['task-id', 'label'];

  readonly #announcer = new Announcer();
  #task: ShownTask = { taskId: '', status: 'waiting' };
  #quarter = 0;
  #label!: HTMLElement;
  #percent!: HTMLElement;
  #track!: HTMLElement;
  #bar!: HTMLElement;
  #status!: HTMLElement;
  #message!: HTMLElement;
  #completed!: HTMLElement;

  get taskId(): string {
    return this.getAttribute('task-id') ?? '';
  }

  set taskId(id: string) {
    this.setAttribute('task-id', id);
  }

  get label(): string {
    return this.getAttribute('label') ?? '';
  }

  set label(label: string) {
    this.setAttribute('label', label);
  }

  /** What it shows. */
  get task(): Readonly<ShownTask> {
    return this.#task;
  }

  protected get styles() {
    return [STYLES];
  }

  protected get subject(): string {
    return this.taskId;
  }

  protected override get isOver(): boolean {
    return this.#task.status in TONES;
  }

  protected build(): Node[] {
    this.#label = make('span', { class: 'cut strong', part: 'label', id: 'label' });
    this.#percent = make('span', { part: 'percent', 'aria-hidden': 'true' });
    this.#bar = make('div', { class: 'bar', part: 'bar' });
    this.#track = make('div', {
      class: 'track',
      part: 'track',
      role: 'progressbar',
      'aria-labelledby': 'label',
      'aria-valuemin': '0',
      'aria-valuemax': '100',
    });
    this.#track.append(this.#bar);
    this.#status = make('span', { part: 'status' });
    this.#message = make('span', { class: 'cut grow', part: 'message' });
    this.#completed = make('slot', { name: 'completed' });
    return [
      make('div', { class: 'row' }, make('slot', { name: 'label', class: 'grow cut' }, this.#label), this.#percent),
      this.#track,
      make('div', { class: 'row muted' }, this.#message, this.#status),
      this.#completed,
      this.#announcer.region,
    ];
  }

  protected follow(service: ConduitSignalRService, life: AbortSignal): void {
    this.#task = { taskId: this.taskId, status: 'waiting' };
    this.#quarter = 0;
    if (this.taskId === '') {
      this.complain('No task: the attribute task-id says which.', false);
      return;
    }
    this.watch(service, 'tasks', life);
    const change = (event: string, told: Partial<ShownTask>) => {
      if (life.aborted) return;
      this.#task = { ...this.#task, ...told };
      this.render();
      this.#announce();
      this.dispatch(`conduit-task-${event}`, this.#task);
    };
    const callbacks: TaskCallbacks = {
      onStarted: (taskType, metadata) => change('started', { status: 'running', taskType, metadata }),
      onProgress: (percentComplete, message) => change('progress', { status: 'running', percentComplete, message }),
      onCompleted: (result) =>
        change('completed', { status: 'completed', percentComplete: 100, message: null, result }),
      onFailed: (error, details) => change('failed', { status: 'failed', error, details, message: error }),
      onCancelled: (reason) => change('cancelled', { status: 'cancelled', reason, message: reason }),
      onTimedOut: () => change('timed-out', { status: 'timedOut', message: null }),
    };
    const subscription = service.subscribeToTask(this.taskId, callbacks);
    life.addEventListener('abort', () => {
      this.#announcer.stop();
      subscription.then(({ unsubscribe }) => unsubscribe()).catch(() => {});
    });
    subscription.catch((thrown: unknown) => {
      // What the connection has to say is shown already.
      if (life.aborted || !service.isConnected('tasks')) return;
      this.#task = { ...this.#task, status: 'unknown' };
      this.render();
      this.complain(saidBy(thrown));
    });
  }

  protected render(): void {
    const { status, percentComplete, message, taskType } = this.#task;
    const isRunning = status === 'running';
    const tone = TONES[status];
    const shown = percentComplete === undefined ? '' : percent(percentComplete, languageOf(this));
    setText(this.#label, this.label || taskType || this.taskId || 'Task');
    setText(this.#percent, status === 'completed' || isRunning ? shown : '');
    setText(this.#status, STATUS_TEXTS[status]);
    setText(this.#message, message ?? '');
    setAttribute(this.#status, 'class', tone);
    setAttribute(this.#bar, 'class', `bar ${tone ?? ''}${isRunning && percentComplete === undefined ? ' moving' : ''}`);
    // An end without any progress is seen as well.
    const width = percentComplete ?? (tone === undefined ? undefined : 100);
    this.#bar.style.inlineSize = width === undefined ? '' : `${width}%`;
    setAttribute(
      this.#track,
      'aria-valuenow',
      percentComplete === undefined ? undefined : `${Math.round(percentComplete)}`,
    );
    setAttribute(this.#track, 'aria-valuetext', [shown, STATUS_TEXTS[status]].filter(Boolean).join(', '));
    this.#completed.hidden = status !== 'completed';
  }

  /** Its beginning, its end, and each quarter between them. */
  #announce(): void {
    const { status, percentComplete = 0, error } = this.#task;
    const quarter = status === 'running' ? 1 + Math.floor(percentComplete / 25) : 6;
    if (quarter <= this.#quarter) return;
    this.#quarter = quarter;
    const name = this.#label.textContent ?? '';
    const what =
      status === 'running' && quarter > 1 ? percent(percentComplete, languageOf(this)) : STATUS_TEXTS[status];
    this.#announcer.say(`${name}: ${what}${error === undefined ? '' : `, ${error}`}`);
  }
}
