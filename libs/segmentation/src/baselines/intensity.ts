import { SegmentationError } from '../errors.ts';
import { priorityFlood } from '../fragments/flood.ts';
import { smoothIntegers } from '../fragments/smooth.ts';
import { connectedComponents } from '../labels/index.ts';
import { variationOfInformation } from '../metrics/index.ts';
import { expectLength, voxelCount, type LabelArray, type Vec3 } from '../shape.ts';

/** The baseline every model must beat: what brightness alone gives. */
export interface IntensityBaselineOptions {
  /** Smoothing in voxels. Default 1. */
  readonly sigma?: number;
  /** Grey value, 0 .. 255, above which a voxel is inside a neuron; see `tuneIntensityBaseline`. */
  readonly threshold: number;
}

/** A threshold and the score it was chosen by. */
export interface TunedIntensity {
  readonly threshold: number;
  /** Total variation of information, in bits, on the voxels it was tuned on. */
  readonly voi: number;
}

const UNITS = 16;

/**
 * Segmentation without learning: smooth, keep what is brighter than a threshold, take 6-connected components, and let
 * them flood the rest from bright to dark.
 *
 * @example intensityBaseline(raw, shape, tuneIntensityBaseline(rawElsewhere, truthElsewhere, shapeElsewhere))
 */
export function intensityBaseline(
  raw: Uint8Array,
  shape: Vec3,
  { sigma = 1, threshold }: IntensityBaselineOptions,
): Uint32Array {
  if (!(threshold >= 0 && threshold <= 255))
    throw new SegmentationError(
      'segmentation/bad-option',
      `The intensity threshold is ${threshold}, but grey values lie in [0, 255]: tune it with tuneIntensityBaseline.`,
    );
  return labelBright(smoothRaw(raw, shape, sigma), shape, threshold);
}

/**
 * The threshold with the lowest variation of information against a truth: every sixteenth grey value, then ever finer
 * around the best. Never tune on the voxels you report.
 */
export function tuneIntensityBaseline(
  raw: Uint8Array,
  truth: LabelArray,
  shape: Vec3,
  { sigma = 1 }: { readonly sigma?: number } = {},
): TunedIntensity {
  expectLength('truth', truth.length, raw.length, 'one for each raw voxel');
  const smooth = smoothRaw(raw, shape, sigma);
  const components = connectedComponents(truth, shape);
  const scores = new Map<number, number>();
  const score = (threshold: number) => {
    const known = scores.get(threshold);
    if (known !== undefined) return known;
    const voi = variationOfInformation(components, labelBright(smooth, shape, threshold)).total;
    scores.set(threshold, voi);
    return voi;
  };
  const [dark, bright] = range(smooth);
  let best = dark;
  for (let at = dark + 16; at < bright; at += 16) if (score(at) < score(best)) best = at;
  for (const step of [8, 4, 2, 1])
    for (const at of [best - step, best + step])
      if (at >= dark && at < bright && score(at) < score(best)) best = at;
  return { threshold: best, voi: score(best) };
}

function smoothRaw(raw: Uint8Array, shape: Vec3, sigma: number): Int32Array {
  expectLength('raw', raw.length, voxelCount(shape), `shape ${shape.join(' x ')}`);
  const smooth = new Int32Array(raw.length);
  for (let v = 0; v < raw.length; v++) smooth[v] = raw[v] * UNITS;
  smoothIntegers(smooth, shape, [sigma, sigma, sigma]);
  return smooth;
}

function labelBright(smooth: Int32Array, shape: Vec3, threshold: number): Uint32Array {
  const limit = threshold * UNITS;
  const bright = new Uint8Array(smooth.length);
  const dark = new Uint8Array(smooth.length);
  for (let v = 0; v < smooth.length; v++) {
    if (smooth[v] > limit) bright[v] = 1;
    dark[v] = 255 - ((smooth[v] / UNITS + 0.5) | 0);
  }
  return priorityFlood(dark, connectedComponents(bright, shape), shape, false);
}

/** Grey values between the 2nd and the 98th percentile, where thresholds make sense. */
function range(smooth: Int32Array): readonly [number, number] {
  const counts = new Uint32Array(256);
  for (let v = 0; v < smooth.length; v++) counts[(smooth[v] / UNITS) | 0] += 1;
  const at = (share: number) => {
    let seen = 0;
    return counts.findIndex((count) => (seen += count) >= share * smooth.length);
  };
  return [at(0.02), Math.max(at(0.02) + 1, at(0.98))];
}
