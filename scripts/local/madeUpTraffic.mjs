// `npm start -- --demo`: backend services that don't exist, reporting tasks that nobody asked for.

import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { say } from '../setup/command.mjs';

const TASKS_AT_ONCE = 3;
const PROGRESS_EVERY_MILLIS = 1_000;
const TYPES = ['transcription', 'embedding', 'batch-import', 'fine-tuning'];

/** Plays until `signal` is aborted. */
export async function playTraffic({ address, masterKey, virtualKeyId, signal }) {
  const post = poster(address, masterKey, virtualKeyId, signal);
  const players = Array.from({ length: TASKS_AT_ONCE }, async (_, index) => {
    await pause(index * PROGRESS_EVERY_MILLIS, undefined, { signal });
    for (;;) await playTask(post, signal);
  });
  await Promise.all(players).catch((error) => {
    if (error.name !== 'AbortError') say(`made-up traffic stops: ${error.message}`);
  });
}

async function playTask(post, signal) {
  const taskId = `demo-${randomUUID()}`;
  const steps = randomInt(4, 16);
  await post('TaskStarted', { taskId, taskType: TYPES[randomInt(TYPES.length)], metadata: { steps } });
  for (let step = 1; step <= steps; step += 1) {
    await pause(PROGRESS_EVERY_MILLIS, undefined, { signal });
    const percentComplete = Math.round((100 * step) / steps);
    await post('TaskProgress', { taskId, percentComplete, message: `step ${step} of ${steps}` });
  }
  if (randomInt(8) === 0) await post('TaskFailed', { taskId, error: 'the model did not answer', isRetryable: true });
  else await post('TaskCompleted', { taskId, result: { steps } });
}

function poster(address, masterKey, virtualKeyId, signal) {
  return async (type, data) => {
    const response = await fetch(`${address}/v1/events`, {
      method: 'POST',
      signal,
      headers: { 'content-type': 'application/cloudevents+json', 'x-master-key': masterKey },
      body: JSON.stringify({
        specversion: '1.0',
        id: randomUUID(),
        source: '/made-up-traffic',
        type,
        virtualkeyid: virtualKeyId,
        data,
      }),
    });
    if (!response.ok) throw new Error(`POST /v1/events answers ${response.status}: ${await response.text()}`);
    await response.body?.cancel();
  };
}
