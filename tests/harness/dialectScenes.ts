// What each dialect makes of each event of the hubs that a virtual key opens, but for spending.

import { expect } from 'vitest';
import type { FrontDoor, Key } from './edge.ts';
import { KEY_HUBS, type KeyRoute, META } from './keyHubs.ts';
import type { OfficialClient } from './officialClient.ts';
import type { ProtocolName } from './protocol.ts';

export const DIALECTS = ['contract', 'conduit', 'guide'] as const;
export type Dialect = (typeof DIALECTS)[number];

/** The names that other dialects have for events, beside the contract's. */
const OTHER_NAMES = [
  ...['Started', 'Progress', 'Completed', 'Failed', 'Cancelled'].flatMap((name) => [
    `VideoGeneration${name}`,
    `ImageGeneration${name}`,
  ]),
  ...KEY_HUBS.notifications.events.map((name) => `On${name}`),
  'WebhookDelivered',
  'WebhookFailed',
  'UnusualSpending',
];

const TIME = expect.stringMatching(META.timestamp);
export const meta = { timestamp: TIME, eventId: expect.stringMatching(META.eventId) };

export type Told = [name: string, ...args: unknown[]];

/** Something that happens, and how each dialect tells of it; the guide's is the contract's unless it has its own. */
export interface Step {
  happens: (front: FrontDoor, key: Key) => Promise<unknown>;
  contract: Told;
  conduit: Told;
  guide?: Told;
}

export interface Scene {
  route: KeyRoute;
  subscription?: [method: string, argument: unknown];
  fields?: object;
  steps: Step[];
}

/** A client of a hub that hears every name that any dialect has. */
export function connectIn(
  dialect: Dialect,
  protocol: ProtocolName,
  front: FrontDoor,
  route: KeyRoute,
  key: Key,
  query = '',
): Promise<OfficialClient> {
  const asked = dialect === 'contract' ? query : `dialect=${dialect}&${query}`;
  return front.officialAt(route, key, [...KEY_HUBS[route].events, ...OTHER_NAMES], { query: asked, protocol });
}

/** An event of one object that is a domain event's data by other names. */
function media(type: string, data: object, conduit: Told): Step {
  return {
    happens: (front, key) => front.tell(key, type, data),
    contract: [type, { ...data, ...meta }],
    conduit,
  };
}

export const VIDEO: Scene = {
  route: 'video-generation',
  subscription: ['SubscribeToRequest', 'v'],
  steps: [
    media('VideoStarted', { requestId: 'v', provider: 'replicate', model: 'minimax-video', estimatedSeconds: 90 }, [
      'VideoGenerationStarted',
      { taskId: 'v', provider: 'replicate', estimatedSeconds: 90, startedAt: TIME, ...meta },
    ]),
    media(
      'VideoProgress',
      {
        requestId: 'v',
        percentage: 42.5,
        status: 'rendering',
        message: 'frame 51',
        framesCompleted: 51,
        totalFrames: 120,
      },
      [
        'VideoGenerationProgress',
        {
          taskId: 'v',
          // Whole numbers, in the original.
          progress: 42,
          progressPercentage: 42,
          status: 'rendering',
          message: 'frame 51',
          framesCompleted: 51,
          totalFrames: 120,
          ...meta,
        },
      ],
    ),
    media('VideoProgress', { requestId: 'v', percentage: 50, status: 'rendering' }, [
      'VideoGenerationProgress',
      {
        taskId: 'v',
        progress: 50,
        progressPercentage: 50,
        status: 'rendering',
        // What is absent is null in the original.
        message: null,
        framesCompleted: null,
        totalFrames: null,
        ...meta,
      },
    ]),
    media(
      'VideoCompleted',
      {
        requestId: 'v',
        videoUrl: 'https://media.example.com/1.mp4',
        previewUrl: 'https://media.example.com/1.jpg',
        durationSeconds: 6,
        resolution: '1280x720',
        fileSize: 2_048_000,
        cost: 0.25,
        provider: 'replicate',
        model: 'minimax-video',
      },
      [
        'VideoGenerationCompleted',
        {
          taskId: 'v',
          status: 'completed',
          videoUrl: 'https://media.example.com/1.mp4',
          previewUrl: 'https://media.example.com/1.jpg',
          duration: 6,
          durationSeconds: 6,
          resolution: '1280x720',
          fileSize: 2_048_000,
          cost: 0.25,
          provider: 'replicate',
          model: 'minimax-video',
          generationDuration: null,
          completedAt: TIME,
          ...meta,
        },
      ],
    ),
  ],
};

