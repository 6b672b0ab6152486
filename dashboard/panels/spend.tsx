// What is spent, against the budget, with alerts; and requests by the minute.

import { Chart } from '../parts/chart.tsx';
import { curl, Empty } from '../parts/empty.tsx';
import { ago, count, date, money, percent } from '../parts/format.ts';
import { Line } from '../parts/line.tsx';
import { Panel, Scroll } from '../parts/panel.tsx';
import type { Tone } from '../parts/state.tsx';
import { now } from '../stores/clock.ts';
import type { Spend, SpendAlert } from '../stores/spend.ts';

const TONES: Record<SpendAlert['severity'], Tone> = { info: 'calm', warning: 'warn', critical: 'bad' };
const WORDS: Record<SpendAlert['severity'], string> = { info: 'Info', warning: 'Warning', critical: 'Critical' };

export function SpendPanel({ spend, virtualKeyId }: { spend: Spend; virtualKeyId: string | undefined }) {
  const view = spend.view.value;
  const alerts = spend.alerts.value;
  if (view === undefined || view.requests === 0) {
    const event = { amount: 0.25, provider: 'openai', model: 'gpt-realtime' };
    return (
      <Panel id="spend" title="Spend">
        <Empty command={curl('SpendRecorded', event, virtualKeyId ?? 'YOUR-KEY-ID')}>
          Nothing was spent in this period. What a request costs is told with SpendRecorded.
        </Empty>
      </Panel>
    );
  }
  const { currentSpend, budget, budgetPercentage = 0, periodEnd, requests, topModels } = view;
  const until = periodEnd === undefined ? '' : `, until ${date(periodEnd)}`;
  const level = budgetPercentage >= 90 ? 'bad' : budgetPercentage >= 75 ? 'warn' : 'good';
  return (
    <Panel id="spend" title="Spend" meta={`${count(requests)} requests`}>
      <p class="figure">
        <strong>{money(currentSpend)}</strong>
        {budget === undefined || budget === 0 ? (
          <span class="quiet">no budget</span>
        ) : (
          <span class="quiet">
            {percent(budgetPercentage)} of {money(budget)}
            {until}
          </span>
        )}
      </p>
      {budget !== undefined && budget > 0 && (
        <meter
          class={level}
          min={0}
          max={100}
          value={Math.min(budgetPercentage, 100)}
          aria-label="Budget that is spent"
        />
      )}
      <Chart
        kind="area"
        hasLimit
        from={spend.since.value}
        columns={spend.spent.value}
        format={money}
        label={`Spend over the last hour: ${money(currentSpend)} now`}
      />
      <div class="split">
        <div>
          <h3>Alerts</h3>
          {alerts.length === 0 ? (
            <p class="quiet">None in the last hour.</p>
          ) : (
            <Scroll label="Alerts of the budget">
              <ul class="lines">
                {alerts.map(({ eventId, severity, message, at }) => (
                  <Line key={eventId} tone={TONES[severity]} word={WORDS[severity]} data={{ 'data-alert': severity }}>
                    {message} <span class="quiet">{ago(at, now.value)}</span>
                  </Line>
                ))}
              </ul>
            </Scroll>
          )}
        </div>
        <div>
          <h3>Dearest models</h3>
          <ul class="lines">
            {topModels.slice(0, 4).map(({ name, spend: cost, percentage }) => (
              <li key={name} class="share">
                <span class="cut">{name}</span>
                <span class="number">{money(cost)}</span>
                <span class="number quiet">{percent(percentage)}</span>
              </li>
            ))}
          </ul>
        </div>
      </div>
    </Panel>
  );
}

export function RequestsPanel({ spend }: { spend: Spend }) {
  const lately = spend.requestsNow.value;
  return (
    <Panel id="requests" title="Requests a minute" meta={`${count(lately)} in the last 60 s`}>
      <Chart
        kind="bars"
        from={spend.since.value}
        columns={spend.requests.value}
        format={count}
        label={`Requests in each minute; ${count(lately)} in the last 60 seconds`}
      />
    </Panel>
  );
}
