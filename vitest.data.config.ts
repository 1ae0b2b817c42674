import { defineConfig } from 'vitest/config';

/** Suites that read the real volumes of `EM_DATA_DIR` (default: `shared/data` beside the repository). */
export default defineConfig({
  test: { include: ['src/**/*.data.test.ts'], testTimeout: 300_000, pool: 'forks', maxWorkers: 1 },
});
