// Which webhooks the elements of a page listen to: the last one that leaves an address unsubscribes from it.

import type { ConduitSignalRService } from '../service.ts';

const listeners = new WeakMap<ConduitSignalRService, Map<string, number>>();

/**
 * Subscribes to addresses until the signal says that it is over.
 *
 * @throws where the server refuses an address
 */
export async function listenTo(service: ConduitSignalRService, urls: string[], life: AbortSignal): Promise<void> {
  for (const url of urls) count(service, url, 1);
  life.addEventListener('abort', () => {
    const last = urls.filter((url) => count(service, url, -1) === 0);
    if (last.length === 0 || service.getConnection('webhooks') === null) return;
    service.invoke('webhooks', 'UnsubscribeFromWebhooks', last).catch(() => {});
  });
  await service.invoke('webhooks', 'SubscribeToWebhooks', urls);
}

/** Changes how many listen to an address, and says how many do then. */
function count(service: ConduitSignalRService, url: string, change: 1 | -1): number {
  const counts = listeners.get(service) ?? new Map<string, number>();
  listeners.set(service, counts);
  const number = (counts.get(url) ?? 0) + change;
  if (number > 0) counts.set(url, number);
  else counts.delete(url);
  return number;
}
