import type { Vec3 } from '../ops/ops.ts';

/** How the crops of one step go through the network. */
export interface MicroBatches {
  /** Crops that go through at once. */
  readonly crops: number;
  /** Times that many. */
  readonly accumulate: number;
}

/**
 * A batch in the fewest equal parts of at most `most` crops: equal, because the mean of their gradients must be the
 * batch's. A prime number of crops that does not fit goes one by one.
 *
 * @example microBatches(160, 3) // { crops: 2, accumulate: 80 }
 */
export function microBatches(batch: number, most: number): MicroBatches {
  let crops = Math.max(1, Math.min(batch, Math.floor(most)));
  while (batch % crops !== 0) crops--;
  return { crops, accumulate: batch / crops };
}

export interface PretrainingBatchSize {
  /** Voxels that go through the network at once, at most; one crop goes through however large it is. */
  readonly voxelsPerStep: number;
  /** Crops a step, whatever goes through at once; as many as `voxelsPerStep` has room for when absent. */
  readonly batch?: number;
}

/** What a step of pretraining on crops of this shape is. */
export function pretrainingBatches(
  { voxelsPerStep, batch }: PretrainingBatchSize,
  [z, y, x]: Vec3,
): MicroBatches {
  // every crop goes through twice: random tokens hidden, prefix kept
  const room = Math.max(1, Math.floor(voxelsPerStep / (2 * z * y * x)));
  return batch === undefined ? { crops: room, accumulate: 1 } : microBatches(batch, room);
}
