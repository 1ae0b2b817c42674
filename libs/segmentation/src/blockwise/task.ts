import type { Box, Vec3 } from '@tokenunify/em-io';
import type { ResolvedSpec } from './spec.ts';

/** In the order in which a block goes through them. */
export const jobStages = ['tiles', 'affinities', 'fragments', 'graph', 'agglomeration', 'labels'] as const;

export type JobStage = (typeof jobStages)[number];

/** Where a task's block is kept, and which part of space it is (positions in the volume). */
export interface Source {
  /** Id of the task that makes it. */
  readonly task: string;
  readonly box: Box;
}

interface TaskBase {
  /** Stage, digest of everything the result depends on, place: equal ids mean equal results. */
  readonly id: string;
  /** Tasks whose manifests must be there. */
  readonly after: readonly string[];
}

/** Infers a run of tiles along x, each once. */
export interface TilesTask extends TaskBase {
  readonly stage: 'tiles';
  readonly starts: readonly Vec3[];
}

/** Blends every tile that touches a block, in raster order. */
export interface AffinitiesTask extends TaskBase {
  readonly stage: 'affinities';
  readonly box: Box;
  readonly tiles: readonly { readonly task: string; readonly index: number; readonly start: Vec3 }[];
}

/** Fragments of the cells of a block. */
export interface FragmentsTask extends TaskBase {
  readonly stage: 'fragments';
  readonly box: Box;
  /** The block with its halo, clipped to the job's box. */
  readonly context: Box;
  readonly affinities: readonly Source[];
}

/** Edges of the links v -> v - e_d with v in the block. */
export interface GraphTask extends TaskBase {
  readonly stage: 'graph';
  readonly box: Box;
  readonly affinities: string;
  readonly fragments: string;
  /** Tasks that made the fragments of the blocks below along z, y and x; null where the box ends. */
  readonly below: readonly [string | null, string | null, string | null];
}

/** Everything that is global: numbers, merges, agglomerates. */
export interface AgglomerationTask extends TaskBase {
  readonly stage: 'agglomeration';
}

/** Writes the labels of a block of the output; these blocks start where the job's box does. */
export interface LabelsTask extends TaskBase {
  readonly stage: 'labels';
  readonly box: Box;
  readonly agglomeration: string;
  /** `index`: the block's place among the fragments tasks of the plan. */
  readonly fragments: readonly (Source & { readonly index: number })[];
}

/** One unit of work of a job: plain JSON, idempotent, small enough to be sent to where it runs. */
export type Task = TilesTask | AffinitiesTask | FragmentsTask | GraphTask | AgglomerationTask | LabelsTask;

/** A job as its tasks: plain JSON, a function of the spec alone. */
export interface JobPlan {
  readonly spec: ResolvedSpec;
  /** Each after the ones it needs. */
  readonly tasks: readonly Task[];
}
