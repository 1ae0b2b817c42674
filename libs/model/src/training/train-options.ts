/** What a training is told, and what it tells. */
import type * as tfjs from '@tensorflow/tfjs';
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import type { Engine } from '../engines/engine.ts';
import type { ParameterSource, ParameterSpec } from '../network/parameters.ts';
import type { TensorOps } from '../ops/tensor-ops.ts';
import type { Random } from '../random.ts';
import type { AdamWOptions } from './adamw.ts';
import type { RateSchedule } from './schedule.ts';
import type { Weights } from './weights.ts';

export interface TrainingOptions<Batch> {
  readonly engine: Engine;
  readonly parameters: readonly ParameterSpec[];
  /** Where to start; ignored when `resume` is given. */
  readonly weights: Weights;
  readonly resume?: Checkpoint;
  readonly steps: number;
  readonly seed: number;
  readonly schedule: RateSchedule;
  readonly optimizer?: Partial<AdamWOptions>;
  /** Decay of the moving average of the weights. */
  readonly averageDecay: number;
  /** Steps between checkpoints. */
  readonly checkpointEvery: number;
  /** Plain data kept in every checkpoint. */
  readonly state: Readonly<Record<string, unknown>>;
  /**
   * Micro-batches a step (default 1): each is one `sample`, the update is that of their gradients' mean, and the memory
   * is that of one. Every micro-batch counts the same, however many tokens it hides or links it labels. A function of the
   * step where the size of what goes through at once changes.
   */
  readonly accumulate?: number | ((step: number) => number);
  /** Drop the activations of the network's segments and compute them again when their gradient is due (default false). */
  readonly recompute?: boolean;
  /** Looks at the network between steps; what `run` returns goes out as an event. */
  readonly probe?: ProbeOptions;
  sample(step: number, random: Random): Batch | Promise<Batch>;
  /** Names where a batch came from (volume and offsets), for the error of a loss that is no number. */
  origin?(batch: Batch): string;
  /** Voxels of a batch, for the throughput. */
  voxels(batch: Batch): number;
  /** `total` is minimised; the others are reported. */
  loss(ops: TensorOps, p: ParameterSource<tfjs.Tensor>, batch: Batch, step: number): LossParts;
  readonly signal?: AbortSignal;
  readonly now?: () => number;
}

export interface LossParts {
  readonly total: tfjs.Scalar;
  readonly [part: string]: tfjs.Scalar;
}

/** Plain data of a look at the network, such as reconstruction scores on held-out crops. */
export type Probe = Readonly<Record<string, unknown>>;

export interface ProbeOptions {
  /** Steps between two looks; the last step is always looked at. */
  readonly every: number;
  /**
   * @param p the averaged weights, which are what is exported; valid until the promise settles
   * @param step steps done
   */
  run(p: ParameterSource<tfjs.Tensor>, step: number): Promise<Probe>;
}

export interface StepEvent {
  readonly kind: 'step';
  /** Steps done, counting this one. */
  readonly step: number;
  readonly steps: number;
  /** Means over the micro-batches. */
  readonly losses: Readonly<Record<string, number>>;
  readonly rate: number;
  /** Of the mean gradient, before clipping. */
  readonly gradientNorm: number;
  /** Of all micro-batches. */
  readonly voxels: number;
  readonly seconds: number;
}
export interface CheckpointEvent {
  readonly kind: 'checkpoint';
  readonly step: number;
  readonly checkpoint: Checkpoint;
}
/** Comes after the step's own event, and before the checkpoint of the same step. */
export interface ProbeEvent extends Probe {
  readonly kind: 'probe';
  readonly step: number;
}
export type TrainingEvent = StepEvent | ProbeEvent | CheckpointEvent;
