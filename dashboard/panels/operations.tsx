// Providers, who is online, alerts, dead letters and the audit trail.

import { useSignal } from '@preact/signals';
import { watch } from '../connection/session.ts';
import { Action } from '../parts/action.tsx';
import { curl, Empty } from '../parts/empty.tsx';
import { ago, count, date, plural } from '../parts/format.ts';
import { Line } from '../parts/line.tsx';
import { Panel, Scroll } from '../parts/panel.tsx';
import type { Tone } from '../parts/state.tsx';
import { now } from '../stores/clock.ts';
import type { Operations } from '../stores/operations.ts';
import { SEVERITIES } from './notices.tsx';

const HEALTH: Record<string, Tone> = { Healthy: 'good', Degraded: 'warn', Unhealthy: 'bad' };

export function ProvidersPanel({ operations }: { operations: Operations }) {
  const rows = operations.providers.value;
  return (
    <Panel
      id="providers"
      title="Providers"
      actions={<Action label="Check now" act={() => operations.refreshProviders()} />}
    >
      {rows.length === 0 ? (
        <Empty command={curl('ProviderHealthChanged', { provider: 'openai', status: 'Healthy', message: null })}>
          No provider is known. Report the health of one, or set one with PUT /v1/admin/providers/NAME.
        </Empty>
      ) : (
        <ul class="lines">
          {rows.map(({ provider, status, responseTimeMs, message, checkedAt }) => (
            <Line
              key={provider}
              tone={HEALTH[status ?? ''] ?? 'calm'}
              word={status ?? 'Unknown'}
              data={{ 'data-provider': provider, 'data-status': status ?? 'Unknown' }}
            >
              <strong>{provider}</strong>{' '}
              <span class="quiet">
                {[
                  responseTimeMs === undefined ? '' : `${count(responseTimeMs)} ms`,
                  message,
                  checkedAt === undefined ? '' : ago(Date.parse(checkedAt), now.value),
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </span>
            </Line>
          ))}
        </ul>
      )}
    </Panel>
  );
}

interface Props {
  operations: Operations;
  /** What a key is called, by its id. */
  nameOf: (id: string) => string;
}

export function OnlinePanel({ operations, nameOf }: Props) {
  const rows = operations.online.value;
  return (
    <Panel id="online" title="Online" meta={plural(rows.length, 'key')}>
      {rows.length === 0 ? (
        <Empty>Nobody is connected with a virtual key.</Empty>
      ) : (
        <Scroll label="Keys that somebody is connected with">
          <ul class="lines">
            {rows.map(({ virtualKeyId, connections, hubs }) => (
              <li key={virtualKeyId} data-online={virtualKeyId} class="with-action">
                <span>
                  <strong>{nameOf(virtualKeyId)}</strong> {plural(connections, 'connection')}{' '}
                  <span class="quiet">
                    {Object.entries(hubs)
                      .map(([hub, number]) => `${hub.replace(/Hub$/, '')} ${number}`)
                      .join(', ')}
                  </span>
                </span>
                <button
                  type="button"
                  class="small"
                  aria-label={`Watch ${nameOf(virtualKeyId)}`}
                  onClick={() => watch(virtualKeyId, nameOf(virtualKeyId))}
                >
                  Watch
                </button>
              </li>
            ))}
          </ul>
        </Scroll>
      )}
    </Panel>
  );
}

export function AlertsPanel({ operations }: { operations: Operations }) {
  const rows = operations.alerts.value;
  return (
    <Panel id="alerts" title="Alerts" meta={rows.length > 0 ? plural(rows.length, 'alert') : undefined}>
      {rows.length === 0 ? (
        <Empty>No alert since this page was opened. Dead letters and budgets from 90 % on appear here.</Empty>
      ) : (
        <Scroll label="Alerts, the newest first">
          <ul class="lines">
            {rows.map(({ eventId, severity, title, message, at }) => (
              <Line key={eventId} tone={SEVERITIES[severity]} word={severity} data={{ 'data-system-alert': eventId }}>
                <strong>{title}</strong> {message} <span class="quiet">{ago(at, now.value)}</span>
              </Line>
            ))}
          </ul>
        </Scroll>
      )}
    </Panel>
  );
}

export function DeadLettersPanel({ operations, nameOf }: Props) {
  const rows = operations.letters.value;
  const outcome = useSignal('');
  const replayAll = async () => {
    const { replayed, failed } = await operations.replayAll();
    outcome.value = `${plural(replayed, 'letter')} sent again${failed > 0 ? `, ${failed} stay` : ''}.`;
  };
  return (
    <Panel
      id="letters"
      title="Dead letters"
      meta={outcome.value || plural(rows.length, 'letter')}
      actions={rows.length > 0 ? <Action label="Replay all" confirm="Replay all?" act={replayAll} /> : undefined}
    >
      {rows.length === 0 ? (
        <Empty>Everything that was accepted was delivered.</Empty>
      ) : (
        <Scroll label="Dead letters, the oldest first">
          <ul class="lines">
            {rows.map(({ id, at, kind, virtualKeyId, cause, attempts }) => (
              <li key={id} data-letter={id} class="with-action">
                <span>
                  <strong>{kind}</strong> {cause}{' '}
                  <span class="quiet">
                    {virtualKeyId !== undefined && `${nameOf(virtualKeyId)} · `}
                    {plural(attempts, 'attempt')} · {ago(Date.parse(at), now.value)}
                  </span>
                </span>
                <span class="actions">
                  <Action label="Replay" description={`the letter of ${date(at)}`} act={() => operations.replay(id)} />
                  <Action
                    label="Discard"
                    confirm="Discard it?"
                    description={`the letter of ${date(at)}`}
                    act={() => operations.discard(id)}
                  />
                </span>
              </li>
            ))}
          </ul>
        </Scroll>
      )}
      <ul class="queues quiet">
        {operations.queues.value.map(({ name, depth, oldestAgeSeconds }) => (
          <li key={name}>
            {name}: {count(depth)}
            {oldestAgeSeconds !== undefined && `, the oldest for ${count(oldestAgeSeconds)} s`}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

export function AuditPanel({ operations }: { operations: Operations }) {
  const rows = operations.audit.value;
  return (
    <Panel id="audit" title="Audit trail" meta={rows.length > 0 ? `the last ${rows.length}` : undefined}>
      {rows.length === 0 ? (
        <Empty>Nothing was done yet. What operators do is kept here.</Empty>
      ) : (
        <div class="wide">
          <table>
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Who</th>
                <th scope="col">What</th>
                <th scope="col">To</th>
                <th scope="col">From</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ id, timestamp, actor, action, subject, from, changed, reason }) => (
                <tr key={id} data-audit={action}>
                  <td class="number left">{date(timestamp, 'medium')}</td>
                  <td>{actor}</td>
                  <td>
                    {action} <span class="quiet">{[changed?.join(', '), reason].filter(Boolean).join(' · ')}</span>
                  </td>
                  <td class="cut" title={subject}>
                    {subject ?? ''}
                  </td>
                  <td>{from ?? ''}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}
