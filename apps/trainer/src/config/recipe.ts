import { adamWDefaults, type AdamWOptions, type RateSchedule } from '@tokenunify/model';
import { intensities, type IntensityVariation } from '../sampling/intensity.ts';
import type { FinetuneConfig, IntensityName, PretrainConfig } from './schema.ts';

export type Warmup = { readonly steps: number } | { readonly share: number };

/** What of a training only a file can change. Kept in the run directory whole. */
export interface Recipe {
  readonly optimizer: AdamWOptions;
  /** A tenth of the steps, at most 50, when absent. */
  readonly warmup?: Warmup;
  /** Share of the peak rate at the last step. */
  readonly final: number;
  /** Of the moving average of the weights. */
  readonly averageDecay: number;
  /** Activations are computed again instead of kept. */
  readonly recompute: boolean;
  /** How the grey values of a crop vary. */
  readonly intensity: IntensityVariation;
}

/** What a training does when nothing says otherwise, and did before there were files. */
export const recipeDefaults: Omit<Recipe, 'intensity'> = {
  optimizer: adamWDefaults,
  final: 0.02,
  averageDecay: 0.99,
  recompute: false,
};

export function recipeOf(
  { schedule = {}, optimizer = {}, averageDecay, recompute, augmentation }: PretrainConfig | FinetuneConfig,
  usual: IntensityName,
): Recipe {
  const { betas, epsilon, weightDecay, clipNorm } = optimizer;
  const defaults = recipeDefaults;
  const { steps, share } = schedule.warmup ?? {};
  const intensity = augmentation?.intensity ?? usual;
  return {
    optimizer: {
      beta1: betas?.[0] ?? defaults.optimizer.beta1,
      beta2: betas?.[1] ?? defaults.optimizer.beta2,
      epsilon: epsilon ?? defaults.optimizer.epsilon,
      weightDecay: weightDecay ?? defaults.optimizer.weightDecay,
      clipNorm: clipNorm ?? defaults.optimizer.clipNorm,
    },
    ...(steps !== undefined ? { warmup: { steps } } : share !== undefined ? { warmup: { share } } : {}),
    final: schedule.final ?? defaults.final,
    averageDecay: averageDecay ?? defaults.averageDecay,
    recompute: recompute ?? defaults.recompute,
    intensity: typeof intensity === 'string' ? intensities[intensity] : intensity,
  };
}

/** The schedule of a training of so many steps. */
export function scheduleOf(
  { warmup, final }: Pick<Recipe, 'warmup' | 'final'>,
  peak: number,
  steps: number,
): RateSchedule {
  const usual = Math.min(50, Math.ceil(steps / 10));
  const first = !warmup ? usual : 'steps' in warmup ? warmup.steps : Math.round(warmup.share * steps);
  return { peak, warmup: first, final };
}

/** A recipe as a file would give it: what the run directory keeps, and the card of a model shows. */
export function recorded({ optimizer, warmup, final, averageDecay, recompute, intensity }: Recipe) {
  const { beta1, beta2, epsilon, weightDecay, clipNorm } = optimizer;
  return {
    schedule: { ...(warmup && { warmup }), final },
    optimizer: { betas: [beta1, beta2], epsilon, weightDecay, clipNorm },
    averageDecay,
    recompute,
    augmentation: { intensity },
  };
}
