import { createVolume, type Vec3 } from '@tokenunify/em-io';
import {
  directoryArtefacts,
  jobStages,
  labelChunkShape,
  labelShape,
  planJob,
  runJob,
  taskMemory,
  type JobResult,
  type ProgressEvent,
} from '@tokenunify/segmentation';
import type { LocalInput } from './input.ts';
import type { JobRecord, Progress } from './record.ts';
import type { OutputOptions, RemoteOptions } from './task-protocol.ts';
import { TaskThread, type Predictor } from './task-thread.ts';

export interface ExecuteOptions {
  /** Directory of the job's artefacts. */
  readonly artefacts: string;
  /** Where the labels go, `….zarr`. */
  readonly output: string;
  /** Where the input lies, when it is on this machine. */
  readonly local: LocalInput | undefined;
  readonly predictor: Predictor | undefined;
  readonly workers: number;
  readonly memoryLimit: number;
  readonly remote: RemoteOptions;
  readonly onProgress: (progress: Progress) => void;
  readonly signal: AbortSignal;
  /** Until a thread that does not look at its signal is ended. */
  readonly patienceMs?: number;
  /** For tests: the module that threads run. */
  readonly script?: URL;
}

/**
 * Does what is not done yet of a job, in threads of its own. Interrupted anywhere, it goes on from there when called
 * again, and what it writes is the same.
 *
 * @throws what a task threw, once all threads have let go; the signal's reason
 */
export async function execute(job: JobRecord, options: ExecuteOptions): Promise<JobResult> {
  const { signal, predictor } = options;
  const plan = planJob(job.spec);
  const outputOptions = outputOf(job);
  // made once here: threads that made it at the same time would be in each other's way
  const output = await createVolume(options.output, {
    shape: labelShape(plan),
    dtype: 'uint32',
    chunkShape: labelChunkShape(plan),
    ...outputOptions,
    resume: true,
  });
  await output.close();
  const threadJob = {
    spec: job.spec,
    input: job.input,
    ...(options.local && { local: options.local }),
    artefacts: options.artefacts,
    output: options.output,
    outputOptions,
    memoryLimit: options.memoryLimit,
    batchSize: predictor?.batchSize ?? 1,
    remote: options.remote,
  };
  // as many as the memory of a job is enough for, and one at least
  const most = Math.floor(options.memoryLimit / taskMemory(plan));
  const count = Math.max(1, Math.min(options.workers, plan.tasks.length, most));
  const threads = Array.from(
    { length: count },
    () =>
      new TaskThread({
        job: threadJob,
        predictor,
        ...(options.patienceMs !== undefined && { patienceMs: options.patienceMs }),
        ...(options.script && { script: options.script }),
      }),
  );
  try {
    const steps = runJob(plan, {
      artefacts: directoryArtefacts(options.artefacts),
      workers: threads,
      signal,
      // a relabel starts from fragments and graph; affinities would be three bytes a voxel for nothing
      dropStages: ['affinities'],
      sweepOlderThan: 0, // nobody else works in this directory
    });
    const share = shares();
    for (;;) {
      const step = await steps.next();
      if (step.done) return step.value;
      options.onProgress({ ...step.value, fraction: share(step.value) });
    }
  } finally {
    await Promise.all(threads.map((thread) => thread.close()));
  }
}

/** The share of a job that is done, over all stages; each tells of itself before the first task. */
function shares(): (step: ProgressEvent) => number {
  const seen = new Map<ProgressEvent['stage'], ProgressEvent>();
  return (step) => {
    seen.set(step.stage, step);
    const sum = (of: 'done' | 'total') => [...seen.values()].reduce((all, stage) => all + stage[of], 0);
    return seen.size < jobStages.length ? 0 : Math.round((sum('done') / sum('total')) * 1e4) / 1e4;
  };
}

function outputOf({ id, spec, voxelSize, model }: JobRecord): OutputOptions {
  const { start } = spec.box;
  const moved = start.some((at) => at !== 0);
  const offset: Vec3 | undefined =
    voxelSize && moved
      ? [start[0] * voxelSize[0], start[1] * voxelSize[1], start[2] * voxelSize[2]]
      : undefined;
  return {
    ...(voxelSize && { voxelSize }),
    ...(offset && { offset }),
    attributes: { segmentation: id, model: model.digest },
  };
}
