import { defineConfig } from 'vitest/config';

/** Shared by every room. Suites that need the native engine or real volumes have their own targets. */
export const suites = {
  everywhere: {
    exclude: [
      '**/node_modules/**',
      '**/*.tensorflow.test.ts',
      '**/*.webgpu.test.ts',
      '**/*.data.test.ts',
      '**/*.faults.test.ts',
      '**/*.latency.test.ts',
      '**/*.large.test.ts',
      '**/*.workerd.test.ts',
    ],
  },
};

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    exclude: suites.everywhere.exclude,
    testTimeout: 120_000, // ten times what the longest takes on a machine of its own
    pool: 'forks',
    maxWorkers: 1,
  },
});
