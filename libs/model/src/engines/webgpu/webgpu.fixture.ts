import { describe, test } from 'vitest';
import { findAdapter } from './adapter.ts';

const device = (await findAdapter())?.device;

/**
 * A suite for WebGPU. Without a GPU and without a software Vulkan it is skipped, and says so with the command that mends
 * it; with `TOKENUNIFY_REQUIRE_WEBGPU=1` it fails instead.
 */
export function describeWebgpu(name: string, suite: () => void): void {
  if (device !== undefined) {
    describe(name, suite);
    return;
  }
  const why = 'no WebGPU on this machine; run `npm run setup:vulkan`';
  if (process.env['TOKENUNIFY_REQUIRE_WEBGPU'] === '1') {
    test(name, () => {
      throw new Error(`TOKENUNIFY_REQUIRE_WEBGPU is 1, but there is ${why}.`);
    });
    return;
  }
  console.warn(`SKIPPED: ${name} (${why})`);
  describe.skip(name, suite);
}
