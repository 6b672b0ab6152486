// What happens with a virtual key.

import { HubsPanel } from '../panels/hubs.tsx';
import { ModelsPanel, NoticesPanel } from '../panels/notices.tsx';
import { RealtimePanel } from '../panels/realtime.tsx';
import { RequestsPanel, SpendPanel } from '../panels/spend.tsx';
import { TasksPanel } from '../panels/tasks.tsx';
import { WebhooksPanel } from '../panels/webhooks.tsx';
import { count, money, percent } from '../parts/format.ts';
import { Tiles } from '../parts/tiles.tsx';
import { Trouble } from '../parts/trouble.tsx';
import type { KeyWatch } from '../stores/keyWatch.ts';

export function Activity({ watch }: { watch: KeyWatch }) {
  const { hubs, tasks, spend, webhooks, notices, realtime, trouble, retry } = watch;
  const view = spend.view.value;
  const virtualKeyId = watch.chosen?.id ?? realtime.virtualKeyId.value;
  const percentage = view?.budgetPercentage;
  const isDown = hubs.connected.value < hubs.rows.value.length;
  return (
    <main id="main">
      <h1>{watch.chosen === undefined ? 'Activity' : `Activity of ${watch.chosen.name}`}</h1>
      <Trouble text={trouble.value} retry={retry} />
      <Tiles
        label="The key now"
        tiles={[
          { name: 'Hubs', value: `${hubs.connected.value} / ${hubs.rows.value.length}`, isWarning: isDown },
          { name: 'Running tasks', value: count(tasks.running.value) },
          { name: 'Requests, 60 s', value: count(spend.requestsNow.value) },
          { name: 'Spend', value: view === undefined ? '–' : money(view.currentSpend) },
          {
            name: 'Of the budget',
            value: percentage === undefined ? '–' : percent(percentage),
            isWarning: (percentage ?? 0) >= 90,
          },
          { name: 'Webhooks waiting', value: count(webhooks.waiting.value) },
          { name: 'Voice sessions', value: count(realtime.sessions.value.length) },
        ]}
      />
      <div class="columns">
        <div>
          <TasksPanel tasks={tasks} virtualKeyId={virtualKeyId} />
          <WebhooksPanel webhooks={webhooks} virtualKeyId={virtualKeyId} />
          <HubsPanel hubs={hubs} retry={retry} />
        </div>
        <div>
          <SpendPanel spend={spend} virtualKeyId={virtualKeyId} />
          <RequestsPanel spend={spend} />
          <NoticesPanel notices={notices} />
          <ModelsPanel notices={notices} />
          <RealtimePanel realtime={realtime} />
        </div>
      </div>
    </main>
  );
}
