import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// The dynamic loader reads this when a process starts, so it must be there before the workers are forked.
const path = [
  process.env['TOKENUNIFY_VULKAN'] || join(import.meta.dirname, '.vulkan'),
  process.env['LD_LIBRARY_PATH'],
]
  .filter(Boolean)
  .join(':');
process.env['LD_LIBRARY_PATH'] = path;

/** Suites that need WebGPU: a GPU, or the software Vulkan of `npm run setup:vulkan`. */
export default defineConfig({
  test: {
    include: ['src/**/*.webgpu.test.ts'],
    env: { TOKENUNIFY_ALLOW_SOFTWARE_GPU: '1' },
    testTimeout: 300_000,
    pool: 'forks',
    maxWorkers: 1,
  },
});
