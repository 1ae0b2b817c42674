import type { Vec3 } from '../ops/ops.ts';
import type { Random } from '../random.ts';
import { meanOfVisible, nearestVisible } from './baselines.ts';
import type { Objective } from './curriculum.ts';
import type { ErrorSums } from './error-sums.ts';
import { hideRandom, keepPrefix, voxelsOf, type Visibility } from './hiding.ts';
import { RANDOM_SHARE, type HiddenCrop } from './loss.ts';
import type { RowPrediction } from './predict-rows.ts';
import { PrefixAverage, spreadPrefixes } from './prefixes.ts';

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

/** One crop that is scored: what is hidden of it, and what is made of the predictions as they come. */
export class HeldOutCrop {
  readonly #options: HeldOutOptions;
  readonly #mask: Visibility;
  readonly #prefixes: readonly number[];
  readonly #average: PrefixAverage;

  constructor(options: HeldOutOptions) {
    const { grid, token, random, prefixes } = options;
    this.#options = options;
    this.#mask = hideRandom(grid, RANDOM_SHARE, random('mask'));
    this.#prefixes = spreadPrefixes(grid, prefixes, random('prefixes'));
    this.#average = new PrefixAverage(grid, token);
  }

  /** What is to be predicted: random tokens hidden, then prefixes; next and next-all share a pass. */
  get rows(): Iterable<HiddenCrop> {
    return this.#rows();
  }

  *#rows(): Generator<HiddenCrop> {
    const { crop, grid, token, sums } = this.#options;
    if (sums.has('random')) yield { crop, visible: voxelsOf(this.#mask, grid, token), next: -1 };
    if (!sums.has('next') && !sums.has('nextAll')) return;
    for (const kept of this.#prefixes)
      yield { crop, visible: voxelsOf(keepPrefix(grid, kept), grid, token), next: kept };
  }

  add({ row: { next }, voxels, token }: RowPrediction): void {
    const { grid, sums } = this.#options;
    if (next < 0) {
      const hidden = [...this.#mask.keys()].filter((t) => this.#mask[t] === 0);
      this.#compare('random', this.#mask, hidden, this.#from(voxels));
      return;
    }
    this.#compare('next', keepPrefix(grid, next), [next], (_, j) => token[j]!);
    if (sums.has('nextAll')) this.#average.add({ kept: next, voxels });
  }

  /** After the last prediction. */
  finish(): void {
    const { grid, sums } = this.#options;
    if (!sums.has('nextAll')) return;
    const tokens = this.#mask.length;
    const said = this.#from(this.#average.mean().voxels);
    this.#prefixes.forEach((kept, i) => {
      const end = this.#prefixes[i + 1] ?? tokens;
      const between = Array.from({ length: end - kept }, (_, k) => kept + k);
      this.#compare('nextAll', keepPrefix(grid, kept), between, said);
    });
  }

  #from(voxels: Float32Array): (t: number, j: number) => number {
    const { order } = this.#options;
    const size = order.length / this.#mask.length;
    return (t, j) => voxels[order[t * size + j]!]!;
  }

  /** Tokens as they were said, beside what the baselines make of the visible ones. */
  #compare(
    objective: Objective,
    visible: Visibility,
    tokens: readonly number[],
    said: (t: number, j: number) => number,
  ): void {
    const { crop, grid, token, order, sums } = this.#options;
    const errors = sums.get(objective);
    if (!errors) return;
    const mean = meanOfVisible(crop, visible, order);
    const nearest = nearestVisible(visible, grid, token);
    const truth = this.#from(crop);
    const size = order.length / visible.length;
    for (const t of tokens)
      for (let j = 0; j < size; j++) errors.add(said(t, j), mean, truth(nearest[t]!, j), truth(t, j));
  }
}
