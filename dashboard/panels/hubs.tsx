// How the connection to each hub is.

import type { ConnectionState } from '../../clients/js/src/index.ts';
import { count, duration } from '../parts/format.ts';
import { Panel } from '../parts/panel.tsx';
import { State, type Tone } from '../parts/state.tsx';
import { now } from '../stores/clock.ts';
import type { HubRow, Hubs } from '../stores/hubs.ts';

const STATES: Record<ConnectionState, [Tone, string]> = {
  connected: ['good', 'Connected'],
  connecting: ['busy', 'Connecting'],
  reconnecting: ['warn', 'Reconnecting'],
  disconnected: ['calm', 'Disconnected'],
  failed: ['bad', 'Failed'],
};

export function HubsPanel({ hubs, retry }: { hubs: Hubs; retry: () => void }) {
  const rows = hubs.rows.value;
  const isGivenUp = rows.some(({ state }) => state === 'failed' || state === 'disconnected');
  return (
    <Panel
      id="hubs"
      title="Connections"
      meta={`${hubs.connected.value} of ${rows.length} hubs`}
      actions={
        isGivenUp ? (
          <button type="button" class="small" onClick={retry}>
            Connect again
          </button>
        ) : undefined
      }
    >
      <div class="wide">
        <table>
          <thead>
            <tr>
              <th scope="col">Hub</th>
              <th scope="col">State</th>
              <th scope="col" class="number">
                Latency
              </th>
              <th scope="col" class="number">
                Uptime
              </th>
              <th scope="col" class="number">
                Reconnects
              </th>
              <th scope="col" class="number">
                Events
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Hub key={row.route} row={row} />
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

function Hub({ row }: { row: HubRow }) {
  const { route, name, state, latencyMillis, connectedAt, reconnects, received, transport } = row;
  const [tone, word] = STATES[state];
  const isUp = state === 'connected';
  return (
    <tr data-hub={route} data-state={state}>
      <th scope="row" title={`/hubs/${route}`}>
        {name.replace(/Hub$/, '').replace(/(?<=[a-z])(?=[A-Z])/g, ' ')}
      </th>
      <td>
        <State tone={tone}>{word}</State>
        <span class="quiet why">{isUp ? (transport ?? '') : why(row)}</span>
      </td>
      <td class="number">{isUp && latencyMillis !== undefined ? `${count(latencyMillis)} ms` : '–'}</td>
      <td class="number">{isUp && connectedAt !== undefined ? duration(now.value - connectedAt) : '–'}</td>
      <td class="number">{count(reconnects)}</td>
      <td class="number">{count(received)}</td>
    </tr>
  );
}

function why({ reason, attempt, nextAttemptAt, transport }: HubRow): string {
  if (transport === 'History') return 'reading the history meanwhile';
  if (reason !== undefined) return reason;
  if (attempt === undefined || nextAttemptAt === undefined) return '';
  const millis = nextAttemptAt - now.value;
  return millis > 500 ? `attempt ${attempt} in ${duration(millis)}` : `attempt ${attempt} now`;
}
