import { defineConfig } from 'vitest/config';

/** Suites that need the native engine of `npm run setup:tensorflow`. */
export default defineConfig({
  test: { include: ['src/**/*.tensorflow.test.ts'], testTimeout: 300_000, pool: 'forks', maxWorkers: 1 },
});
