import { describeWhere } from '../describe-where.fixture.ts';
import { findAdapter } from './adapter.ts';

const device = (await findAdapter())?.device;

/**
 * A suite for WebGPU. Without a GPU and without a software Vulkan it is skipped, and says so with the command that mends
 * it; with `TOKENUNIFY_REQUIRE_WEBGPU=1` it fails instead.
 */
export const describeWebgpu = (name: string, suite: () => void): void =>
  describeWhere(
    {
      there: device !== undefined,
      why: 'no WebGPU on this machine; run `npm run setup:vulkan`',
      required: 'TOKENUNIFY_REQUIRE_WEBGPU',
    },
    name,
    suite,
  );
