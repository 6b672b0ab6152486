// What the system tells a key: notices, newest first, and what became of each model.

import { signal } from '@preact/signals';
import type {
  ConduitSignalRService,
  HealthStatus,
  ModelCapability,
  Severity,
  SystemNotificationHubEvents,
} from '../../clients/js/src/index.ts';
import { clock } from '../parts/format.ts';
import { soon } from './clock.ts';
import type { Told } from './recent.ts';

export interface Notice {
  eventId: string;
  at: number;
  severity: Severity;
  title: string;
  detail?: string;
}

export interface ModelRow {
  model: string;
  /** What last became of it. */
  change: 'discovered' | 'available' | 'gone' | 'moved';
  provider?: string;
  capabilities: string[];
  at: number;
}

type Name = Exclude<keyof SystemNotificationHubEvents, 'PreferencesUpdated'>;
type Words = Omit<Notice, 'eventId' | 'at'>;

/** Each event in words. */
const WORDS: { [N in Name]: (...args: SystemNotificationHubEvents[N]) => Words } = {
  ProviderHealthChanged: (provider, status, message) => ({
    severity: severityOf(status),
    title: `${provider} is ${status.toLowerCase()}`,
    ...detail(message),
  }),
  RateLimitWarning: (endpoint, remaining, resetTime) => ({
    severity: remaining < 10 ? 'High' : 'Medium',
    title: `${remaining} requests left for ${endpoint}`,
    detail: `until ${clock(Date.parse(resetTime))}`,
  }),
  SystemAnnouncement: (title, message, severity) => ({ severity, title, ...detail(message) }),
  ServiceDegraded: (service, reason) => ({ severity: 'High', title: `${service} is degraded`, ...detail(reason) }),
  ServiceRestored: (service) => ({ severity: 'Medium', title: `${service} works again` }),
  ModelMappingChanged: (model, provider) => ({
    severity: 'Medium',
    title: provider === null ? `${model} is served by nobody` : `${model} is served by ${provider} now`,
  }),
  ModelCapabilitiesDiscovered: (provider, models) => ({
    severity: 'Low',
    title: `${provider} has ${models.length === 1 ? 'a model' : `${models.length} models`}`,
    detail: models.map(({ model }) => model).join(', '),
  }),
  ModelAvailabilityChanged: (model, isAvailable) => ({
    severity: isAvailable ? 'Low' : 'Medium',
    title: isAvailable ? `${model} can be used` : `${model} is gone`,
  }),
};

const MOST_NOTICES = 100;
const MOST_MODELS = 200;

export class Notices {
  readonly notices = signal<Notice[]>([]);
  readonly models = signal<ModelRow[]>([]);
  readonly #notices = new Map<string, Notice>();
  readonly #models = new Map<string, ModelRow>();
  readonly #show = soon(() => this.#sort());

  constructor(service: ConduitSignalRService) {
    for (const name of Object.keys(WORDS) as Name[]) {
      service.on('notifications', name as string, (...args: unknown[]) => this.#take(name, args));
    }
  }

  /** Takes what was told before the page was there. */
  fill(told: Told[]): void {
    for (const { event, arguments: args, timestamp, eventId } of told) {
      if (event in WORDS) this.#take(event as Name, [...args, { timestamp, eventId }]);
    }
  }

  #take(name: Name, args: unknown[]): void {
    const { eventId, timestamp } = args.at(-1) as { eventId: string; timestamp: string };
    if (this.#notices.has(eventId)) return;
    const at = Date.parse(timestamp);
    const words = WORDS[name] as (...args: unknown[]) => Words;
    this.#notices.set(eventId, { eventId, at, ...words(...args) });
    if (name === 'ModelCapabilitiesDiscovered') {
      const [provider, models] = args as [string, ModelCapability[]];
      for (const { model, capabilities } of models) {
        this.#model(model, { change: 'discovered', provider, capabilities, at });
      }
    }
    if (name === 'ModelAvailabilityChanged') {
      const [model, isAvailable] = args as [string, boolean];
      this.#model(model, { change: isAvailable ? 'available' : 'gone', at });
    }
    if (name === 'ModelMappingChanged') {
      const [model, provider] = args as [string, string | null];
      this.#model(model, provider === null ? { change: 'gone', at } : { change: 'moved', provider, at });
    }
    this.#show();
  }

  #model(model: string, change: Partial<ModelRow> & Pick<ModelRow, 'change' | 'at'>): void {
    const known = this.#models.get(model);
    if (known !== undefined && known.at > change.at) return;
    this.#models.set(model, { model, capabilities: [], ...known, ...change });
  }

  #sort(): void {
    const notices = [...this.#notices.values()].sort((a, b) => (a.eventId < b.eventId ? 1 : -1));
    for (const { eventId } of notices.splice(MOST_NOTICES)) this.#notices.delete(eventId);
    const models = [...this.#models.values()].sort((a, b) => b.at - a.at);
    for (const { model } of models.splice(MOST_MODELS)) this.#models.delete(model);
    this.notices.value = notices;
    this.models.value = models;
  }
}

function severityOf(status: HealthStatus): Severity {
  if (status === 'Unhealthy') return 'High';
  return status === 'Degraded' ? 'Medium' : 'Low';
}

function detail(text: string | null): { detail?: string } {
  return text === null || text === '' ? {} : { detail: text };
}
