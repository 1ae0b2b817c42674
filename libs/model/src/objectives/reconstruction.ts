import type * as tfjs from '@tensorflow/tfjs';
import type { Engine } from '../engines/engine.ts';
import type { ParameterSource } from '../network/parameters.ts';
import type { Preset } from '../network/presets.ts';
import type { Vec3 } from '../ops/ops.ts';
import type { Objective } from './curriculum.ts';

export interface ReconstructionOptions {
  readonly engine: Pick<Engine, 'tf' | 'ops' | 'activate'>;
  /** Weights of a network for pretraining; not disposed of. */
  readonly parameters: ParameterSource<tfjs.Tensor>;
  readonly preset: Preset;
  /** Crops that were not trained on: each of the shape `space`, row-major [z, y, x], grey values in [0, 1]. */
  readonly crops: readonly Float32Array[];
  readonly space: Vec3;
  /** Of what is hidden: the same seed hides the same tokens, so that two looks at a training can be compared. */
  readonly seed: number;
  /** Default: all. */
  readonly objectives?: readonly Objective[];
  /** Prefixes of every crop, spread over its length (default 8; all there are where the crop has fewer). */
  readonly prefixes?: number;
  readonly signal?: AbortSignal;
}

/** How well one objective restores what it does not see. Everything is over hidden voxels, pooled over all crops. */
export interface ReconstructionScore {
  readonly objective: Objective;
  /** Mean squared error of grey values in [0, 1]. */
  readonly mse: number;
  /** Peak signal-to-noise ratio in dB for a peak of 1, 10 log10(1 / mse); at most 120. */
  readonly psnr: number;
  /** Mean squared errors of predictions that learn nothing, for the same voxels. */
  readonly baselines: {
    /** The mean grey value of the visible tokens, everywhere. */
    readonly meanVisible: number;
    /** A copy of the nearest visible token. */
    readonly nearestVisible: number;
  };
  readonly predictionVariance: number;
  readonly targetVariance: number;
  /** Hidden voxels that were counted. */
  readonly voxels: number;
}
