import type { Vec3 } from '@tokenunify/em-io';
import type { ResolvedSpec } from './spec.ts';

/** In the order in which a block goes through them. */
export const jobStages = ['tiles', 'affinities', 'fragments', 'graph', 'agglomeration', 'labels'] as const;

/**
 * - `tiles`: infers a run of tiles along x, each once;
 * - `affinities`: blends every tile that touches a block, in raster order;
 * - `fragments`: watershed in the cells of a block;
 * - `graph`: edges of the links v -> v - e_d with v in the block;
 * - `agglomeration`: everything that is global: numbers, merges, agglomerates; one task;
 * - `labels`: writes the labels of a block of the output; these blocks start where the job's box does.
 */
export type JobStage = (typeof jobStages)[number];

/** One unit of work of a job: plain JSON, idempotent, small enough to be sent to where it runs. */
export interface Task {
  /** Stage, digest of everything the result depends on, place: equal ids mean equal results. */
  readonly id: string;
  readonly stage: JobStage;
  /** Which block, or which run of tiles, along (z, y, x). What lies there follows from the spec. */
  readonly place: Vec3;
  /** How much it counts in the progress of its stage: the tiles of a run; 1 for everything else. */
  readonly units: number;
  /** Tasks whose manifests must be there. */
  readonly after: readonly string[];
}

/** A job as its tasks: plain JSON, a function of the spec alone. About 2 kB a block. */
export interface JobPlan {
  readonly spec: ResolvedSpec;
  /** Each after the ones it needs. */
  readonly tasks: readonly Task[];
}
