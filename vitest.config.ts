import { defineConfig } from 'vitest/config';

/** What clients must not notice of relays: these files run once more with every connection but a key's first at one. */
const ALSO_WITH_RELAYS = [
  'azureRest',
  'connectionLimits',
  'expiry',
  'keyLifecycle',
  'navigationHub',
  'refresh',
  'resume',
  'resumeKilled',
  'resumeReach',
  'spendUpdates',
  'statefulReconnect',
  'taskEvents',
  'taskSnapshots',
  'taskSubscriptions',
  'transports',
  'videoHub',
  'webhookHub',
];

export default defineConfig({
  test: {
    // Each file starts its own Worker (Miniflare with workerd). Files wait more than they compute, so two cores carry
    // four of them.
    pool: 'forks',
    maxWorkers: 4,
    // A cold workerd on a busy machine, and SignalR's own time-outs of up to 30 s.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      { extends: true, test: { name: 'all', include: ['tests/**/*.test.ts', 'examples/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'relays',
          include: ALSO_WITH_RELAYS.map((name) => `tests/edge/${name}.test.ts`),
          env: { PROJECT_VARS: JSON.stringify({ RELAY_AFTER_CONNECTIONS: '1' }) },
        },
      },
    ],
  },
});
