// What the pages' buttons have a backend say.

import { setTimeout as pause } from 'node:timers/promises';

const STEP_MILLIS = 700;

let round = 0;

/** @type {Record<string, (tell: (type: string, data: object) => Promise<void>) => Promise<void>>} */
export const plays = {
  async task(tell) {
    const taskId = 'render-42';
    await tell('TaskStarted', { taskId, taskType: 'video', metadata: { model: 'demo' } });
    for (let percentComplete = 10; percentComplete < 100; percentComplete += 15) {
      await pause(STEP_MILLIS);
      await tell('TaskProgress', { taskId, percentComplete, message: `frame ${percentComplete * 2} of 200` });
    }
    await pause(STEP_MILLIS);
    await tell('TaskCompleted', { taskId, result: { url: 'https://example.com/video.mp4' } });
  },

  spend: (tell) => tell('SpendRecorded', { amount: 0.42, provider: 'openai', model: 'gpt-demo' }),

  async webhook(tell) {
    round += 1;
    const deliveryId = `delivery-${Date.now()}-${round}`;
    const delivery = { deliveryId, url: 'https://shop.example.com/hooks/conduit', eventType: 'video.completed' };
    await tell('WebhookDeliveryAttempted', { ...delivery, attempt: 1 });
    await pause(STEP_MILLIS);
    if (round % 3 === 0) {
      await tell('WebhookDeliveryFailed', {
        ...delivery,
        attempt: 1,
        error: 'HTTP 410',
        statusCode: 410,
        isFinal: true,
      });
      return;
    }
    if (round % 3 === 2) {
      const scheduledAt = new Date(Date.now() + 4_000).toISOString();
      await tell('WebhookDeliveryFailed', {
        ...delivery,
        attempt: 1,
        error: 'HTTP 503',
        statusCode: 503,
        isFinal: false,
      });
      await tell('WebhookDeliveryRetryScheduled', { ...delivery, attempt: 2, delaySeconds: 4, scheduledAt });
      await pause(4_000);
      await tell('WebhookDeliveryAttempted', { ...delivery, attempt: 2 });
      await pause(STEP_MILLIS);
    }
    const attempt = round % 3 === 2 ? 2 : 1;
    await tell('WebhookDeliverySucceeded', { ...delivery, attempt, statusCode: 204, responseTimeMs: 87 });
  },

  async notification(tell) {
    /** @type {[type: string, data: object][]} */
    const said = [
      ['ProviderHealthChanged', { provider: 'openai', status: 'Degraded', message: 'answers take longer than usual' }],
      ['SystemAnnouncement', { title: 'Maintenance', message: 'Sunday from 02:00 to 03:00 UTC', severity: 'Critical' }],
      ['ModelAvailabilityChanged', { model: 'gpt-demo', isAvailable: true }],
      ['ServiceDegraded', { service: 'images', reason: 'the queue is long' }],
      ['ServiceRestored', { service: 'images' }],
      ['ProviderHealthChanged', { provider: 'openai', status: 'Healthy' }],
    ];
    const [type, data] = said[round++ % said.length] ?? ['', {}];
    await tell(type, data);
  },
};
