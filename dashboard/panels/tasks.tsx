// What runs, with how far it is, and what ended lately.

import { curl, Empty } from '../parts/empty.tsx';
import { ago, duration, percent } from '../parts/format.ts';
import { Panel, Scroll } from '../parts/panel.tsx';
import { State, type Tone } from '../parts/state.tsx';
import { now } from '../stores/clock.ts';
import { isRunning, type TaskRow, type TaskState, type Tasks } from '../stores/tasks.ts';

const STATES: Record<TaskState, [Tone, string]> = {
  registered: ['calm', 'Registered'],
  running: ['busy', 'Running'],
  completed: ['good', 'Completed'],
  failed: ['bad', 'Failed'],
  cancelled: ['calm', 'Cancelled'],
  timedOut: ['warn', 'Timed out'],
};

export function TasksPanel({ tasks, virtualKeyId }: { tasks: Tasks; virtualKeyId: string | undefined }) {
  const rows = tasks.rows.value;
  const event = { taskId: 'task-1', taskType: 'transcription' };
  return (
    <Panel id="tasks" title="Tasks" meta={`${tasks.running.value} running`}>
      {rows.length === 0 ? (
        <Empty command={curl('TaskStarted', event, virtualKeyId ?? 'YOUR-KEY-ID')}>
          No task was heard of yet. The next one appears here by itself.
        </Empty>
      ) : (
        <Scroll label="Tasks, those that run first">
          <ul class="tasks">
            {rows.map((row) => (
              <Task key={row.taskId} row={row} />
            ))}
          </ul>
        </Scroll>
      )}
    </Panel>
  );
}

function Task({ row }: { row: TaskRow }) {
  const { taskId, taskType, state, percentComplete, message, startedAt, updatedAt } = row;
  const [tone, word] = STATES[state];
  const runs = isRunning(row);
  return (
    <li class={`task ${runs ? 'runs' : 'ended'}`} data-task={taskId} data-state={state}>
      <span class="task-type">{taskType || 'task'}</span>
      <span class="task-id" title={taskId}>
        {taskId}
      </span>
      <span class="task-message" title={message}>
        {message}
      </span>
      <span class="task-age number">
        {runs ? startedAt !== undefined && duration(now.value - startedAt) : ago(updatedAt, now.value)}
      </span>
      <State tone={tone}>{word}</State>
      <span class="task-progress">
        {runs && (
          <>
            <progress max={100} value={percentComplete} aria-label={`Progress of ${taskId}`} />
            <span class="number">{percent(percentComplete)}</span>
          </>
        )}
      </span>
    </li>
  );
}
