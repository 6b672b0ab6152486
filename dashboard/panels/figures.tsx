// The figures of the whole system.

import { Chart } from '../parts/chart.tsx';
import { count } from '../parts/format.ts';
import { Panel } from '../parts/panel.tsx';
import { Tiles } from '../parts/tiles.tsx';
import type { Figures } from '../stores/figures.ts';

export function FigureTiles({ figures }: { figures: Figures }) {
  const latest = figures.latest.value;
  const latency = figures.latencyMillis.value;
  const shown = (value: number | undefined) => (value === undefined ? '–' : count(value));
  return (
    <Tiles
      label="The system now"
      tiles={[
        { name: 'Connections', value: latest === undefined ? '–' : count(figures.connections.value) },
        { name: 'Online keys', value: shown(latest?.onlineKeys) },
        { name: 'Sent within', value: latency === undefined ? '–' : `${count(latency)} ms`, note: '95 of 100' },
        { name: 'In queues', value: shown(latest?.queueDepth), isWarning: (latest?.queueDepth ?? 0) > 1_000 },
        { name: 'Dead letters', value: shown(latest?.deadLetters), isWarning: (latest?.deadLetters ?? 0) > 0 },
        { name: 'Voice sessions', value: shown(latest?.realtimeSessions) },
        { name: 'Reconnections', value: shown(latest?.reconnections) },
        { name: 'Refused keys', value: latest === undefined ? '–' : count(figures.authenticationFailures.value) },
      ]}
    />
  );
}

export function TrafficPanel({ figures }: { figures: Figures }) {
  const rate = figures.messagesPerSecond.value;
  return (
    <Panel id="traffic" title="Messages a second" meta={`${count(rate, 1)} now`}>
      <Chart
        kind="area"
        from={figures.since.value}
        columns={figures.chart.value}
        format={(value) => count(value, 1)}
        label={`Messages a second over the last ten minutes; ${count(rate, 1)} now`}
      />
    </Panel>
  );
}

export function HubFiguresPanel({ figures }: { figures: Figures }) {
  const latest = figures.latest.value;
  const total = (hub: string, direction: string) =>
    latest?.messages.find((one) => one.hub === hub && one.direction === direction)?.total ?? 0;
  const failures = (hub: string) => latest?.authenticationFailures.find((one) => one.hub === hub)?.total ?? 0;
  return (
    <Panel id="hub-figures" title="Hubs">
      <div class="wide">
        <table>
          <thead>
            <tr>
              <th scope="col">Hub</th>
              <th scope="col" class="number">
                Open
              </th>
              <th scope="col" class="number">
                In
              </th>
              <th scope="col" class="number">
                Out
              </th>
              <th scope="col" class="number">
                Refused
              </th>
            </tr>
          </thead>
          <tbody>
            {(latest?.connections ?? []).map(({ hub, active }) => (
              <tr key={hub} data-hub-figures={hub}>
                <th scope="row">{hub}</th>
                <td class="number">{count(active)}</td>
                <td class="number">{count(total(hub, 'in'))}</td>
                <td class="number">{count(total(hub, 'out'))}</td>
                <td class="number">{count(failures(hub))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