const FAILED_VIDEO: Scene = {
  route: 'video-generation',
  subscription: ['SubscribeToTask', 'v'],
  steps: [
    media(
      'VideoFailed',
      {
        requestId: 'v',
        error: 'no luck',
        errorCode: 'content_policy',
        isRetryable: true,
        retryCount: 1,
        maxRetries: 3,
        nextRetryAt: '2026-01-31T12:00:00.000Z',
      },
      [
        'VideoGenerationFailed',
        {
          taskId: 'v',
          status: 'failed',
          error: 'no luck',
          errorCode: 'content_policy',
          isRetryable: true,
          retryCount: 1,
          maxRetries: 3,
          nextRetryAt: '2026-01-31T12:00:00.000Z',
          failedAt: TIME,
          ...meta,
        },
      ],
    ),
  ],
};

const CANCELLED_VIDEO: Scene = {
  route: 'video-generation',
  subscription: ['SubscribeToVideoGeneration', 'v'],
  steps: [
    media('VideoCancelled', { requestId: 'v', reason: 'r' }, [
      'VideoGenerationCancelled',
      { taskId: 'v', reason: 'r', cancelledAt: TIME, ...meta },
    ]),
  ],
};

const IMAGE: Scene = {
  route: 'image-generation',
  subscription: ['SubscribeToTask', 'v'],
  steps: [
    media('ImageStarted', { taskId: 'v', provider: 'replicate', model: 'm', estimatedSeconds: 12, totalImages: 4 }, [
      'ImageGenerationStarted',
      { taskId: 'v', prompt: null, numberOfImages: 4, size: null, style: null, startedAt: TIME, ...meta },
    ]),
    media(
      'ImageProgress',
      {
        taskId: 'v',
        percentage: 50.9,
        status: 'processing',
        message: '2 of 4',
        imagesCompleted: 2,
        totalImages: 4,
        imageUrls: ['https://media.example.com/1.png'],
      },
      [
        'ImageGenerationProgress',
        {
          taskId: 'v',
          progressPercentage: 50,
          status: 'processing',
          message: '2 of 4',
          imagesCompleted: 2,
          totalImages: 4,
          ...meta,
        },
      ],
    ),
    media(
      'ImageCompleted',
      { taskId: 'v', imageUrls: ['https://media.example.com/1.png'], durationSeconds: 8.5, cost: 0.04 },
      [
        'ImageGenerationCompleted',
        {
          taskId: 'v',
          imageUrls: ['https://media.example.com/1.png'],
          durationSeconds: 8.5,
          cost: 0.04,
          completedAt: TIME,
          ...meta,
        },
      ],
    ),
  ],
};

const FAILED_IMAGE: Scene = {
  route: 'image-generation',
  subscription: ['SubscribeToTask', 'v'],
  steps: [
    media('ImageFailed', { taskId: 'v', error: 'no luck', errorCode: 'policy', isRetryable: false }, [
      'ImageGenerationFailed',
      { taskId: 'v', error: 'no luck', isRetryable: false, failedAt: TIME, ...meta },
    ]),
  ],
};

const CANCELLED_IMAGE: Scene = {
  route: 'image-generation',
  subscription: ['SubscribeToTask', 'v'],
  steps: [
    media('ImageCancelled', { taskId: 'v' }, [
      'ImageGenerationCancelled',
      { taskId: 'v', reason: null, cancelledAt: TIME, ...meta },
    ]),
  ],
};

/** An event that is the same in every dialect but for its arguments in the original's. */
function task(type: string, data: object, contract: unknown[], conduit = contract): Step {
  return {
    happens: (front, key) => front.tell(key, type, data),
    contract: [type, ...contract],
    conduit: [type, ...conduit],
  };
}

const TASKS: Scene = {
  route: 'tasks',
  subscription: ['SubscribeToTaskType', '*'],
  steps: [
    task('TaskStarted', { taskId: 't', taskType: 'x', metadata: { n: 1 }, deadlineSeconds: 600 }, ['t', 'x', { n: 1 }]),
    task('TaskProgress', { taskId: 't', percentComplete: 42, message: 'm' }, ['t', 42, 'm']),
    task('TaskProgress', { taskId: 't', percentComplete: 50 }, ['t', 50, null]),
    task('TaskTimedOut', { taskId: 't' }, ['t'], ['t', 600]),
    task('TaskCompleted', { taskId: 'u', result: { n: 1 } }, ['u', { n: 1 }]),
    task(
      'TaskFailed',
      { taskId: 'v', error: 'no luck', details: { code: 7 }, isRetryable: true },
      ['v', 'no luck', { code: 7 }],
      ['v', 'no luck', true],
    ),
    task('TaskFailed', { taskId: 'w', error: 'no luck' }, ['w', 'no luck', null], ['w', 'no luck', false]),
    task('TaskCancelled', { taskId: 'x', reason: 'r' }, ['x', 'r']),
  ],
};

