/**
 * What parent and child say to each other, over the IPC channel of `child_process.fork` with `serialization:
 * 'advanced'` (structured clone, so tiles travel as bytes and not as JSON numbers).
 *
 * The child answers requests in the order they came. One is in flight at a time: whatever has not been sent can
 * still be cancelled, and ONNX Runtime uses all its threads for one run anyway.
 */
export interface ChildOptions {
  readonly modelPath: string;
  /** (z, y, x) */
  readonly tileShape: readonly number[];
  readonly channels: number;
  readonly batchSize: number;
  readonly threads: number;
  /** Added to the priority number of the process: higher gives way to others. */
  readonly niceness: number;
}

export type ToChild =
  | { readonly type: 'load'; readonly options: ChildOptions }
  | { readonly type: 'run'; readonly id: number; readonly tiles: Float32Array; readonly count: number };

export type InferenceFailure = 'load' | 'run' | 'output-shape' | 'output-range' | 'not-finite';

export type FromChild =
  | { readonly type: 'ready' }
  | { readonly type: 'result'; readonly id: number; readonly affinities: Float32Array }
  | {
      readonly type: 'error';
      readonly id: number | null;
      readonly reason: InferenceFailure;
      readonly message: string;
    };
