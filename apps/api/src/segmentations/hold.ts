import type { Lease } from '../models/types.ts';
import { ApiProblem, isApiProblem } from '../problem.ts';
import type { JobModels } from './options.ts';
import type { ModelRef } from './record.ts';

/** A place for a version is free when another one's work ends. */
const AGAIN_MS = 1_000;

/**
 * Does `work` with a job's version loaded, and lets go of it whatever happens. While as many versions as may be are loaded
 * and at work, it waits: a job has no client whom it could ask to come again.
 *
 * @throws ApiProblem `unknown-model` when the version is not there any more, `inference-failed`; what `work` throws; the
 *   signal's reason
 */
export async function holding<T>(
  models: Pick<JobModels, 'acquire'>,
  model: ModelRef,
  { signal, sleep }: { readonly signal: AbortSignal; readonly sleep: Sleep },
  work: (inference: Lease['inference']) => Promise<T>,
): Promise<T> {
  const lease = await acquire(models, model, signal, sleep);
  try {
    signal.throwIfAborted();
    return await work(lease.inference);
  } finally {
    lease.release();
  }
}

/** Resolves after so many milliseconds, or when the signal aborts. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

async function acquire(
  models: Pick<JobModels, 'acquire'>,
  { name, version, digest }: ModelRef,
  signal: AbortSignal,
  sleep: Sleep,
): ReturnType<JobModels['acquire']> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await models.acquire(digest, signal);
    } catch (error) {
      if (isApiProblem(error, 'unknown-model', 'model-retired', 'model-not-found'))
        throw new ApiProblem(
          'unknown-model',
          `The job was made with ${name} ${version} (${digest}), which was retired or deleted meanwhile; upload that package again with POST /v1/models, and resume the job.`,
          { cause: error },
        );
      if (!isApiProblem(error, 'busy')) throw error;
      await sleep(AGAIN_MS, signal);
    }
  }
}
