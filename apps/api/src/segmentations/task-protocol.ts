import type { Vec3 } from '@tokenunify/em-io';
import type { JobSpec, Task } from '@tokenunify/segmentation';
import type { ProblemCode } from '../contract/index.ts';
import type { CarriedError } from '../segmenter/protocol.ts';
import type { LocalInput } from './input.ts';
import type { Input } from './record.ts';

/** What a thread of a job is given once; everything else about the job it works out itself. */
export interface ThreadJob {
  readonly spec: JobSpec;
  readonly input: Input;
  /** Where `input` lies, when it is on this machine. */
  readonly local?: LocalInput;
  /** Directory of artefacts. */
  readonly artefacts: string;
  /** Location of the Zarr array of labels, which is there. */
  readonly output: string;
  readonly outputOptions: OutputOptions;
  readonly memoryLimit: number;
  readonly batchSize: number;
  readonly remote: RemoteOptions;
}

/** What the array of labels says beside its shape. */
export interface OutputOptions {
  readonly voxelSize?: Vec3;
  readonly offset?: Vec3;
  readonly attributes: Record<string, unknown>;
}

/** What may be fetched, as data: a function does not go into a thread. */
export interface RemoteOptions {
  readonly allowAddresses: readonly string[];
  readonly trusted?: { readonly origin: string; readonly key: string };
}

/** An error as it crosses threads, with the problem that the API would answer, if it is one. */
export interface TaskFailure extends CarriedError {
  readonly problem?: ProblemCode;
}

export type ToTaskThread =
  | { readonly type: 'task'; readonly task: Task }
  | { readonly type: 'abort' }
  | { readonly type: 'predicted'; readonly call: number; readonly affinities: Float32Array }
  | { readonly type: 'unpredicted'; readonly call: number; readonly error: CarriedError };

export type FromTaskThread =
  | { readonly type: 'predict'; readonly call: number; readonly tiles: Float32Array; readonly count: number }
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly error: TaskFailure };
