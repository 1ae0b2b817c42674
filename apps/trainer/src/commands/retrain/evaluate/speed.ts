import type { AffinityPredictor } from '@tokenunify/segmentation';
import type { Both, SpeedRatio } from '../types.ts';

export interface SpeedMeasurement {
  readonly predictors: Both<AffinityPredictor>;
  /** Scaled, [1, 1, z, y, x] each; round after round takes the next one, both models the same. */
  readonly tiles: readonly Float32Array[];
  /** ms. */
  readonly now: () => number;
  /** ms that a model's process has been on a processor; undefined where that is not known. */
  readonly processorTime?: (who: keyof Both<unknown>) => number | undefined;
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
 * next one begins with the challenger. So both meet the same machine, warm or throttled. What is compared is the processor time of
 * their processes, which does not count while others run (their threads sleep when they wait, so waiting costs nothing); where the system
 * does not tell it, the time of the clock. What counts is the least of each model's runs: other work only ever adds. Rounds go on until the
 * two least of each model agree within 1 %, or there were `most` of them, or time is over.
 *
 * Measured with a load of 11 on two processors, equal networks: fastest runs by the clock differed by 13 %, medians by 17 %, the least
 * and the median of the processor time by less than 1 %. What processor time does not see is a network that keeps fewer threads busy.
 *
 * The champion's speed is that of its fastest run by the clock; the challenger's is that times the ratio of both costs. The quartiles of
 * the rounds' own ratios tell how noisy it was. A tile counts with all its voxels, as the network sees them: overlap, blending and
 * agglomeration are the same for both.
 */
export async function measureSpeed(options: SpeedMeasurement): Promise<MeasuredSpeed> {
  const { predictors, tiles, now, signal, processorTime = () => undefined } = options;
  const { rounds = DEFAULT_ROUNDS } = options;
  const runs: Both<Run[]> = { champion: [], challenger: [] };
  const run = async (who: keyof Both<unknown>, round: number): Promise<Run> => {
    const [began, before] = [now(), processorTime(who)];
    await predictors[who].predict(tiles[round % tiles.length]!, 1, { signal });
    return { clock: now() - began, processor: (processorTime(who) ?? NaN) - (before ?? NaN) };
  };
  await run('champion', 0);
  await run('challenger', 0);
  const began = now();
  const goOn = (round: number) =>
    round < rounds.least ||
    (round < rounds.most &&
      now() - began < 1e3 * rounds.seconds &&
      !(settled(costsOf(runs).champion) && settled(costsOf(runs).challenger)));
  let round = 0;
  for (; goOn(round); round++) {
    signal.throwIfAborted();
    const [first, second] = round % 2 === 0 ? order : order.toReversed();
    for (const who of [first!, second!, second!, first!]) runs[who].push(await run(who, round));
  }
  const { by, champion, challenger } = costsOf(runs);
  const best = least(champion) / least(challenger);
  const ratios = Array.from(
    { length: round },
    (_, i) => (champion[2 * i]! + champion[2 * i + 1]!) / (challenger[2 * i]! + challenger[2 * i + 1]!),
  );
  const voxels = predictors.champion.tileShape.reduce((a, b) => a * b, 1);
  const speed = voxels / least(runs.champion.map(({ clock }) => clock)) / 1e3; // voxels a ms -> Mvoxel/s
  return {
    speed: { champion: speed, challenger: speed * best },
    speedRatio: {
      ...{ by, best, rounds: round },
      lowerQuartile: quantile(ratios, 0.25),
      upperQuartile: quantile(ratios, 0.75),
    },
  };
}

/** What one run took, in ms; `processor` is not above 0 where it is not known. */
interface Run {
  readonly clock: number;
  readonly processor: number;
}

function costsOf(runs: Both<readonly Run[]>): Both<number[]> & { readonly by: SpeedRatio['by'] } {
  const known = [...runs.champion, ...runs.challenger].every(({ processor }) => processor > 0);
  const by = known ? 'processor' : 'clock';
  const costs = (of: readonly Run[]) => of.map((run) => run[by]);
  return { by, champion: costs(runs.champion), challenger: costs(runs.challenger) };
}

const least = (values: readonly number[]): number => quantile(values, 0);

/** The least is no stroke of luck: another one was as small. */
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
