/** The two signs that show on voxels nobody trains on. */
import type { MonitorThresholds } from './options.ts';
import type { ProbeScore, TrainingWarning } from './types.ts';

const names = { random: 'random', next: 'next', nextAll: 'next-all' } as const;

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
