// Deliveries as they go, with when they are tried again, and how those to each URL went.

import type { CircuitBreakerState } from '../../clients/js/src/index.ts';
import { curl, Empty } from '../parts/empty.tsx';
import { ago, count, duration, percent } from '../parts/format.ts';
import { Panel, Scroll } from '../parts/panel.tsx';
import { State, type Tone } from '../parts/state.tsx';
import { now } from '../stores/clock.ts';
import type { Delivery, Webhooks } from '../stores/webhooks.ts';

const STATES: Record<Delivery['state'], [Tone, string]> = {
  trying: ['busy', 'On its way'],
  waiting: ['warn', 'Retry'],
  delivered: ['good', 'Delivered'],
  failed: ['bad', 'Given up'],
};

const BREAKERS: Record<CircuitBreakerState, [Tone, string]> = {
  Closed: ['good', 'Closed'],
  Open: ['bad', 'Open'],
  HalfOpen: ['warn', 'Half open'],
};

export function WebhooksPanel({ webhooks, virtualKeyId }: { webhooks: Webhooks; virtualKeyId: string | undefined }) {
  const deliveries = webhooks.deliveries.value;
  const statistics = webhooks.statistics.value;
  if (deliveries.length === 0 && statistics.length === 0) {
    const event = { url: 'https://example.com/hook', eventType: 'video.completed', payload: { taskId: 'task-1' } };
    return (
      <Panel id="webhooks" title="Webhooks">
        <Empty command={curl('WebhookDeliveryRequested', event, virtualKeyId ?? 'YOUR-KEY-ID')}>
          No webhook was delivered yet. Have one delivered to a URL of yours.
        </Empty>
      </Panel>
    );
  }
  return (
    <Panel id="webhooks" title="Webhooks" meta={`${webhooks.waiting.value} waiting`}>
      {statistics.length > 0 && (
        <div class="wide">
          <table>
            <thead>
              <tr>
                <th scope="col">URL</th>
                <th scope="col" class="number">
                  Arrived
                </th>
                <th scope="col" class="number">
                  Pending
                </th>
                <th scope="col" class="number">
                  Answer
                </th>
                <th scope="col">
                  <abbr title="Circuit breaker: while it is open, deliveries wait">Breaker</abbr>
                </th>
              </tr>
            </thead>
            <tbody>
              {statistics.map((one) => {
                const { url, successRate, successfulDeliveries, failedDeliveries, pendingDeliveries } = one;
                const [tone, word] = BREAKERS[one.circuitBreakerState];
                const hasEnded = successfulDeliveries + failedDeliveries > 0;
                return (
                  <tr key={url}>
                    <th scope="row" class="cut" title={url}>
                      {short(url)}
                    </th>
                    <td class="number">{hasEnded ? percent(successRate) : '–'}</td>
                    <td class="number">{count(pendingDeliveries)}</td>
                    <td class="number">{successfulDeliveries > 0 ? `${count(one.averageResponseTimeMs)} ms` : '–'}</td>
                    <td>
                      <State tone={tone}>{word}</State>
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
      <Scroll label="Deliveries, those that go on first">
        <ul class="deliveries">
          {deliveries.map((delivery) => (
            <DeliveryLine key={`${delivery.deliveryId} ${delivery.url}`} delivery={delivery} />
          ))}
        </ul>
      </Scroll>
    </Panel>
  );
}

function DeliveryLine({ delivery }: { delivery: Delivery }) {
  const { deliveryId, url, eventType, state, attempt, outcome, retryAt, updatedAt } = delivery;
  const [tone, word] = STATES[state];
  const isDue = retryAt === undefined || retryAt <= now.value;
  return (
    <li data-delivery={deliveryId} data-state={state}>
      <State tone={tone}>{word}</State>
      <span class="cut" title={url}>
        {eventType} <span class="quiet">→ {short(url)}</span>
      </span>
      <span class="outcome cut quiet" title={outcome}>
        {outcome ?? ''}
      </span>
      <span class="number quiet">
        {state === 'waiting' && retryAt !== undefined
          ? `attempt ${attempt} ${isDue ? 'now' : `in ${duration(retryAt - now.value)}`}`
          : `${attempt > 1 ? `attempt ${attempt}, ` : ''}${ago(updatedAt, now.value)}`}
      </span>
    </li>
  );
}

function short(url: string): string {
  return url.replace(/^https?:\/\//, '');
}
