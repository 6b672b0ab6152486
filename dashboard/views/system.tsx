// The whole system: how it is, who is there, and what an operator must look at.

import { FigureTiles, HubFiguresPanel, TrafficPanel } from '../panels/figures.tsx';
import { HubsPanel } from '../panels/hubs.tsx';
import { AlertsPanel, DeadLettersPanel, OnlinePanel, ProvidersPanel } from '../panels/operations.tsx';
import { RealtimePanel } from '../panels/realtime.tsx';
import { Trouble } from '../parts/trouble.tsx';
import type { OperatorWatch } from '../stores/operatorWatch.ts';

export function System({ operator }: { operator: OperatorWatch }) {
  const { hubs, figures, keys, operations, realtime, trouble, retry } = operator;
  const nameOf = (id: string) => keys.rows.value.find((key) => key.id === id)?.name ?? id;
  return (
    <main id="main">
      <h1>System</h1>
      <Trouble text={trouble.value} retry={retry} />
      <FigureTiles figures={figures} />
      <div class="columns">
        <div>
          <TrafficPanel figures={figures} />
          <DeadLettersPanel operations={operations} nameOf={nameOf} />
          <HubFiguresPanel figures={figures} />
          <HubsPanel hubs={hubs} retry={retry} />
        </div>
        <div>
          <AlertsPanel operations={operations} />
          <ProvidersPanel operations={operations} />
          <OnlinePanel operations={operations} nameOf={nameOf} />
          <RealtimePanel realtime={realtime} nameOf={nameOf} />
        </div>
      </div>
    </main>
  );
}
