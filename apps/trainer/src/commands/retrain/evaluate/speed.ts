import type { AffinityPredictor } from '@tokenunify/segmentation';
import type { Both, SpeedRatio } from '../types.ts';

export interface SpeedMeasurement {
  readonly predictors: Both<AffinityPredictor>;
  /** Scaled, [1, 1, z, y, x] each; round after round takes the next one, both models the same. */
  readonly tiles: readonly Float32Array[];
  /** ms. */
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly rounds?: { readonly least: number; readonly most: number; readonly seconds: number };
}

export interface MeasuredSpeed {
  readonly speed: Both<number>;
  readonly speedRatio: SpeedRatio;
}

/** At least 5 rounds; no further round after 20 s. */
const DEFAULT_ROUNDS = { least: 5, most: 15, seconds: 20 };

/**
 * Megavoxels a second of both models. Another process that comes and goes must not decide, so they are measured in turns, after
 * a run of each that is not timed: a round is champion, challenger, challenger, champion on one tile (the next round begins with
 * the challenger), and gives one ratio of both times, from which a machine that slows down or speeds up steadily
 * cancels out. What counts is the median of these ratios; a burst of other work spoils few of them. The champion's speed is its median;
 * the challenger's is that times the ratio, so that their quotient is what was measured best.
 *
 * A tile counts with all its voxels, as the network sees them: overlap, blending and agglomeration are the same for both.
 */
export async function measureSpeed(options: SpeedMeasurement): Promise<MeasuredSpeed> {
  const { predictors, tiles, now, signal, rounds = DEFAULT_ROUNDS } = options;
  const time = async (who: keyof Both<unknown>, round: number) => {
    const began = now();
    await predictors[who].predict(tiles[round % tiles.length]!, 1, { signal });
    return now() - began;
  };
  await time('champion', 0);
  await time('challenger', 0);
  const began = now();
  const times: { champion: number; challenger: number }[] = [];
  while (
    times.length < rounds.least ||
    (times.length < rounds.most && now() - began < 1e3 * rounds.seconds)
  ) {
    signal.throwIfAborted();
    const round = times.length;
    const [first, second] = round % 2 === 0 ? order : order.toReversed();
    const spent = { champion: 0, challenger: 0 };
    for (const who of [first!, second!, second!, first!]) spent[who] += await time(who, round);
    times.push(spent);
  }
  const ratios = times.map(({ champion, challenger }) => champion / challenger);
  const voxels = predictors.champion.tileShape.reduce((a, b) => a * b, 1);
  const champion = quantile(
    times.map((spent) => (2 * voxels) / spent.champion / 1e3), // voxels a ms -> Mvoxel/s
    0.5,
  );
  const median = quantile(ratios, 0.5);
  return {
    speed: { champion, challenger: champion * median },
    speedRatio: {
      median,
      lowerQuartile: quantile(ratios, 0.25),
      upperQuartile: quantile(ratios, 0.75),
      rounds: times.length,
    },
  };
}

const order = ['champion', 'challenger'] as const;

/** Linear between the two nearest values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const low = sorted[Math.floor(place)]!;
  return low + (sorted[Math.ceil(place)]! - low) * (place % 1);
}
