/**
 * Next-all at evaluation. A prefix of n tokens predicts token n and every later one, so a token has as many predictions
 * as there are prefixes that end before it; their mean is what the objective says (arXiv 2405.16847, "ensemble averaging"
 * of the next-all task). Where their errors are independent, n of them have an n-th of one's squared error.
 */
import { ModelError } from '../errors.ts';
import type { Vec3 } from '../ops/ops.ts';
import type { Random } from '../random.ts';
import { tokenIndices } from './hiding.ts';

/** What a network says of a crop of which it has seen a prefix. */
export interface PrefixPrediction {
  /** Tokens of the prefix, in [1, K). What is said of these tokens does not count: they were seen. */
  readonly kept: number;
  /** Of the whole crop, row-major [z, y, x]. */
  readonly voxels: Float32Array;
}

export interface PrefixMean {
  /** Row-major [z, y, x]; 0 where nothing counts. */
  readonly voxels: Float32Array;
  /** Predictions that count, a token, raster order. */
  readonly counts: Uint32Array;
}

/**
 * The mean over prefixes, of predictions that come one by one: what is held does not grow with their number.
 *
 * @param predictions of one crop, in any order
 * @param grid tokens of the crop, (z, y, x)
 * @param token voxels of a token, (z, y, x)
 * @throws ModelError `model/shape` for a prediction of another size, or of a prefix that leaves nothing to predict
 * @example
 * averageOverPrefixes([{ kept: 1, voxels: a }, { kept: 3, voxels: b }], [1, 2, 2], [4, 4, 4]);
 * // tokens 1 and 2 from a, token 3 from both, token 0 from neither
 */
export function averageOverPrefixes(
  predictions: Iterable<PrefixPrediction>,
  grid: Vec3,
  token: Vec3,
): PrefixMean {
  const average = new PrefixAverage(grid, token);
  for (const prediction of predictions) average.add(prediction);
  return average.mean();
}

/** `averageOverPrefixes` for predictions that one has to wait for. */
export class PrefixAverage {
  /** The crop's voxels, token by token. */
  readonly #order: Uint32Array;
  /** In that order. */
  readonly #sums: Float64Array;
  readonly #counts: Uint32Array;

  constructor(grid: Vec3, token: Vec3) {
    this.#order = tokenIndices(grid, token, () => true);
    this.#sums = new Float64Array(this.#order.length);
    this.#counts = new Uint32Array(grid[0] * grid[1] * grid[2]);
  }

  add({ kept, voxels }: PrefixPrediction): void {
    const tokens = this.#counts.length;
    if (!Number.isInteger(kept) || kept < 1 || kept >= tokens)
      throw new ModelError(
        'model/shape',
        `A prefix has ${kept} tokens of a crop's ${tokens}; it must have at least 1 and leave at least 1 to predict.`,
      );
    if (voxels.length !== this.#sums.length)
      throw new ModelError(
        'model/shape',
        `A prediction has ${voxels.length} voxels; give one of the whole crop, which has ${this.#sums.length}.`,
      );
    for (let t = kept; t < tokens; t++) this.#counts[t]!++;
    const size = this.#order.length / tokens;
    for (let i = kept * size; i < this.#order.length; i++) this.#sums[i]! += voxels[this.#order[i]!]!;
  }

  mean(): PrefixMean {
    const size = this.#order.length / this.#counts.length;
    const voxels = new Float32Array(this.#order.length);
    this.#order.forEach((v, i) => {
      voxels[v] = this.#sums[i]! / Math.max(1, this.#counts[Math.floor(i / size)]!);
    });
    return { voxels, counts: this.#counts.slice() };
  }
}

/**
 * Lengths of prefixes, ascending and all different, one from every equal part of [1, K): few of them still say something
 * of the whole crop. All lengths there are where no more than `count` are.
 *
 * @param grid tokens of the crop, (z, y, x); two or more
 * @param count whole, at least 1
 */
export function spreadPrefixes([z, y, x]: Vec3, count: number, random: Random): number[] {
  const lengths = z * y * x - 1;
  const parts = Math.min(count, lengths);
  const starts = Array.from({ length: parts + 1 }, (_, i) => 1 + Math.floor((i * lengths) / parts));
  return starts.slice(0, parts).map((start, i) => start + random.integer(starts[i + 1]! - start));
}
