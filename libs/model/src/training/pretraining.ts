import { describeNetwork } from '../network/describe.ts';
import { checkCurriculum } from '../objectives/check-curriculum.ts';
import { phaseAt, type Curriculum } from '../objectives/curriculum.ts';
import { hideTokens, pretrainingLoss, type PretrainingBatch } from '../objectives/loss.ts';
import { checkCrop, type Preset } from '../network/presets.ts';
import type { Vec3 } from '../ops/ops.ts';
import type { Random } from '../random.ts';
import { pretrainingBatches, type PretrainingBatchSize } from './micro-batches.ts';
import { train, type TrainingOptions } from './train.ts';
import { initialWeights } from './weights.ts';

export type CommonOptions = Omit<
  TrainingOptions<never>,
  'parameters' | 'weights' | 'sample' | 'voxels' | 'loss' | 'origin'
>;

/** `batch` says how many micro-batches a step has; without it, `accumulate` does. */
export interface PretrainingOptions extends CommonOptions, PretrainingBatchSize {
  readonly preset: Preset;
  readonly curriculum: Curriculum;
  /** One crop in [0, 1], row-major [z, y, x]. */
  crop(shape: Vec3, random: Random): Float32Array | Promise<Float32Array>;
  /** Names where a crop came from (volume and offset), for the error of a loss that is no number. */
  origin?(crop: Float32Array): string;
}

/** What a step needs, and the crops it was made from. */
type Sample = PretrainingBatch & { readonly crops: readonly Float32Array[] };

/** Pretraining with the three objectives; see `train` for what it yields. */
export function pretrain({ origin, ...options }: PretrainingOptions): ReturnType<typeof train> {
  const { preset, curriculum } = options;
  checkCurriculum(curriculum);
  for (const { crop } of curriculum) checkCrop(preset, crop);
  const { parameters } = describeNetwork(preset, 'pretraining');
  const phase = (step: number) => phaseAt(curriculum, step, options.steps);
  return train<Sample>({
    ...options,
    parameters,
    weights: initialWeights(parameters, options.seed),
    ...(options.batch !== undefined && {
      accumulate: (step: number) => pretrainingBatches(options, phase(step).crop).accumulate,
    }),
    async sample(step, random) {
      const { crop: shape, weights } = phase(step);
      const { crops: count } = pretrainingBatches(options, shape);
      const crops: Float32Array[] = [];
      for (let i = 0; i < count; i++) crops.push(await options.crop(shape, random));
      return { ...hideTokens(preset, crops, shape, weights, random), crops };
    },
    ...(origin ? { origin: ({ crops }) => crops.map(origin).join(', ') } : {}),
    voxels: ({ rows, space }) => rows.length * space[0] * space[1] * space[2],
    loss: (ops, p, batch, step) => ({ ...pretrainingLoss(ops, p, preset, batch, phase(step).weights) }),
  });
}
