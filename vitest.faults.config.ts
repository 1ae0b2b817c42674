import { defineConfig } from 'vitest/config';

/** Suites that kill processes, fill disks, measure memory and latency: long, and one at a time. */
export default defineConfig({
  test: { include: ['src/**/*.faults.test.ts'], testTimeout: 600_000, pool: 'forks', maxWorkers: 1 },
});
