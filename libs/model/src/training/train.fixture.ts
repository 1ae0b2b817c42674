import type * as tfjs from '@tensorflow/tfjs';
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import type { Engine } from '../engines/engine.ts';
import { membranes, small } from '../network/small.fixture.ts';
import { ones, type ParameterSpec } from '../network/parameters.ts';
import type { Preset } from '../network/presets.ts';
import type { Curriculum } from '../objectives/curriculum.ts';
import type { FinetuningOptions } from './finetuning.ts';
import type { PretrainingOptions } from './pretraining.ts';
import type { StepEvent, TrainingEvent, TrainingOptions } from './train.ts';
import { initialWeights } from './weights.ts';

export type Run = AsyncGenerator<TrainingEvent, { checkpoint: Checkpoint; finished: boolean }>;

/** Everything a run yields. */
export async function drain(run: Run, onEvent: (event: TrainingEvent) => void = () => {}) {
  const events: TrainingEvent[] = [];
  for (;;) {
    const { value, done } = await run.next();
    if (done) {
      const steps = events.filter((event): event is StepEvent => event.kind === 'step');
      return { ...value, events, steps, losses: steps.map(({ losses }) => losses['total']!) };
    }
    events.push(value);
    onEvent(value);
  }
}

export const schedule = { peak: 0.05, warmup: 2, final: 0.1 };

/** A plane through points: everything of training but the network. */
export const parameters: readonly ParameterSpec[] = [
  { name: 'line.weight', shape: [3, 1], init: { kind: 'normal', std: 1 } },
  { name: 'line.bias', shape: [1], init: ones },
];
export const line = (
  engine: Engine,
  options: Partial<TrainingOptions<Float32Array>> = {},
): TrainingOptions<Float32Array> => ({
  engine,
  parameters,
  weights: initialWeights(parameters, options.seed ?? 1),
  steps: 8,
  seed: 1,
  schedule,
  averageDecay: 0.99,
  checkpointEvery: 4,
  state: { purpose: 'line' },
  sample: (_, random) => Float32Array.from({ length: 15 }, () => random.normal()),
  voxels: (batch) => batch.length,
  loss(ops, p, batch) {
    const x = ops.tf.tensor2d(batch, [5, 3]);
    const weight = p.get('line.weight', [3, 1], ones);
    const y = ops.add(ops.dense(x, weight), p.get('line.bias', [1], ones));
    const total = y.sub(x.sum(1, true)).square().mean() as tfjs.Scalar;
    return { total, weight: weight.square().sum() as tfjs.Scalar };
  },
  ...options,
});

/** The network itself, in every phase of a curriculum. */
export const curriculum: Curriculum = [
  { until: 0.4, weights: { random: 0.7, next: 0.2, nextAll: 0.1 }, crop: [8, 8, 8] },
  { until: 1, weights: { random: 0.1, next: 0.2, nextAll: 0.7 }, crop: [8, 8, 12] },
];
export const network = (engine: Engine, options: Partial<PretrainingOptions> = {}): PretrainingOptions => ({
  engine,
  preset: small,
  curriculum,
  voxelsPerStep: 2 * 512,
  steps: 6,
  seed: 1,
  schedule,
  averageDecay: 0.9,
  checkpointEvery: 3,
  state: {},
  crop: (shape, random) => membranes(shape, random),
  ...options,
});

/** The network with its affinity head. */
export const tuning = (engine: Engine, options: Partial<FinetuningOptions> = {}): FinetuningOptions => ({
  engine,
  preset: small,
  crop: [8, 8, 8],
  batch: 1,
  erode: false,
  steps: 6,
  seed: 1,
  schedule,
  averageDecay: 0.9,
  checkpointEvery: 3,
  state: {},
  sampleCrop(shape, random) {
    const raw = membranes(shape, random);
    return { raw, labels: Uint32Array.from(raw, (value) => (value > 0.5 ? 1 : 2)) };
  },
  ...options,
});

/** Every kind of layer, and little of each: a step takes some tens of milliseconds on the cpu engine. */
export const least: Preset = {
  name: 'least',
  token: [4, 4, 4],
  crop: [4, 4, 8],
  stem: { width: 2, kernel: [1, 3, 3] },
  stages: [{ width: 4, kernel: [2, 2, 2], strides: [2, 2, 2], mambaLayers: 1 }],
  decoderKernel: [1, 3, 3],
  mamba: { state: 2, headChannels: 4, expand: 2, convolutionWidth: 2 },
  resampler: { latents: 2, layers: 1, heads: 2 },
};
