import type { Vec3 } from '../ops/ops.ts';
import type { Random } from '../random.ts';
import { meanOfVisible, nearestVisible } from './baselines.ts';
import type { Objective } from './curriculum.ts';
import type { ErrorSums } from './error-sums.ts';
import { hideRandom, keepPrefix, tokenIndices, voxelsOf, type Visibility } from './hiding.ts';
import { RANDOM_SHARE, type HiddenCrop } from './loss.ts';
import type { RowPrediction } from './predict-rows.ts';
import { PrefixAverage, spreadPrefixes, type PrefixMean } from './prefixes.ts';

interface HeldOutOptions {
  readonly crop: Float32Array;
  readonly grid: Vec3;
  readonly token: Vec3;
  /** The crop's voxels, token by token: `tokenIndices` of all. */
  readonly order: Uint32Array;
  /** Where errors go, for the objectives that are wanted. */
  readonly sums: ReadonlyMap<Objective, ErrorSums>;
  /** Prefixes at most. */
  readonly prefixes: number;
  /** A stream for a name. */
  random(what: string): Random;
}

/** Three ways to say a crop, row-major [z, y, x]: the network's, and the two that learn nothing. */
interface Said {
  readonly network: Float32Array;
  readonly mean: Float32Array;
  readonly nearest: Float32Array;
}
const ways = ['network', 'mean', 'nearest'] as const satisfies readonly (keyof Said)[];

/** One crop that is scored: what is hidden of it, and what is made of the predictions as they come. */
export class HeldOutCrop {
  readonly #options: HeldOutOptions;
  readonly #mask: Visibility;
  readonly #prefixes: readonly number[];
  readonly #averages: Readonly<Record<keyof Said, PrefixAverage>>;

  constructor(options: HeldOutOptions) {
    const { grid, token, random, prefixes } = options;
    this.#options = options;
    this.#mask = hideRandom(grid, RANDOM_SHARE, random('mask'));
    this.#prefixes = spreadPrefixes(grid, prefixes, random('prefixes'));
    const average = () => new PrefixAverage(grid, token);
    this.#averages = { network: average(), mean: average(), nearest: average() };
  }

  /** What is to be predicted: random tokens hidden, then prefixes; next and next-all share a pass. */
  *rows(): Generator<HiddenCrop> {
    const { crop, grid, token, sums } = this.#options;
    if (sums.has('random')) yield { crop, visible: voxelsOf(this.#mask, grid, token), next: -1 };
    if (!sums.has('next') && !sums.has('nextAll')) return;
    for (const kept of this.#prefixes)
      yield { crop, visible: voxelsOf(keepPrefix(grid, kept), grid, token), next: kept };
  }

  add({ row: { next }, voxels, token: asked }: RowPrediction): void {
    const { grid, token, sums } = this.#options;
    if (next < 0) {
      const hidden = tokenIndices(grid, token, (t) => this.#mask[t] === 0);
      this.#count('random', hidden, this.#beside(voxels, this.#mask));
      return;
    }
    const visible = keepPrefix(grid, next);
    if (sums.has('next')) {
      const at = tokenIndices(grid, token, (t) => t === next);
      const placed = new Float32Array(voxels.length);
      at.forEach((v, j) => (placed[v] = asked[j]!)); // as many voxels as the token has
      this.#count('next', at, this.#beside(placed, visible));
    }
    if (!sums.has('nextAll')) return;
    const said = this.#beside(voxels, visible);
    for (const way of ways) this.#averages[way].add({ kept: next, voxels: said[way] });
  }

  /** After the last prediction. */
  finish(): void {
    const { grid, token, sums } = this.#options;
    if (!sums.has('nextAll')) return;
    const [network, mean, nearest] = ways.map((way) => this.#averages[way].mean()) as [
      PrefixMean,
      PrefixMean,
      PrefixMean,
    ]; // three ways
    const told = tokenIndices(grid, token, (t) => network.counts[t]! > 0);
    this.#count('nextAll', told, { network: network.voxels, mean: mean.voxels, nearest: nearest.voxels });
  }

  /** What the network says, beside what the baselines make of the visible tokens. */
  #beside(network: Float32Array, visible: Visibility): Said {
    const { crop, grid, token, order } = this.#options;
    const mean = new Float32Array(crop.length).fill(meanOfVisible(crop, visible, order));
    const nearest = new Float32Array(crop.length);
    const size = order.length / visible.length;
    nearestVisible(visible, grid, token).forEach((from, t) => {
      for (let j = 0; j < size; j++) nearest[order[t * size + j]!] = crop[order[from * size + j]!]!;
    });
    return { network, mean, nearest };
  }

  #count(objective: Objective, at: Uint32Array, { network, mean, nearest }: Said): void {
    const { crop, sums } = this.#options;
    const errors = sums.get(objective);
    if (errors) for (const v of at) errors.add(network[v]!, mean[v]!, nearest[v]!, crop[v]!);
  }
}
