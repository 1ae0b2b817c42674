import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';

/** Suites that run inside workerd, with R2 as wrangler has it here: nothing leaves the machine. */
export default defineConfig({
  plugins: [
    cloudflareTest({
      wrangler: { configPath: './wrangler.jsonc' },
      miniflare: {
        bindings: {
          CONTAINER_URL: 'http://container.test',
          CONTAINER_KEY: 'key-of-the-container',
          ALLOW_ANONYMOUS: 'true',
        },
      },
    }),
  ],
  test: {
    include: ['src/worker/**/*.workerd.test.ts'],
    testTimeout: 60_000,
    maxWorkers: 1,
    // a line for each request
    onConsoleLog: () => false,
  },
});
