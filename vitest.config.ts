import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    // Each file starts its own Worker (Miniflare with workerd): a process, and no more at once than cores.
    pool: 'forks',
    maxWorkers: 2,
    // A cold workerd on a busy machine, and SignalR's own time-outs of up to 30 s.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
