import { defineConfig } from 'vitest/config';

/** Suites that hold times of the clock against a limit: nothing else runs beside them. */
export default defineConfig({
  test: { include: ['src/**/*.latency.test.ts'], testTimeout: 600_000, pool: 'forks', maxWorkers: 1 },
});
