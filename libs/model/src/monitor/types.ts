import type { Objective } from '../objectives/curriculum.ts';
import type { ProbeEvent } from '../training/train-options.ts';

/** The ways in which the method fails that show while it trains. */
export const failureSigns = ['reconstruction', 'convergence', 'collapse'] as const;
export type Sign = (typeof failureSigns)[number];

export interface TrainingWarning {
  readonly sign: Sign;
  /** Steps done when it showed. */
  readonly step: number;
  /** One sentence with what was found, the limit, and the remedy. */
  readonly message: string;
  /** The numbers of the message. */
  readonly values: Readonly<Record<string, number | string>>;
}

/** What a sign is judged by, of one objective on crops that are not trained on: what `scoreReconstruction` returns. */
export interface ProbeScore {
  readonly objective: Objective;
  /** Of grey values in [0, 1], over hidden voxels. */
  readonly mse: number;
  /** dB. */
  readonly psnr: number;
  /** Mean squared errors of predictions that learn nothing. */
  readonly baselines: { readonly meanVisible: number };
  /** Over hidden voxels. */
  readonly predictionVariance: number;
  readonly targetVariance: number;
}

/** The `scores` of a probe; none where it looked at something else. */
export function scoresOf(event: ProbeEvent): readonly ProbeScore[] {
  const { scores } = event;
  return Array.isArray(scores) ? scores.filter(isScore) : [];
}

function isScore(value: unknown): value is ProbeScore {
  if (typeof value !== 'object' || value === null) return false;
  const { objective, mse, psnr, baselines, predictionVariance, targetVariance } = value as ProbeScore;
  return (
    typeof objective === 'string' &&
    [mse, psnr, predictionVariance, targetVariance, baselines?.meanVisible].every(
      (number) => typeof number === 'number',
    )
  );
}
