import type { Dtype, TypedArray, Vec3 } from '@tokenunify/em-io';
import type { SegmentRequest, SegmentResult } from './types.ts';

/** Between the thread that serves HTTP and a thread that segments. Arrays are transferred, not copied. */
export interface WorkerModel {
  readonly tileShape: Vec3;
  readonly batchSize: number;
  readonly minimumShape: Vec3;
  readonly inputScale: { readonly offset: number; readonly scale: number };
  readonly postprocessing: unknown;
}

/** An error as it crosses threads: a class does not survive structured clone, its code does. */
export interface CarriedError {
  readonly library: 'segmentation' | 'model' | 'em-io' | 'abort' | 'unknown';
  readonly message: string;
  readonly stack?: string;
}

export type ToWorker =
  | {
      readonly type: 'segment';
      readonly raw: { readonly dtype: Dtype; readonly shape: readonly number[]; readonly data: TypedArray };
      readonly options: Omit<SegmentRequest, 'raw'>;
    }
  | { readonly type: 'abort' }
  | { readonly type: 'predicted'; readonly call: number; readonly affinities: Float32Array }
  | { readonly type: 'unpredicted'; readonly call: number; readonly error: CarriedError };

export type FromWorker =
  | { readonly type: 'predict'; readonly call: number; readonly tiles: Float32Array; readonly count: number }
  | { readonly type: 'done'; readonly result: SegmentResult }
  | { readonly type: 'failed'; readonly error: CarriedError };
