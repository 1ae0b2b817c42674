import { defineConfig } from 'vitest/config';

/** Suites that kill processes, fill disks, measure memory: long, one at a time in a room, two rooms at once. */
export default defineConfig({
  test: { include: ['src/**/*.faults.test.ts'], testTimeout: 600_000, pool: 'forks', maxWorkers: 1 },
});
