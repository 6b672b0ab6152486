// What everybody is told: providers that falter and recover, models that come and go, announcements.

import { setTimeout as pause } from 'node:timers/promises';
import { between } from './backend.mjs';

/** In this order, again and again. */
const SCRIPT = [
  ['ProviderHealthChanged', { provider: 'openai', status: 'Healthy', message: null }],
  ['ProviderHealthChanged', { provider: 'anthropic', status: 'Healthy', message: null }],
  [
    'ModelCapabilitiesDiscovered',
    {
      provider: 'openai',
      capabilities: [
        { model: 'gpt-realtime', capabilities: ['chat', 'audio'] },
        { model: 'gpt-5-mini', capabilities: ['chat', 'vision'] },
      ],
    },
  ],
  ['ProviderHealthChanged', { provider: 'runway', status: 'Degraded', message: 'answers take 6 s' }],
  ['ModelAvailabilityChanged', { model: 'gen-4', isAvailable: true }],
  [
    'SystemAnnouncement',
    { title: 'Maintenance', message: 'Video rendering pauses at 02:00 UTC for ten minutes.', severity: 'Medium' },
  ],
  ['ModelMappingChanged', { model: 'flux-2', newProvider: 'black-forest-labs' }],
  ['ServiceDegraded', { service: 'image generation', reason: 'one of three regions is slow' }],
  ['ModelAvailabilityChanged', { model: 'whisper-1', isAvailable: false }],
  ['ProviderHealthChanged', { provider: 'runway', status: 'Healthy', message: null }],
  ['RateLimitWarning', { endpoint: '/v1/chat/completions', remaining: 8 }],
  ['ServiceRestored', { service: 'image generation' }],
  [
    'SystemAlert',
    { severity: 'Medium', title: 'Certificate', message: 'It expires in 20 days.', source: '/made-up-traffic' },
  ],
];

export async function playNotices({ tell, announce }, signal) {
  for (;;) {
    for (const [type, data] of SCRIPT) {
      if (type === 'RateLimitWarning') {
        await tell(type, { ...data, resetTime: new Date(Date.now() + 60_000).toISOString() });
      } else {
        await announce(type, data);
      }
      await pause(between(4_000, 9_000), undefined, { signal });
    }
  }
}
