// Voice sessions that go on.

import type { RealtimeSessionState } from '../../clients/js/src/index.ts';
import { Action } from '../parts/action.tsx';
import { Empty } from '../parts/empty.tsx';
import { duration } from '../parts/format.ts';
import { Panel } from '../parts/panel.tsx';
import { State, type Tone } from '../parts/state.tsx';
import { now } from '../stores/clock.ts';
import type { RealtimeSessions } from '../stores/realtime.ts';

const STATES: Record<RealtimeSessionState, Tone> = {
  Connecting: 'busy',
  Active: 'good',
  Closing: 'warn',
  Closed: 'calm',
  Failed: 'bad',
};

interface Props {
  realtime: RealtimeSessions;
  /** What a key is called, where sessions of all keys are shown. */
  nameOf?: (id: string) => string;
}

export function RealtimePanel({ realtime, nameOf = (id) => id }: Props) {
  const sessions = realtime.sessions.value;
  return (
    <Panel id="realtime" title="Realtime sessions" meta={`${sessions.length} open`}>
      {sessions.length === 0 ? (
        <Empty>None is open. A voice client opens one at /v1/realtime, with a key that may.</Empty>
      ) : (
        <ul class="sessions">
          {sessions.map(({ connectionId, model, provider, connectedAt, state, virtualKeyId }) => (
            <li key={connectionId} data-session={connectionId}>
              <State tone={STATES[state]}>{state}</State>
              <span class="cut">
                <strong>{model}</strong>{' '}
                <span class="quiet">
                  {provider}
                  {virtualKeyId !== undefined && `, ${nameOf(virtualKeyId)}`}
                </span>
              </span>
              <span class="number quiet">{duration(now.value - Date.parse(connectedAt))}</span>
              <Action
                label="End"
                confirm="End it?"
                description={`the session with ${model}`}
                act={() => realtime.end(connectionId)}
              />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
