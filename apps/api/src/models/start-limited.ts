import { ApiProblem, isApiProblem } from '../problem.ts';
import { toProblem } from '../failures.ts';
import type { PackageDirectory } from './packages.ts';
import { withoutRemedy } from './problems.ts';
import type { Start } from './running.ts';

/**
 * Starts versions that were taken in: their packages are verified again, since disks forget, and none takes forever.
 *
 * @throws ApiProblem `inference-failed`; the signal's reason
 */
export const startLimited =
  (directory: PackageDirectory, start: Start, limitMs: number): Start =>
  async (model, signal) => {
    const late = AbortSignal.timeout(limitMs);
    try {
      return await start(await directory.read(model), AbortSignal.any([signal, late]));
    } catch (error) {
      signal.throwIfAborted();
      if (isApiProblem(error)) throw error;
      const { name, version, digest } = model;
      const why = late.aborted
        ? `it did not answer its test tile within ${limitMs / 1000} s`
        : withoutRemedy(toProblem(error).message);
      throw new ApiProblem(
        'inference-failed',
        `${name} ${version} (${digest}) could not be loaded: ${why}; send the request again, or promote another version.`,
        { field: 'model', value: digest, cause: error },
      );
    }
  };
