// The names of the elements.

import { ConduitConnectionStatus } from './connectionStatus.ts';
import { ConduitNotifications } from './notifications.ts';
import { ConduitSpendListener } from './spendListener.ts';
import { ConduitSpendMeter } from './spendMeter.ts';
import { ConduitTaskProgress } from './taskProgress.ts';
import { ConduitWebhookList } from './webhookList.ts';

const ELEMENTS = {
  'conduit-connection-status': ConduitConnectionStatus,
  'conduit-task-progress': ConduitTaskProgress,
  'conduit-spend-meter': ConduitSpendMeter,
  'conduit-spend-listener': ConduitSpendListener,
  'conduit-webhook-list': ConduitWebhookList,
  'conduit-notifications': ConduitNotifications,
};

declare global {
  interface HTMLElementTagNameMap {
    'conduit-connection-status': ConduitConnectionStatus;
    'conduit-task-progress': ConduitTaskProgress;
    'conduit-spend-meter': ConduitSpendMeter;
    'conduit-spend-listener': ConduitSpendListener;
    'conduit-webhook-list': ConduitWebhookList;
    'conduit-notifications': ConduitNotifications;
  }
}

/** Defines them, each once. */
export function define(): void {
  const { customElements } = globalThis;
  if (customElements === undefined) return;
  for (const [name, element] of Object.entries(ELEMENTS)) {
    if (customElements.get(name) === undefined) customElements.define(name, element);
  }
}
