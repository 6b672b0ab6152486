// What the system tells, and what became of models.

import type { Severity } from '../../clients/js/src/index.ts';
import { curl, Empty } from '../parts/empty.tsx';
import { ago, plural } from '../parts/format.ts';
import { Line } from '../parts/line.tsx';
import { Panel, Scroll } from '../parts/panel.tsx';
import type { Tone } from '../parts/state.tsx';
import { now } from '../stores/clock.ts';
import type { ModelRow, Notices } from '../stores/notices.ts';

export const SEVERITIES: Record<Severity, Tone> = { Low: 'calm', Medium: 'busy', High: 'warn', Critical: 'bad' };

const CHANGES: Record<ModelRow['change'], [Tone, string]> = {
  discovered: ['good', 'Discovered'],
  available: ['good', 'Available'],
  gone: ['bad', 'Gone'],
  moved: ['busy', 'Moved'],
};

export function NoticesPanel({ notices }: { notices: Notices }) {
  const rows = notices.notices.value;
  return (
    <Panel id="notices" title="Notifications" meta={rows.length > 0 ? plural(rows.length, 'notification') : undefined}>
      {rows.length === 0 ? (
        <Empty command={curl('SystemAnnouncement', { title: 'Hello', message: 'It works.', severity: 'Low' })}>
          Nothing in the last hour. Announcements, rate limits and the health of providers appear here.
        </Empty>
      ) : (
        <Scroll label="Notifications, the newest first">
          <ul class="lines">
            {rows.map(({ eventId, severity, title, detail, at }) => (
              <Line key={eventId} tone={SEVERITIES[severity]} word={severity} data={{ 'data-notice': eventId }}>
                <strong>{title}</strong>{' '}
                <span class="quiet">
                  {detail !== undefined && `${detail} · `}
                  {ago(at, now.value)}
                </span>
              </Line>
            ))}
          </ul>
        </Scroll>
      )}
    </Panel>
  );
}

export function ModelsPanel({ notices }: { notices: Notices }) {
  const rows = notices.models.value;
  return (
    <Panel id="models" title="Models" meta={rows.length > 0 ? plural(rows.length, 'change') : undefined}>
      {rows.length === 0 ? (
        <Empty>No model was discovered, moved or lost in the last hour.</Empty>
      ) : (
        <Scroll label="Models, those that changed last first">
          <ul class="lines">
            {rows.map(({ model, change, provider, capabilities, at }) => {
              const [tone, word] = CHANGES[change];
              return (
                <Line key={model} tone={tone} word={word} data={{ 'data-model': model, 'data-change': change }}>
                  <strong>{model}</strong>{' '}
                  <span class="quiet">
                    {[provider, capabilities.join(', '), ago(at, now.value)].filter(Boolean).join(' · ')}
                  </span>
                </Line>
              );
            })}
          </ul>
        </Scroll>
      )}
    </Panel>
  );
}
