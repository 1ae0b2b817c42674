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

/** At least 5 rounds; no further round after 45 s. */
const DEFAULT_ROUNDS = { least: 5, most: 40, seconds: 45 };

/** Two fastest runs that are as near as this were not disturbed. */
const AGREEING = 0.01;

/**
 * Megavoxels a second of both models, so measured that other work on the machine does not decide.
 *
 * After a run of each that is not timed they run in turns on the same tiles: a round is champion, challenger, challenger, champion, the
 * next one begins with the challenger. So both meet the same machine, warm or throttled. What counts is the fastest run of each:
 * other processes slow a run down, none makes it faster, so with more runs the fastest one comes to what the model needs, whereas
 * means and medians stay with what else was going on (with a neighbour that halves the speed half of the time, the median of 10 rounds
 * is off by up to 13 %, the fastest by less than 1 %). Rounds go on until the two fastest runs of each model agree within 1 %, or there
 * were `most` of them, or time is over. The quartiles of the rounds' own ratios tell how noisy it was.
 *
 * A tile counts with all its voxels, as the network sees them: overlap, blending and agglomeration are the same for both.
 */
export async function measureSpeed(options: SpeedMeasurement): Promise<MeasuredSpeed> {
  const { predictors, tiles, now, signal, rounds = DEFAULT_ROUNDS } = options;
  const times: { readonly champion: number[]; readonly challenger: number[] } = {
    champion: [],
    challenger: [],
  };
  const time = async (who: keyof Both<unknown>, round: number) => {
    const began = now();
    await predictors[who].predict(tiles[round % tiles.length]!, 1, { signal });
    return now() - began;
  };
  await time('champion', 0);
  await time('challenger', 0);
  const began = now();
  const goOn = (round: number) =>
    round < rounds.least ||
    (round < rounds.most &&
      now() - began < 1e3 * rounds.seconds &&
      !(settled(times.champion) && settled(times.challenger)));
  let round = 0;
  for (; goOn(round); round++) {
    signal.throwIfAborted();
    const [first, second] = round % 2 === 0 ? order : order.toReversed();
    for (const who of [first!, second!, second!, first!]) times[who].push(await time(who, round));
  }
  const voxels = predictors.champion.tileShape.reduce((a, b) => a * b, 1);
  const best = { champion: quantile(times.champion, 0), challenger: quantile(times.challenger, 0) };
  const ofRound = (who: keyof Both<unknown>, i: number) => times[who][2 * i]! + times[who][2 * i + 1]!;
  const ratios = Array.from({ length: round }, (_, i) => ofRound('champion', i) / ofRound('challenger', i));
  return {
    // voxels a ms -> Mvoxel/s
    speed: { champion: voxels / best.champion / 1e3, challenger: voxels / best.challenger / 1e3 },
    speedRatio: {
      best: best.champion / best.challenger,
      lowerQuartile: quantile(ratios, 0.25),
      upperQuartile: quantile(ratios, 0.75),
      rounds: round,
    },
  };
}

/** The fastest run is no stroke of luck: another one was as fast. */
function settled(times: readonly number[]): boolean {
  const [first, second] = times.toSorted((a, b) => a - b);
  return second! <= (1 + AGREEING) * first!;
}

const order = ['champion', 'challenger'] as const;

/** Linear between the two nearest values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const low = sorted[Math.floor(place)]!;
  return low + (sorted[Math.ceil(place)]! - low) * (place % 1);
}
