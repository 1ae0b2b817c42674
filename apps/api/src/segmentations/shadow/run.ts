import { join } from 'node:path';
import { execute, type ExecuteOptions } from '../execute.ts';
import { holding, type Sleep } from '../hold.ts';
import { localInput } from '../input.ts';
import type { SegmentationsOptions } from '../options.ts';
import { compareLabels, type Agreement } from './compare.ts';
import type { Shadow } from './rows.ts';

type Environment = Pick<
  SegmentationsOptions,
  'models' | 'sources' | 'workers' | 'memoryLimit' | 'remote' | 'script'
>;

export interface RunOptions extends Environment {
  /** Of this shadow: its artefacts and labels. */
  readonly directory: string;
  readonly onProgress: (fraction: number) => void;
  readonly signal: AbortSignal;
  readonly sleep: Sleep;
}

/** A job that waits does so for no longer than a thread needs to be ended; what it did not commit is done again. */
const PATIENCE_MS = 250;

/**
 * Segments the volume of a job with the challenger, and compares the labels with those of the champion. Interrupted
 * anywhere, it goes on from there when called again.
 *
 * @throws ApiProblem; `volume-not-found` when what it reads was deleted; the signal's reason
 */
export async function runShadow({ job, champion }: Shadow, options: RunOptions): Promise<Agreement> {
  const { models, sources, directory, signal, sleep, onProgress, memoryLimit } = options;
  const labels = join(directory, 'labels.zarr');
  const environment: Omit<ExecuteOptions, 'local' | 'predictor'> = {
    ...options,
    artefacts: join(directory, 'artefacts'),
    output: labels,
    onProgress: ({ fraction }) => onProgress(fraction),
    patienceMs: PATIENCE_MS,
  };
  await holding(models, job.model, { signal, sleep }, async (predictor) =>
    execute(job, { ...environment, predictor, local: await localInput(job.input, sources) }),
  );
  signal.throwIfAborted();
  const truth = sources.pathOf(champion.result?.volume ?? '');
  return compareLabels({ truth, labels, memoryLimit }, signal);
}
