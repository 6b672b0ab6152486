// Tasks of all kinds: some are videos and images, some fail, some are cancelled.

import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { between, oneOf } from './backend.mjs';

const TASKS_AT_ONCE = 6;
const PROGRESS_EVERY_MILLIS = 900;
const ERRORS = ['the model did not answer', 'the input is longer than the context', 'the provider refused the request'];

const TASKS = [
  { type: 'transcription', steps: [6, 18], message: (step, steps) => `minute ${step} of ${steps}` },
  { type: 'embedding', steps: [4, 10], message: (step) => `${step * 512} chunks` },
  { type: 'batch-import', steps: [10, 30], message: (step) => `${step * 40} rows` },
  { type: 'fine-tuning', steps: [20, 40], message: (step, steps) => `epoch ${Math.ceil((3 * step) / steps)} of 3` },
];

const STATUSES = ['queued', 'rendering', 'encoding'];

export async function playTasks({ tell }, signal) {
  const players = Array.from({ length: TASKS_AT_ONCE }, async (_, index) => {
    await pause(index * PROGRESS_EVERY_MILLIS, undefined, { signal });
    for (;;) {
      await oneOf([playTask, playTask, playVideo, playImages])(tell, signal);
      await pause(between(200, 2_500), undefined, { signal });
    }
  });
  await Promise.all(players);
}

async function playTask(tell, signal) {
  const taskId = `task-${randomUUID().slice(0, 8)}`;
  const { type, steps: range, message } = oneOf(TASKS);
  const steps = Math.round(between(...range));
  await tell('TaskStarted', { taskId, taskType: type, metadata: { steps } });
  for (let step = 1; step <= steps; step += 1) {
    await pause(PROGRESS_EVERY_MILLIS, undefined, { signal });
    if (step > 2 && Math.random() < 0.004) return tell('TaskCancelled', { taskId, reason: 'the user left' });
    if (Math.random() < 0.008) return tell('TaskFailed', { taskId, error: oneOf(ERRORS), isRetryable: true });
    const percentComplete = Math.round((100 * step) / steps);
    await tell('TaskProgress', { taskId, percentComplete, message: message(step, steps) });
  }
  await tell('TaskCompleted', { taskId, result: { steps } });
}

async function playVideo(tell, signal) {
  const requestId = `video-${randomUUID().slice(0, 8)}`;
  const totalFrames = 24 * Math.round(between(4, 10));
  const made = { provider: 'runway', model: 'gen-4' };
  await tell('VideoStarted', { requestId, ...made, estimatedSeconds: totalFrames / 12 });
  for (let framesCompleted = 12; framesCompleted <= totalFrames; framesCompleted += 12) {
    await pause(PROGRESS_EVERY_MILLIS, undefined, { signal });
    const percentage = Math.round((100 * framesCompleted) / totalFrames);
    const status = STATUSES[Math.min(2, Math.floor(percentage / 34))];
    const message = `frame ${framesCompleted} of ${totalFrames}`;
    await tell('VideoProgress', { requestId, percentage, status, message, framesCompleted, totalFrames });
  }
  await tell('VideoCompleted', { requestId, videoUrl: `https://media.example.com/${requestId}.mp4`, ...made });
}

async function playImages(tell, signal) {
  const taskId = `image-${randomUUID().slice(0, 8)}`;
  const totalImages = 4;
  const url = (image) => `https://media.example.com/${taskId}-${image}.webp`;
  await tell('ImageStarted', { taskId, provider: 'black-forest-labs', model: 'flux-2', totalImages });
  const imageUrls = [];
  for (let image = 1; image <= totalImages; image += 1) {
    await pause(2 * PROGRESS_EVERY_MILLIS, undefined, { signal });
    imageUrls.push(url(image));
    const told = { percentage: 25 * image, status: 'rendering', message: `image ${image} of ${totalImages}` };
    await tell('ImageProgress', { taskId, ...told, imagesCompleted: image, totalImages, imageUrls });
  }
  await tell('ImageCompleted', { taskId, imageUrls });
}
