// What an operator looks after: providers, who is online, dead letters, queues, and what was done.

import { signal } from '@preact/signals';
import type {
  AdminNotificationHubEvents,
  ConduitSignalRService,
  ProviderHealthRecord,
  Severity,
} from '../../clients/js/src/index.ts';
import { type Api, all, type Page } from '../connection/api.ts';
import { soon } from './clock.ts';

export interface OnlineKey {
  virtualKeyId: string;
  connections: number;
  hubs: Record<string, number>;
}

export interface DeadLetter {
  id: string;
  at: string;
  kind: 'event' | 'webhook' | 'unreadable';
  virtualKeyId?: string;
  cause: string;
  attempts: number;
}

export interface QueueView {
  name: string;
  depth: number;
  oldestAgeSeconds?: number;
}

export interface AuditEntry {
  id: string;
  timestamp: string;
  actor: string;
  action: string;
  subject?: string;
  from?: string;
  reason?: string;
  changed?: string[];
}

export interface SystemAlert {
  eventId: string;
  at: number;
  severity: Severity;
  title: string;
  message: string;
}

interface ProviderView {
  name: string;
  healthUrl?: string;
  health?: ProviderHealthRecord;
}

export type ProviderRow = Partial<ProviderHealthRecord> & { provider: string };

const MOST_ALERTS = 50;
const MOST_AUDITED = 100;
const MOST_LETTERS = 200;

export class Operations {
  readonly providers = signal<ProviderRow[]>([]);
  readonly online = signal<OnlineKey[]>([]);
  readonly letters = signal<DeadLetter[]>([]);
  readonly queues = signal<QueueView[]>([]);
  readonly audit = signal<AuditEntry[]>([]);
  readonly alerts = signal<SystemAlert[]>([]);
  readonly readAuditSoon = soon(() => void this.loadAudit().catch(() => {}), 500);

  constructor(
    private readonly service: ConduitSignalRService,
    private readonly api: Api,
  ) {
    for (const name of ['InitialProviderHealth', 'ProviderHealthRefreshed'] as const) {
      service.on('admin-notifications', name, (records) => {
        for (const record of records) this.#health(record);
      });
    }
    service.on('admin-notifications', 'ProviderHealthStatus', (record) => this.#health(record));
    service.on('admin-notifications', 'SystemAlert', (event) => this.#alert(event));
    service.on('admin-notifications', 'HighSpendAlert', (event) => {
      const { eventId, timestamp, message, virtualKeyId } = event;
      this.#alert({ eventId, timestamp, severity: 'High', title: `Key ${virtualKeyId}`, message });
    });
    const changes = ['VirtualKeyCreated', 'VirtualKeyUpdated', 'VirtualKeyDeleted', 'ConfigurationChanged'] as const;
    for (const name of changes satisfies readonly (keyof AdminNotificationHubEvents)[]) {
      service.on('admin-notifications', name, () => this.readAuditSoon());
    }
  }

  async loadProviders(): Promise<void> {
    const views = await all<ProviderView>(this.api, '/v1/admin/providers');
    for (const { name, health } of views) this.#health(health ?? { provider: name });
  }

  async loadOnline(): Promise<void> {
    this.online.value = await all<OnlineKey>(this.api, '/v1/admin/connections');
  }

  async loadLetters(): Promise<void> {
    const [letters, queues] = await Promise.all([
      all<DeadLetter>(this.api, '/v1/admin/dead-letters', MOST_LETTERS),
      this.api.read<{ items: QueueView[] }>('/v1/admin/queues'),
    ]);
    this.letters.value = letters;
    this.queues.value = queues.items;
  }

  async loadAudit(): Promise<void> {
    this.audit.value = (await this.api.read<Page<AuditEntry>>(`/v1/admin/audit?limit=${MOST_AUDITED}`)).items;
  }

  async refreshProviders(): Promise<void> {
    await this.service.invoke('admin-notifications', 'RefreshProviderHealth');
  }

  async replay(id: string): Promise<void> {
    await this.api.ask('POST', `/v1/admin/dead-letters/${encodeURIComponent(id)}/replay`);
    await this.loadLetters();
  }

  /** Sends all of them on their way again, and says what became of that. */
  async replayAll(): Promise<{ replayed: number; failed: number }> {
    const totals = { replayed: 0, failed: 0 };
    for (let hasMore = true; hasMore; ) {
      const answer = await this.api.ask<{ replayed: number; failed: number; hasMore: boolean }>(
        'POST',
        '/v1/admin/dead-letters/replay',
      );
      totals.replayed += answer.replayed;
      totals.failed += answer.failed;
      hasMore = answer.hasMore && answer.replayed > 0;
    }
    await this.loadLetters();
    return totals;
  }

  async discard(id: string): Promise<void> {
    await this.api.ask('DELETE', `/v1/admin/dead-letters/${encodeURIComponent(id)}`);
    await this.loadLetters();
  }

  #health(record: ProviderRow): void {
    const others = this.providers.value.filter(({ provider }) => provider !== record.provider);
    this.providers.value = [...others, record].sort((a, b) => a.provider.localeCompare(b.provider));
  }

  #alert({ eventId, timestamp, severity, title, message }: Omit<SystemAlert, 'at'> & { timestamp: string }): void {
    if (this.alerts.value.some((alert) => alert.eventId === eventId)) return;
    const alert = { eventId, at: Date.parse(timestamp), severity, title, message };
    this.alerts.value = [alert, ...this.alerts.value].slice(0, MOST_ALERTS);
  }
}
