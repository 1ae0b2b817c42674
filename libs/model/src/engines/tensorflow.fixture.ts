import { describe, test } from 'vitest';
import { locateNativeTensorflow } from './native.ts';

/**
 * A suite for the native engine. Without a build it is skipped, and says so with the command that mends it; with
 * `TOKENUNIFY_REQUIRE_TENSORFLOW=1` (where a build must be there, as in a GPU image) it fails instead.
 */
export function describeTensorflow(name: string, suite: () => void): void {
  if (locateNativeTensorflow() !== undefined) {
    describe(name, suite);
    return;
  }
  const why = `no native TensorFlow on this machine; run \`npm run setup:tensorflow\``;
  if (process.env['TOKENUNIFY_REQUIRE_TENSORFLOW'] === '1') {
    test(name, () => {
      throw new Error(`TOKENUNIFY_REQUIRE_TENSORFLOW is 1, but there is ${why}.`);
    });
    return;
  }
  console.warn(`SKIPPED: ${name} (${why})`);
  describe.skip(name, suite);
}
