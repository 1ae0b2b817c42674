import { defineConfig } from 'vitest/config';

/** Networks, files and trainings at the sizes of the paper: minutes, and gigabytes of memory and disk. Not in the gate. */
export default defineConfig({
  test: {
    include: ['src/**/*.large.test.ts'],
    testTimeout: 3_600_000,
    hookTimeout: 3_600_000,
    pool: 'forks',
    maxWorkers: 1,
  },
});
