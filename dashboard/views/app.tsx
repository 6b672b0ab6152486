// The page: who is signed in, which view is open.

import { signal, useSignalEffect } from '@preact/signals';
import { session, signOut, unwatch, watched } from '../connection/session.ts';
import { KeysPanel } from '../panels/keys.tsx';
import { AuditPanel } from '../panels/operations.tsx';
import { Brand } from '../parts/brand.tsx';
import { State } from '../parts/state.tsx';
import { nextTheme, theme } from '../parts/theme.ts';
import { Trouble } from '../parts/trouble.tsx';
import type { HubRow } from '../stores/hubs.ts';
import type { OperatorWatch } from '../stores/operatorWatch.ts';
import { Activity } from './activity.tsx';
import { SignIn } from './signIn.tsx';
import { System } from './system.tsx';

const VIEWS = { system: 'System', keys: 'Keys', audit: 'Audit' } as const;

type View = keyof typeof VIEWS | 'activity';

const view = signal<View>(named());

addEventListener('hashchange', () => {
  view.value = named();
});

function named(): View {
  const name = location.hash.replace(/^#\//, '');
  return name in VIEWS || name === 'activity' ? (name as View) : 'system';
}

export function App() {
  useSignalEffect(() => {
    const down = rowsOf().filter(({ state }) => state !== 'connected').length;
    document.title = down === 0 ? 'Conduit Edge' : `(${down} down) Conduit Edge`;
  });
  if (session.value === undefined) return <SignIn />;
  const { operator } = session.value;
  return (
    <>
      <button type="button" class="skip" onClick={toMain}>
        Skip to the content
      </button>
      <Header operator={operator} />
      {operator === undefined ? (
        watched.value !== undefined && <Activity watch={watched.value} />
      ) : (
        <Operator operator={operator} />
      )}
    </>
  );
}

/** The view of an operator; without a key to look at, there is no activity. */
function Operator({ operator }: { operator: OperatorWatch }) {
  if (view.value === 'activity' && watched.value !== undefined) return <Activity watch={watched.value} />;
  if (view.value === 'keys') {
    return (
      <main id="main">
        <h1>Keys</h1>
        <Trouble text={operator.trouble.value} retry={operator.retry} />
        <KeysPanel keys={operator.keys} />
      </main>
    );
  }
  if (view.value === 'audit') {
    return (
      <main id="main">
        <h1>Audit</h1>
        <Trouble text={operator.trouble.value} retry={operator.retry} />
        <AuditPanel operations={operator.operations} />
      </main>
    );
  }
  return <System operator={operator} />;
}

function Header({ operator }: { operator: OperatorWatch | undefined }) {
  const name = watched.value?.chosen?.name;
  const current = view.value === 'activity' && watched.value === undefined ? 'system' : view.value;
  return (
    <header class="top">
      <Brand />
      {operator !== undefined && (
        <nav aria-label="Views">
          {Object.entries(VIEWS).map(([id, title]) => (
            <a key={id} href={`#/${id}`} aria-current={current === id ? 'page' : undefined}>
              {title}
            </a>
          ))}
          {name !== undefined && (
            <span class="watched">
              <a href="#/activity" aria-current={current === 'activity' ? 'page' : undefined}>
                {name}
              </a>
              <button type="button" class="small plain" aria-label={`Stop watching ${name}`} onClick={unwatch}>
                ×
              </button>
            </span>
          )}
        </nav>
      )}
      <span class="spacer" />
      <Connection />
      <button type="button" class="small plain" onClick={nextTheme}>
        Theme: {theme.value}
      </button>
      <button type="button" class="small plain" onClick={() => signOut()}>
        Sign out
      </button>
    </header>
  );
}

/** Whether what is shown is live, in a word. */
function Connection() {
  const rows = rowsOf();
  const down = rows.filter(({ state }) => state !== 'connected');
  const isStarting = down.some(({ state }) => state === 'connecting');
  const isReading = watched.value?.isRead.value === false;
  return (
    <span role="status" class="connection">
      {down.length === 0 && !isReading ? (
        <State tone="good">Live</State>
      ) : down.length === 0 || isStarting ? (
        <State tone="busy">Connecting</State>
      ) : (
        <State tone="warn">{`${down.length} of ${rows.length} hubs away`}</State>
      )}
    </span>
  );
}

/** The connections of what is looked at. */
function rowsOf(): HubRow[] {
  return [...(session.value?.operator?.hubs.rows.value ?? []), ...(watched.value?.hubs.rows.value ?? [])];
}

/** No link: that to a part of the page would be taken for another view. */
function toMain(): void {
  const main = document.getElementById('main');
  if (main === null) return;
  main.tabIndex = -1;
  main.focus();
}
