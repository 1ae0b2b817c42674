/**
 * How well a network restores voxels it has not seen, of crops it was not trained on: what tells poor reconstruction and
 * collapse (TokenUnify, arXiv 2405.16847) from a training that goes well.
 */
import type * as tfjs from '@tensorflow/tfjs';
import type { Engine } from '../engines/engine.ts';
import { ModelError } from '../errors.ts';
import type { ParameterSource } from '../network/parameters.ts';
import { checkCrop, tokenGrid, type Preset } from '../network/presets.ts';
import type { Vec3 } from '../ops/ops.ts';
import { Random } from '../random.ts';
import { objectives as allObjectives, type Objective } from './curriculum.ts';
import { ErrorSums } from './error-sums.ts';
import { HeldOutCrop } from './held-out-crop.ts';
import { tokenIndices } from './hiding.ts';
import { predictRows } from './predict-rows.ts';

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
  /**
   * Variance of the predictions about the mean of what is visible, over all crops: 0 for a network that says that mean and
   * nothing else, whatever the crops' brightness.
   */
  readonly predictionVariance: number;
  /** Of the truth, about the same mean. */
  readonly targetVariance: number;
  /** Hidden voxels that were counted. */
  readonly voxels: number;
}

const PREFIXES = 8;
const MOST_PSNR = 120;

/**
 * Scores every objective on hidden voxels of held-out crops, beside two predictions that learn nothing.
 *
 * - *random*: half of every crop's tokens are hidden, once.
 * - *next*: of every prefix, the token after it, from the resampler.
 * - *next-all*: the same prefixes, every token after the first of them, averaged over the prefixes that end before it
 *   (`averageOverPrefixes`). What the baselines make of each prefix is averaged likewise; with `prefixes: 1` nothing is.
 *
 * Predictions come a few crops at a time and one prefix is forgotten before the next, so that memory does not grow with
 * the number of crops or prefixes.
 *
 * @returns one score an objective, in the order of `objectives`
 * @throws ModelError `model/shape` for a crop that does not suit the preset, has one token only, or is not of `space`;
 *   `model/config` when there is no crop, no objective or no prefix. The signal's reason when it is aborted.
 * @example
 * const [random] = await scoreReconstruction({ engine, parameters, preset, crops, space: [64, 64, 64], seed: 1 });
 * if (random.mse > random.baselines.meanVisible) console.warn('it has learnt nothing yet');
 */
export async function scoreReconstruction(
  options: ReconstructionOptions,
): Promise<readonly ReconstructionScore[]> {
  const { preset, crops, space, seed, objectives = allObjectives, prefixes = PREFIXES } = options;
  check(options, objectives, prefixes);
  const grid = tokenGrid(preset, space);
  const order = tokenIndices(grid, preset.token, () => true);
  const sums = new Map(objectives.map((name) => [name, new ErrorSums()]));
  for (const [index, crop] of crops.entries()) {
    const random = (what: string) => Random.named(seed, `crop ${index} ${what}`);
    const held = new HeldOutCrop({ crop, grid, token: preset.token, order, sums, prefixes, random });
    for await (const prediction of predictRows({ ...options, rows: held.rows() })) held.add(prediction);
    held.finish();
  }
  return [...sums].map(([objective, errors]) => {
    const found = errors.read();
    return { objective, psnr: Math.min(MOST_PSNR, -10 * Math.log10(found.mse)), ...found };
  });
}

function check(
  { preset, crops, space }: ReconstructionOptions,
  objectives: readonly Objective[],
  prefixes: number,
): void {
  checkCrop(preset, space);
  const tokens = tokenGrid(preset, space).reduce((product, size) => product * size, 1);
  const size = space[0] * space[1] * space[2];
  const wrong = crops.find(({ length }) => length !== size);
  if (tokens < 2)
    throw new ModelError(
      'model/shape',
      `Crop [${space.join(', ')}] is one token of preset '${preset.name}', of which nothing could stay visible; use a crop of two tokens or more.`,
    );
  if (wrong)
    throw new ModelError(
      'model/shape',
      `A held-out crop has ${wrong.length} voxels, but space [${space.join(', ')}] has ${size}; give crops of that shape.`,
    );
  if (crops.length === 0 || objectives.length === 0)
    throw new ModelError(
      'model/config',
      `A reconstruction is to be scored on ${crops.length} crops for ${objectives.length} objectives; give at least one of each.`,
    );
  if (!Number.isInteger(prefixes) || prefixes < 1)
    throw new ModelError(
      'model/config',
      `prefixes is ${prefixes}; a reconstruction is scored on a whole number of prefixes of every crop, at least 1.`,
    );
}
