import { describeWhere } from './describe-where.fixture.ts';
import { locateNativeTensorflow } from './native.ts';

/**
 * A suite for the native engine. Without a build it is skipped, and says so with the command that mends it; with
 * `TOKENUNIFY_REQUIRE_TENSORFLOW=1` (where a build must be there, as in a GPU image) it fails instead.
 */
export const describeTensorflow = (name: string, suite: () => void): void =>
  describeWhere(
    {
      there: locateNativeTensorflow() !== undefined,
      why: 'no native TensorFlow on this machine; run `npm run setup:tensorflow`',
      required: 'TOKENUNIFY_REQUIRE_TENSORFLOW',
    },
    name,
    suite,
  );
