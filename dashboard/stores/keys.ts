// The virtual keys, as the operator manages them.

import { signal } from '@preact/signals';
import { type Api, all } from '../connection/api.ts';

export type BudgetPeriod = 'daily' | 'weekly' | 'monthly' | 'none';

export interface Budget {
  limit: number;
  period: BudgetPeriod;
}

export interface KeyRow {
  id: string;
  name: string;
  enabled: boolean;
  createdAt: string;
  expiresAt?: string;
  budget?: Budget;
  realtime: boolean;
  /** Of the first ones only: each is asked of the key's own object. */
  currentSpend?: number;
  connections?: number;
}

/** Keys whose spending is read with the list. */
const MOST_READ = 25;
const MOST_KEYS = 1_000;

export class Keys {
  readonly rows = signal<KeyRow[]>([]);
  readonly isLoaded = signal(false);
  #loads = 0;

  constructor(private readonly api: Api) {}

  async load(): Promise<void> {
    const load = ++this.#loads;
    const rows = await all<KeyRow>(this.api, '/v1/admin/keys', MOST_KEYS);
    if (load !== this.#loads) return;
    const known = new Map(this.rows.value.map((row) => [row.id, row]));
    // What is known of a key's spending stays until it is read again.
    this.rows.value = rows.map((row) => ({ ...pick(known.get(row.id)), ...row }));
    this.isLoaded.value = true;
    for (const { id } of rows.slice(0, MOST_READ)) {
      if (load !== this.#loads) return;
      await this.read(id).catch(() => {});
    }
  }

  /** Reads one, with what it spent. */
  async read(id: string): Promise<void> {
    this.#put(await this.api.ask<KeyRow>('GET', pathOf(id)));
  }

  /** Makes one; the answer has its secret, which is shown this once. */
  async create(fields: { name: string; budget?: Budget; realtime: boolean }): Promise<{ id: string; key: string }> {
    const made = await this.api.ask<KeyRow & { key: string }>('POST', '/v1/admin/keys', fields);
    const { key, ...row } = made;
    this.#put(row);
    return { id: made.id, key };
  }

  async change(id: string, patch: { enabled?: boolean; budget?: Budget | null }): Promise<void> {
    await this.api.ask('PATCH', pathOf(id), patch);
    await this.read(id);
  }

  /** Closes its connections, and says how many there were. */
  async disconnect(id: string): Promise<number> {
    const { disconnected } = await this.api.ask<{ disconnected: number }>('POST', `${pathOf(id)}/disconnect`);
    return disconnected;
  }

  async remove(id: string): Promise<void> {
    await this.api.ask('DELETE', pathOf(id));
    this.rows.value = this.rows.value.filter((row) => row.id !== id);
  }

  #put(row: KeyRow): void {
    const rows = this.rows.value;
    const isKnown = rows.some(({ id }) => id === row.id);
    this.rows.value = isKnown ? rows.map((known) => (known.id === row.id ? row : known)) : [...rows, row];
  }
}

function pathOf(id: string): string {
  return `/v1/admin/keys/${encodeURIComponent(id)}`;
}

function pick(row: KeyRow | undefined): Partial<KeyRow> {
  if (row === undefined) return {};
  const { currentSpend, connections } = row;
  return {
    ...(currentSpend === undefined ? {} : { currentSpend }),
    ...(connections === undefined ? {} : { connections }),
  };
}
