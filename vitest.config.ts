import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts', 'examples/**/*.test.ts'],
    // Each file starts its own Worker (Miniflare with workerd). Files wait more than they compute, so two cores carry
    // four of them.
    pool: 'forks',
    maxWorkers: 4,
    // A cold workerd on a busy machine, and SignalR's own time-outs of up to 30 s.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
