/**
 * How well a network restores what is hidden, on crops it is not trained on, beside two predictions that learn nothing:
 * the mean of the visible tokens, and a copy of the nearest visible one.
 */
import type * as tfjs from '@tensorflow/tfjs';
import type { Engine } from '../engines/engine.ts';
import type { ParameterSource } from '../network/parameters.ts';
import { tokenGrid, type Preset } from '../network/presets.ts';
import type { Vec3 } from '../ops/ops.ts';
import { Random } from '../random.ts';
import { copyOfNearest, meanOfVisible } from './baselines.ts';
import { objectives, type Objective } from './curriculum.ts';
import { hideRandom, keepPrefix, tokenIndices, voxelsOf, type Visibility } from './hiding.ts';
import { predictHidden, RANDOM_SHARE, type HiddenCrop } from './loss.ts';
import { ScoreTally } from './tally.ts';

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

/**
 * Scores every objective. *next* predicts the token after each prefix; *next-all* every later token, and the predictions of
 * one token from several prefixes are averaged (which is what the paper's error of O(sqrt K) rests on), the baselines'
 * predictions likewise. One crop goes through the network at a time.
 *
 * @example
 * const [random] = await scoreReconstruction({ engine, parameters, preset, crops, space, seed: 1 });
 * @throws ModelError `model/shape` for crops that do not suit the preset
 */
export async function scoreReconstruction(
  options: ReconstructionOptions,
): Promise<readonly ReconstructionScore[]> {
  const wanted = options.objectives ?? objectives;
  const tallies = new Map(wanted.map((objective) => [objective, new ScoreTally()]));
  const [random, next, nextAll] = objectives.map((objective) => tallies.get(objective));
  for (const [index, crop] of options.crops.entries()) {
    options.signal?.throwIfAborted();
    if (random) await addRandom(options, crop, Random.named(options.seed, `crop ${index}`), random);
    if (next || nextAll) await addPrefixes(options, crop, next, nextAll);
  }
  return [...tallies].map(([objective, tally]) => ({ objective, ...tally.score() }));
}

async function addRandom(
  options: ReconstructionOptions,
  crop: Float32Array,
  random: Random,
  tally: ScoreTally,
) {
  const { preset, space } = options;
  const grid = tokenGrid(preset, space);
  const visible = hideRandom(grid, RANDOM_SHARE, random);
  const { voxels, baselines } = await look(options, crop, visible, -1);
  const hidden = tokenIndices(grid, preset.token, (token) => visible[token] === 0);
  tally.add(crop, hidden, voxels, baselines);
}

async function addPrefixes(
  options: ReconstructionOptions,
  crop: Float32Array,
  next: ScoreTally | undefined,
  nextAll: ScoreTally | undefined,
) {
  const { preset, space } = options;
  const grid = tokenGrid(preset, space);
  const tokens = grid[0] * grid[1] * grid[2];
  /** Voxels, token by token. */
  const order = tokenIndices(grid, preset.token, () => true);
  const size = order.length / tokens;
  const zeros = () => new Float32Array(crop.length);
  const sums = [zeros(), zeros(), zeros()] as const;
  const prefixes = spread(options.prefixes ?? 8, tokens);
  for (const kept of prefixes) {
    const { voxels, token, baselines } = await look(options, crop, keepPrefix(grid, kept), kept);
    const asked = order.subarray(kept * size, (kept + 1) * size);
    const placed = zeros();
    asked.forEach((at, i) => (placed[at] = token[i]!));
    next?.add(crop, asked, placed, baselines);
    [voxels, ...baselines].forEach((from, i) => {
      for (const at of order.subarray(kept * size)) sums[i]![at]! += from[at]!;
    });
  }
  const hidden = order.subarray(Math.min(...prefixes) * size);
  hidden.forEach((at, i) => {
    const token = Math.min(...prefixes) + Math.floor(i / size);
    const predictions = prefixes.filter((kept) => kept <= token).length;
    for (const sum of sums) sum[at]! /= predictions;
  });
  nextAll?.add(crop, hidden, sums[0], [sums[1], sums[2]]);
}

/** What the network and the baselines make of a crop of which some tokens are visible. */
async function look(options: ReconstructionOptions, crop: Float32Array, visible: Visibility, next: number) {
  const { preset, space } = options;
  const grid = tokenGrid(preset, space);
  const row = { crop, visible: voxelsOf(visible, grid, preset.token), next };
  return {
    ...(await predict(options, row)),
    baselines: [
      meanOfVisible(crop, visible, grid, preset.token),
      copyOfNearest(crop, visible, grid, preset.token),
    ] as const,
  };
}

/** So many different prefix lengths in [1, K), evenly spread, ends left out. */
function spread(count: number, tokens: number): readonly number[] {
  const lengths = Array.from({ length: count }, (_, i) =>
    Math.min(tokens - 1, Math.max(1, Math.round(((i + 0.5) / count) * tokens))),
  );
  return [...new Set(lengths)];
}

async function predict(
  { engine, parameters, preset, space }: ReconstructionOptions,
  row: HiddenCrop,
): Promise<{ readonly voxels: Float32Array; readonly token: Float32Array }> {
  engine.activate();
  const { tf, ops } = engine;
  const [voxels, token] = tf.tidy(() => {
    const outputs = predictHidden(ops, parameters, preset, { space, rows: [row] });
    return [outputs.voxels, outputs.token] as const;
  }) as readonly [tfjs.Tensor, tfjs.Tensor]; // tidy's type does not know tuples
  try {
    return {
      voxels: Float32Array.from(await voxels.data()),
      token: Float32Array.from(await token.data()),
    };
  } finally {
    voxels.dispose();
    token.dispose();
  }
}
