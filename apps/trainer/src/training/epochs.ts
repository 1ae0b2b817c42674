import type { Curriculum, Vec3 } from '@tokenunify/model';

export interface EpochOptions {
  /** Voxels that crops are drawn from. */
  readonly voxels: number;
  /** Crops, and how many a step, until which share of the training. */
  readonly phases: readonly { readonly until: number; readonly crop: Vec3; readonly batch: number }[];
}

/**
 * Steps of so many epochs. Crops are drawn anywhere in a volume, so there is no list of them to go through: an epoch is as
 * many voxels in crops as the volumes have to train on. Every voxel is seen `epochs` times on average, whatever the crops'
 * size in each phase.
 *
 * @example stepsOf(800, { voxels: 125 * 1250 * 1250, phases: [{ until: 1, crop: [16, 160, 160], batch: 160 }] }) // 2385
 */
export function stepsOf(epochs: number, { voxels, phases }: EpochOptions): number {
  let before = 0;
  let perStep = 0;
  for (const { until, crop, batch } of phases) {
    perStep += (until - before) * batch * crop[0] * crop[1] * crop[2];
    before = until;
  }
  return Math.max(1, Math.ceil((epochs * voxels) / perStep));
}

/** The phases of a curriculum, with the crops a step that each has. */
export const phasesOf = (curriculum: Curriculum, batch: (crop: Vec3) => number): EpochOptions['phases'] =>
  curriculum.map(({ until, crop }) => ({ until, crop, batch: batch(crop) }));
