// Which events of a key's history a connection would have been told: those that it subscribed to.

import { type Api, type HistoryEntry, read } from './history.ts';
import type { HubAddress } from './hubNames.ts';
import type { Subscription, Subscriptions } from './subscriptions.ts';

/** Types of tasks that are remembered. */
const MOST_TYPES = 1_000;

export class Relevance {
  readonly #types = new Map<string, string>();

  constructor(
    private readonly address: HubAddress,
    private readonly subscriptions: Subscriptions,
  ) {}

  /** Whether a connection with these subscriptions is told of an event. */
  async isWanted(entry: HistoryEntry, api: Api): Promise<boolean> {
    const wanted = this.subscriptions.wanted;
    const isOf = (topic: string, id: string) => wanted.some((one) => one.topic === topic && one.id === id);
    switch (this.address.hub) {
      case 'TaskHub': {
        const taskId = String(entry.arguments[0]);
        if (isOf('Task', taskId) || isOf('TaskType', '*')) return true;
        if (!wanted.some(({ topic }) => topic === 'TaskType')) return false;
        return isOf('TaskType', await this.#typeOf(taskId, entry, api));
      }
      case 'VideoGenerationHub':
        return isOf('Request', memberOf(entry, 'requestId'));
      case 'ImageGenerationHub':
        return isOf('Task', memberOf(entry, 'taskId'));
      case 'WebhookDeliveryHub':
        return isOf('Webhooks', '*') || wanted.some(({ id }) => isSameUrl(id, memberOf(entry, 'url')));
      default:
        return true;
    }
  }

  /** Whether an event is about the very thing that a subscription names, of which its connection would get a snapshot. */
  isOfOne({ topic, id }: Subscription, entry: HistoryEntry): boolean {
    if (this.address.hub === 'TaskHub') return topic === 'Task' && String(entry.arguments[0]) === id;
    if (this.address.hub === 'VideoGenerationHub') return memberOf(entry, 'requestId') === id;
    return this.address.hub === 'ImageGenerationHub' && memberOf(entry, 'taskId') === id;
  }

  async #typeOf(taskId: string, entry: HistoryEntry, api: Api): Promise<string> {
    const known = entry.event === 'TaskStarted' ? String(entry.arguments[1]) : this.#types.get(taskId);
    const type = known ?? (await read<{ taskType: string }>(api, `/v1/tasks/${encodeURIComponent(taskId)}`)).taskType;
    this.#types.set(taskId, type);
    if (this.#types.size > MOST_TYPES) {
      const [oldest] = this.#types.keys();
      if (oldest !== undefined) this.#types.delete(oldest);
    }
    return type;
  }
}

function memberOf(entry: HistoryEntry, name: string): string {
  const [event] = entry.arguments;
  return typeof event === 'object' && event !== null ? String((event as Record<string, unknown>)[name]) : '';
}

function isSameUrl(one: string, other: string): boolean {
  return URL.canParse(one) && URL.canParse(other) && new URL(one).href === new URL(other).href;
}
