import type { HiddenCrop } from './loss.ts';

/** In which a network says what is hidden: grey value = mean + spread x what its heads say. */
export interface VisibleUnits {
  /** Of the visible voxels' grey values. */
  readonly mean: number;
  /** Their standard deviation, at least `LEAST_SPREAD`. */
  readonly spread: number;
}

/** Where everything that is seen is flat, what is hidden need not be. */
export const LEAST_SPREAD = 0.01;

/**
 * Mean and spread of what is visible of a crop, and of nothing else.
 *
 * WHY heads speak in these units: the stem of most presets ends in an instance norm, and a crop half as bright, with zeros
 * where it is hidden, is the same crop behind it. `nano` gives both the same prediction (to 3e-4), so it cannot say a grey
 * value except by guessing the brightness, and learns little else: its stem and first three stages, on FIB-25 (crops of 16
 * in tokens of 4, random alone), had 1.7 times the squared error of the visible mean after 100 steps. Said relative to what
 * is visible, it is below both baselines within 20.
 * The loss stays the paper's, a squared error of grey values (arXiv 2405.16847).
 */
export function visibleUnits({ crop, visible }: Pick<HiddenCrop, 'crop' | 'visible'>): VisibleUnits {
  let [count, sum] = [0, 0];
  for (let v = 0; v < crop.length; v++)
    if (visible[v] === 1) {
      count++;
      sum += crop[v]!;
    }
  const mean = sum / count;
  let squares = 0; // of differences: a difference of squares would lose what is left of a flat token
  for (let v = 0; v < crop.length; v++) if (visible[v] === 1) squares += (crop[v]! - mean) ** 2;
  return { mean, spread: Math.max(LEAST_SPREAD, Math.sqrt(squares / count)) };
}
