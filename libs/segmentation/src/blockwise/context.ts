import type { Volume, WritableVolume } from '@tokenunify/em-io';
import { SegmentationError } from '../errors.ts';
import type { Scratch } from '../scratch.ts';
import type { AffinityPredictor } from '../tiles/index.ts';
import type { ArtefactStore } from './store/index.ts';
import type { Task } from './task.ts';

/** What a task works with, which cannot travel as JSON. Only what its stage needs has to be there. */
export interface TaskContext {
  readonly artefacts: ArtefactStore;
  /** The raw volume; tiles need it. */
  readonly volume?: Volume;
  /** Tiles need it. */
  readonly predictor?: AffinityPredictor;
  /**
   * Where labels go: uint32, `labelShape(plan)`, chunks of `labelChunkShape(plan)`. It must still hold what tasks that
   * are done wrote to it; for an empty one, make the stage undone with `dropStages`.
   */
  readonly output?: WritableVolume;
  /** Most bytes the agglomeration may take. Default: no limit. */
  readonly memoryLimit?: number;
  /** Memory to be used again by the next task in this thread: give every context of a thread the same. */
  readonly scratch?: Scratch;
  readonly signal?: AbortSignal;
}

/** A task's context while it works. */
export type WorkContext = TaskContext & { readonly scratch: Scratch };

/** What a stage needs of its context. */
export function need<T>(value: T | undefined, what: string, task: Task): T {
  if (value !== undefined) return value;
  throw new SegmentationError(
    'segmentation/bad-option',
    `Task ${task.id} needs the ${what} of its context, which is missing: give it to whoever runs the stage ${task.stage}.`,
  );
}
