/** The two signs that show on voxels nobody trains on. */
import type { MonitorThresholds } from './options.ts';
import type { ProbeScore, TrainingWarning } from './types.ts';

const names = { random: 'random', next: 'next', nextAll: 'next-all' } as const;

interface Look {
  readonly step: number;
  readonly phase: number;
  /** Error over that of the mean of the visible tokens. */
  readonly ratio: number;
}

/**
 * Remembers how an objective did in earlier looks. Networks begin under the mean of what is visible, and a small one, or an
 * objective of a single token, stays there for long: what gets nearer is slow, not wrong.
 */
export class Looks {
  readonly #looks = new Map<string, Look[]>();

  /** Whether the error has come nearer to the mean's by now; undefined where no look lies far enough back in this phase. */
  isNearer(
    { objective, mse, baselines }: ProbeScore,
    { step, phase, steps }: { readonly step: number; readonly phase: number; readonly steps: number },
    { window, fall }: MonitorThresholds,
  ): boolean | undefined {
    const looks = this.#looks.get(objective) ?? [];
    const ratio = mse / Math.max(baselines.meanVisible, 1e-12);
    const before = looks.findLast((look) => look.phase === phase && look.step <= step - window * steps);
    this.#looks.set(objective, [...looks, { step, phase, ratio }]);
    return before && ratio <= (1 - fall) * before.ratio;
  }
}

/** Poor reconstruction: a held-out PSNR under that of the mean of the visible tokens. */
export function reconstructionWarning(score: ProbeScore, step: number): TrainingWarning | undefined {
  const { objective, mse, baselines } = score;
  if (mse <= baselines.meanVisible) return undefined;
  const [psnr, baseline] = [decibel(mse), decibel(baselines.meanVisible)];
  return {
    sign: 'reconstruction',
    step,
    values: { objective, psnr, baseline },
    message:
      `Poor reconstruction at step ${step}: on held-out voxels the objective ${names[objective]} has a PSNR of ${psnr.toFixed(2)} dB, under the ${baseline.toFixed(2)} dB of the mean of the visible tokens; ` +
      'check the size of a token (it must be smaller than what is to be seen) and the length of the sequence: another preset, or larger crops (--crops).',
  };
}

/** Collapse: predictions that hardly vary, whatever is shown. */
export function collapseWarning(
  score: ProbeScore,
  step: number,
  { variance: limit }: MonitorThresholds,
): TrainingWarning | undefined {
  const { objective, predictionVariance, targetVariance } = score;
  // voxels that are all alike are predicted so, rightly
  if (!(targetVariance > 1e-8) || predictionVariance >= limit * targetVariance) return undefined;
  const ratio = predictionVariance / targetVariance;
  return {
    sign: 'collapse',
    step,
    values: { objective, ratio, limit, predictionVariance, targetVariance },
    message:
      `Collapse at step ${step}: on held-out voxels the predictions of the objective ${names[objective]} vary ${(100 * ratio).toPrecision(2)} % as much as their targets, and at least ${100 * limit} % is due; ` +
      'check the prediction heads and the regularisation: a lower optimizer.weightDecay, a lower rate, or a wider preset.',
  };
}

const decibel = (mse: number): number => -10 * Math.log10(Math.max(mse, 1e-12));
