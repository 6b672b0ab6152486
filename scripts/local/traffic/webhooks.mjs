// Webhooks that Conduit delivers to the receiver of the demo: one URL is well, one falters, one is gone.

import { setTimeout as pause } from 'node:timers/promises';
import { between, oneOf } from './backend.mjs';

const EVENT_TYPES = ['task.completed', 'video.completed', 'image.completed', 'budget.alert'];

/** Every so many deliveries, one goes where nobody is: it becomes a dead letter. */
const LOST_EVERY = 25;

export async function playWebhooks({ tell }, receiver, signal) {
  for (let number = 1; ; number += 1) {
    const path = number % LOST_EVERY === 5 ? '/gone' : oneOf(['/orders', '/flaky']);
    const payload = { number };
    await tell('WebhookDeliveryRequested', { url: receiver + path, eventType: oneOf(EVENT_TYPES), payload });
    await pause(between(1_500, 4_500), undefined, { signal });
  }
}
