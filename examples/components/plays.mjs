// What the pages' buttons have a backend say.

import { setTimeout as pause } from 'node:timers/promises';

const STEP_MILLIS = 700;
const RETRY_SECONDS = 4;

let round = 0;

/**
 * What goes on after the button was answered.
 *
 * @param {() => Promise<void>} rest
 */
const later = (rest) => void rest().catch((error) => console.error(error.message));

/** @type {Record<string, (tell: (type: string, data: object) => Promise<void>, taskId: string) => Promise<void>>} */
export const plays = {
  async task(tell, taskId) {
    await tell('TaskStarted', { taskId, taskType: 'video', metadata: { model: 'demo' } });
    later(async () => {
      for (let percentComplete = 10; percentComplete < 100; percentComplete += 15) {
        await pause(STEP_MILLIS);
        await tell('TaskProgress', { taskId, percentComplete, message: `frame ${percentComplete * 2} of 200` });
      }
      await pause(STEP_MILLIS);
      await tell('TaskCompleted', { taskId, result: { url: 'https://example.com/video.mp4' } });
    });
  },

  spend: (tell) => tell('SpendRecorded', { amount: 0.42, provider: 'openai', model: 'gpt-demo' }),

  async webhook(tell) {
    const kind = round++ % 3;
    const deliveryId = crypto.randomUUID();
    const delivery = { deliveryId, url: 'https://shop.example.com/hooks/conduit', eventType: 'video.completed' };
    await tell('WebhookDeliveryAttempted', { ...delivery, attempt: 1 });
    later(async () => {
      await pause(STEP_MILLIS);
      if (kind === 0) {
        await tell('WebhookDeliverySucceeded', { ...delivery, attempt: 1, statusCode: 204, responseTimeMs: 87 });
        return;
      }
      const statusCode = kind === 1 ? 503 : 410;
      const failure = { error: `HTTP ${statusCode}`, statusCode, isFinal: statusCode === 410 };
      await tell('WebhookDeliveryFailed', { ...delivery, attempt: 1, ...failure });
      if (failure.isFinal) return;
      const scheduledAt = new Date(Date.now() + RETRY_SECONDS * 1_000).toISOString();
      const retry = { delaySeconds: RETRY_SECONDS, scheduledAt };
      await tell('WebhookDeliveryRetryScheduled', { ...delivery, attempt: 2, ...retry });
      await pause(RETRY_SECONDS * 1_000);
      await tell('WebhookDeliverySucceeded', { ...delivery, attempt: 2, statusCode: 204, responseTimeMs: 87 });
    });
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
