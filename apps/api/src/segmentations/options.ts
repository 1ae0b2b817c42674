import type { DatabaseSync } from 'node:sqlite';
import type { Lease, ModelRegistry } from '../models/types.ts';
import type { InputSources } from './input.ts';
import type { SchedulerOptions } from './scheduler.ts';
import type { ShadowsOptions } from './shadow/shadows.ts';
import type { RemoteOptions } from './task-protocol.ts';

/** What jobs need of the registry: which version one gets, and a hold on it while they run. */
export interface JobModels extends Pick<ModelRegistry, 'choose' | 'shadow' | 'resolve'> {
  acquire(reference: string, signal: AbortSignal): Promise<Pick<Lease, 'inference' | 'release'>>;
}

/** What jobs need of stored volumes. */
export interface ResultVolumes {
  /** The unpublished volume of a job: the one it has already, or a new one. `path` ends in `.zarr`. */
  createResult(options: {
    readonly segmentation: string;
    readonly name?: string;
  }): Promise<{ readonly id: string; readonly path: string }>;
  /** Makes it visible, complete; doing so twice changes nothing. */
  publishResult(id: string): Promise<void>;
  removeResultOf(segmentation: string): Promise<void>;
}

export interface SegmentationsOptions {
  readonly db: DatabaseSync;
  /** Of artefacts, one directory a job. */
  readonly directory: string;
  readonly volumes: ResultVolumes;
  readonly sources: InputSources;
  readonly models: JobModels;
  readonly remote: RemoteOptions;
  /** Jobs at once. */
  readonly concurrency: number;
  /** Threads of a job. */
  readonly workers: number;
  /** Jobs that may wait. */
  readonly maxQueued: number;
  readonly maxVoxels: number;
  /** Voxels along a side of a block, in whole cells: a thread's memory. Default 128, or one cell if that is larger. */
  readonly blockSide?: number;
  /** Bytes that a job may take: bounds its threads, and agglomeration refuses a larger graph. */
  readonly memoryLimit: number;
  /** How patient shadows are. */
  readonly shadows?: Pick<ShadowsOptions, 'quietMs' | 'retryMs'>;
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log?: NonNullable<SchedulerOptions['log']>;
  /** For tests: the module that threads run. */
  readonly script?: URL;
}
