// The virtual keys: make one, give it a budget, watch it, turn it off.

import { useSignal } from '@preact/signals';
import type { TargetedSubmitEvent } from 'preact';
import { inWords } from '../connection/api.ts';
import { unwatch, watch, watched } from '../connection/session.ts';
import { Action } from '../parts/action.tsx';
import { Copy } from '../parts/copy.tsx';
import { Dialog, FormEnd } from '../parts/dialog.tsx';
import { Empty } from '../parts/empty.tsx';
import { count, date, money, percent, plural } from '../parts/format.ts';
import { Panel } from '../parts/panel.tsx';
import { State } from '../parts/state.tsx';
import type { Budget, BudgetPeriod, KeyRow, Keys } from '../stores/keys.ts';

const PERIODS: Record<BudgetPeriod, string> = {
  none: 'for ever',
  daily: 'a day',
  weekly: 'a week',
  monthly: 'a month',
};

export function KeysPanel({ keys }: { keys: Keys }) {
  const rows = keys.rows.value;
  const isMaking = useSignal(false);
  const budgetOf = useSignal<KeyRow | undefined>(undefined);
  return (
    <Panel
      id="keys"
      title="Virtual keys"
      meta={plural(rows.length, 'key')}
      actions={
        <button
          type="button"
          class="small primary"
          onClick={() => {
            isMaking.value = true;
          }}
        >
          New key
        </button>
      }
    >
      {rows.length === 0 ? (
        <Empty>{keys.isLoaded.value ? 'There is no key yet: make one.' : 'Reading the keys …'}</Empty>
      ) : (
        <div class="wide">
          <table class="keys">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">State</th>
                <th scope="col" class="number">
                  <abbr title="Open connections">Open</abbr>
                </th>
                <th scope="col">Spend</th>
                <th scope="col">Made</th>
                <th scope="col">
                  <span class="hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <KeyLine
                  key={row.id}
                  row={row}
                  keys={keys}
                  onBudget={() => {
                    budgetOf.value = row;
                  }}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {isMaking.value && (
        <NewKey
          keys={keys}
          onClose={() => {
            isMaking.value = false;
          }}
        />
      )}
      {budgetOf.value !== undefined && (
        <BudgetDialog
          row={budgetOf.value}
          keys={keys}
          onClose={() => {
            budgetOf.value = undefined;
          }}
        />
      )}
    </Panel>
  );
}

function KeyLine({ row, keys, onBudget }: { row: KeyRow; keys: Keys; onBudget: () => void }) {
  const { id, name, enabled, createdAt, expiresAt, budget, currentSpend, connections } = row;
  const said = useSignal('');
  const isExpired = expiresAt !== undefined && Date.parse(expiresAt) < Date.now();
  const disconnect = async () => {
    said.value = `${plural(await keys.disconnect(id), 'connection')} closed`;
  };
  const remove = async () => {
    if (watched.value?.chosen?.id === id) unwatch();
    await keys.remove(id);
  };
  return (
    <tr data-key={id} data-enabled={enabled}>
      <th scope="row">
        {name} <span class="quiet id">{id}</span>
      </th>
      <td>
        {isExpired ? (
          <State tone="warn">Expired</State>
        ) : (
          <State tone={enabled ? 'good' : 'calm'}>{enabled ? 'Enabled' : 'Disabled'}</State>
        )}
      </td>
      <td class="number">
        {connections === undefined ? '–' : count(connections)}
        <span class="on-phone"> open</span>
      </td>
      <td>{spendOf(currentSpend, budget)}</td>
      <td class="quiet">{date(createdAt)}</td>
      <td class="actions">
        <button type="button" class="small" aria-label={`Watch ${name}`} onClick={() => watch(id, name)}>
          Watch
        </button>
        <button type="button" class="small" aria-label={`Budget of ${name}`} onClick={onBudget}>
          Budget
        </button>
        <Action
          label={enabled ? 'Disable' : 'Enable'}
          {...(enabled ? { confirm: 'Disable it?' } : {})}
          description={name}
          act={() => keys.change(id, { enabled: !enabled })}
        />
        <Action label="Disconnect" description={name} act={disconnect} />
        <Action label="Delete" confirm="Delete for good?" description={name} act={remove} />
        <span class="quiet" aria-live="polite">
          {said.value}
        </span>
      </td>
    </tr>
  );
}

function spendOf(spend: number | undefined, budget: Budget | undefined) {
  const spent = spend === undefined ? '–' : money(spend);
  if (budget === undefined || budget.limit === 0) return <span class="number">{spent}</span>;
  const part = ((spend ?? 0) / budget.limit) * 100;
  return (
    <span class="number">
      {spent} of {money(budget.limit)} {PERIODS[budget.period]}
      {spend !== undefined && <span class={part >= 90 ? 'over' : 'quiet'}> {percent(part)}</span>}
    </span>
  );
}

function BudgetFields({ budget }: { budget?: Budget | undefined }) {
  return (
    <div class="fields">
      <label>
        Budget
        <input name="limit" type="number" min="0" step="any" defaultValue={budget?.limit ?? ''} placeholder="none" />
      </label>
      <label>
        For
        <select name="period">
          {Object.entries(PERIODS).map(([period, words]) => (
            <option key={period} value={period} selected={period === (budget?.period ?? 'monthly')}>
              {words}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

/** What was typed as a budget; nothing where it was left empty. */
function budgetIn(form: FormData): Budget | undefined {
  const limit = `${form.get('limit') ?? ''}`.trim();
  return limit === '' ? undefined : { limit: Number(limit), period: form.get('period') as BudgetPeriod };
}

function NewKey({ keys, onClose }: { keys: Keys; onClose: () => void }) {
  const made = useSignal<{ id: string; key: string } | undefined>(undefined);
  const trouble = useSignal('');
  const isBusy = useSignal(false);
  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const budget = budgetIn(form);
    const fields = { name: `${form.get('name')}`, realtime: form.get('realtime') !== null };
    isBusy.value = true;
    trouble.value = '';
    try {
      made.value = await keys.create(budget === undefined ? fields : { ...fields, budget });
    } catch (error) {
      trouble.value = inWords(error);
    }
    isBusy.value = false;
  };
  if (made.value !== undefined) {
    return (
      <Dialog key="made" title="The new key" onClose={onClose}>
        <p>This is shown once. Whoever holds it hears of what its backends report, and can spend its budget.</p>
        <p class="secret">
          <code>{made.value.key}</code> <Copy text={made.value.key} label="Copy the key" />
        </p>
        <p class="quiet">Its id, for events: {made.value.id}</p>
        <form method="dialog" class="buttons">
          <button type="submit" class="primary">
            Done
          </button>
        </form>
      </Dialog>
    );
  }
  return (
    <Dialog key="making" title="New virtual key" onClose={onClose}>
      <form onSubmit={submit}>
        <label>
          Name
          <input name="name" required maxLength={200} />
        </label>
        <BudgetFields />
        <label class="check">
          <input type="checkbox" name="realtime" /> It may open realtime sessions
        </label>
        <FormEnd trouble={trouble.value} label="Make it" isBusy={isBusy.value} onCancel={onClose} />
      </form>
    </Dialog>
  );
}

function BudgetDialog({ row, keys, onClose }: { row: KeyRow; keys: Keys; onClose: () => void }) {
  const trouble = useSignal('');
  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    trouble.value = '';
    try {
      await keys.change(row.id, { budget: budgetIn(new FormData(event.currentTarget)) ?? null });
      onClose();
    } catch (error) {
      trouble.value = inWords(error);
    }
  };
  return (
    <Dialog title={`Budget of ${row.name}`} onClose={onClose}>
      <form onSubmit={submit}>
        <BudgetFields budget={row.budget} />
        <p class="quiet">Left empty, there is none.</p>
        <FormEnd trouble={trouble.value} label="Set it" onCancel={onClose} />
      </form>
    </Dialog>
  );
}