const FRACTIONS: Scene = {
  route: 'tasks',
  subscription: ['SubscribeToTaskType', '*'],
  // The original has whole numbers.
  steps: [
    task('TaskProgress', { taskId: 't', percentComplete: 42.5 }, ['t', 42.5, null], ['t', 42, null]),
    task('TaskProgress', { taskId: 't', percentComplete: 99.9 }, ['t', 99.9, null], ['t', 99, null]),
  ],
};

/** What everybody is told, with what the original's one object has beside its id, time, type and priority. */
function broadcast(
  name: string,
  data: object,
  contract: unknown[],
  type: string,
  priority: number,
  conduit: object,
): Step {
  return {
    happens: (front) => front.announce(name, data),
    contract: [name, ...contract],
    conduit: [`On${name}`, { id: meta.eventId, type, priority, ...conduit, ...meta }],
  };
}

const PROVIDER_HEALTH = broadcast(
  'ProviderHealthChanged',
  { provider: 'openai', status: 'Unhealthy', message: 'down' },
  ['openai', 'Unhealthy', 'down'],
  'provider_health',
  2,
  { providerId: 'openai', providerName: 'openai', status: 'Unhealthy', responseTimeMs: null, details: 'down' },
);

const MODEL_MAPPING = broadcast(
  'ModelMappingChanged',
  { model: 'gpt-4o', newProvider: 'azure-openai' },
  ['gpt-4o', 'azure-openai'],
  'model_mapping_changed',
  1,
  { mappingId: null, modelAlias: 'gpt-4o', changeType: null, newProvider: 'azure-openai' },
);

const MODELS = [
  { model: 'gpt-4o', capabilities: ['chat', 'vision', 'image_generation'] },
  { model: 'text-embedding-3-small', capabilities: ['embeddings'] },
  { model: 'sora', capabilities: ['video_generation', 'vision'] },
];

const MODEL_CAPABILITIES = broadcast(
  'ModelCapabilitiesDiscovered',
  { provider: 'openai', capabilities: MODELS },
  ['openai', MODELS],
  'model_capabilities_discovered',
  0,
  {
    providerId: 'openai',
    providerName: 'openai',
    modelCount: 3,
    embeddingCount: 1,
    visionCount: 2,
    imageGenCount: 1,
    videoGenCount: 1,
    details: null,
  },
);

const RESET_TIME = '2026-01-31T12:01:00.000Z';

/** A warning to a key, which takes a shorter way than what everybody is told, and so comes first here. */
export const rateLimit = (remaining: number, priority: number, percentageUsed: number): Step => ({
  happens: (front, key) => front.tell(key, 'RateLimitWarning', { endpoint: '/v1', remaining, resetTime: RESET_TIME }),
  contract: ['RateLimitWarning', '/v1', remaining, RESET_TIME],
  conduit: [
    'OnRateLimitWarning',
    {
      id: meta.eventId,
      type: 'rate_limit',
      priority,
      remaining,
      resetTime: RESET_TIME,
      endpoint: '/v1',
      percentageUsed,
      ...meta,
    },
  ],
});

const SYSTEM: Scene = {
  route: 'notifications',
  steps: [
    rateLimit(7, 2, 90),
    rateLimit(10, 1, 90),
    rateLimit(0, 2, 100),
    PROVIDER_HEALTH,
    broadcast(
      'SystemAnnouncement',
      { title: 'Maintenance', message: 'On Sunday.', severity: 'Medium' },
      ['Maintenance', 'On Sunday.', 'Medium'],
      'system_announcement',
      1,
      { message: 'On Sunday.', category: 'general', title: 'Maintenance' },
    ),
    broadcast(
      'SystemAnnouncement',
      { title: 'Now', message: 'Down.', severity: 'Critical' },
      ['Now', 'Down.', 'Critical'],
      'system_announcement',
      3,
      { message: 'Down.', category: 'urgent', title: 'Now' },
    ),
    broadcast('ServiceDegraded', { service: 's', reason: 'r' }, ['s', 'r'], 'service_degradation', 2, {
      service: 's',
      reason: 'r',
      estimatedResolution: null,
    }),
    broadcast('ServiceRestored', { service: 's' }, ['s'], 'service_restoration', 1, {
      service: 's',
      outageDuration: null,
    }),
    MODEL_MAPPING,
    MODEL_CAPABILITIES,
    broadcast(
      'ModelAvailabilityChanged',
      { model: 'gpt-4o', isAvailable: false },
      ['gpt-4o', false],
      'model_availability_changed',
      1,
      { modelId: 'gpt-4o', isAvailable: false },
    ),
    broadcast(
      'ModelAvailabilityChanged',
      { model: 'gpt-4o', isAvailable: true },
      ['gpt-4o', true],
      'model_availability_changed',
      0,
      { modelId: 'gpt-4o', isAvailable: true },
    ),
  ],
};

const NAVIGATION: Scene = {
  route: 'navigation-state',
  steps: [PROVIDER_HEALTH, MODEL_MAPPING, MODEL_CAPABILITIES],
};

export const URL = 'https://example.com/hook';
const DELIVERY = { deliveryId: 'd', url: URL, eventType: 'video.completed', taskId: 'v' };
const ORIGINAL_DELIVERY = {
  deliveryId: 'd',
  url: URL,
  eventType: 'video.completed',
  webhookId: expect.stringMatching(/^v_[0-9a-f]{8}$/),
};

function delivery(type: string, name: string, data: object, conduit: object, guideName = name): Step {
  const told = { ...DELIVERY, ...data, ...meta };
  return {
    happens: (front, key) => front.tell(key, type, { ...DELIVERY, ...data }),
    contract: [name, told],
    conduit: [name, { ...ORIGINAL_DELIVERY, ...conduit, ...meta }],
    guide: [guideName, told],
  };
}

const failure = (isFinal: boolean, attempt: number) =>
  delivery(
    'WebhookDeliveryFailed',
    'DeliveryFailed',
    { attempt, error: 'HTTP 503', statusCode: 503, isFinal },
    {
      taskId: 'v',
      error: 'HTTP 503',
      errorMessage: 'HTTP 503',
      statusCode: 503,
      attemptCount: attempt,
      attemptNumber: attempt,
      isFinal,
      isPermanentFailure: isFinal,
    },
    isFinal ? 'WebhookFailed' : 'DeliveryFailed',
  );

const attempt = delivery(
  'WebhookDeliveryAttempted',
  'DeliveryAttempted',
  { attempt: 1 },
  { taskId: 'v', taskType: null, attemptNumber: 1 },
);

export const WEBHOOKS: Scene = {
  route: 'webhooks',
  subscription: ['SubscribeToWebhooks', [URL]],
  steps: [
    attempt,
    failure(false, 1),
    delivery(
      'WebhookDeliveryRetryScheduled',
      'RetryScheduled',
      { attempt: 2, delaySeconds: 2, scheduledAt: '2026-01-31T12:00:02.000Z' },
      { nextAttemptNumber: 2, delaySeconds: 2, scheduledAt: '2026-01-31T12:00:02.000Z', reason: null },
    ),
    delivery(
      'WebhookDeliverySucceeded',
      'DeliverySucceeded',
      { attempt: 2, statusCode: 204, responseTimeMs: 31.5 },
      { taskId: 'v', statusCode: 204, responseTimeMs: 31.5, attemptCount: 2, totalAttempts: 2 },
      'WebhookDelivered',
    ),
  ],
};

const LOST_WEBHOOK: Scene = {
  route: 'webhooks',
  subscription: ['SubscribeToWebhooks', ['*']],
  steps: [failure(true, 4)],
};

export const SCENES: [what: string, scene: Scene][] = [
  ['a video', VIDEO],
  ['a video that failed', FAILED_VIDEO],
  ['a video that was cancelled', CANCELLED_VIDEO],
  ['images', IMAGE],
  ['images that failed', FAILED_IMAGE],
  ['images that were cancelled', CANCELLED_IMAGE],
  ['tasks', TASKS],
  ['progress between whole numbers', FRACTIONS],
  ['the system', SYSTEM],
  ['what NavigationStateHub says of the system', NAVIGATION],
  ['a webhook', WEBHOOKS],
  ['a webhook that was given up', LOST_WEBHOOK],
];

export const toldIn = ({ contract, conduit, guide = contract }: Step, dialect: Dialect): Told =>
  ({ contract, conduit, guide })[dialect];
