import type { LabelArray } from '../shape.ts';
import { ContingencyTable } from './contingency.ts';

/** Variation of information, in bits: `split` = H(labels | truth), `merge` = H(truth | labels), `total` their sum. */
export interface VariationOfInformation {
  readonly split: number;
  readonly merge: number;
  readonly total: number;
}

/**
 * Which adapted Rand error:
 * - `skimage`: scikit-image's, self pairs removed; the one of the TokenUnify paper;
 * - `pairs`: self pairs kept, as waterz and funlib count;
 * - `cremi`: the CREMI challenge's own, where voxels with label 0 are replaced by (their share of all voxels).
 */
export type RandConvention = 'skimage' | 'pairs' | 'cremi';

/** `error` = 1 - harmonic mean of `precision` and `recall`; null where the convention leaves it undefined. */
export interface AdaptedRand {
  readonly convention: RandConvention;
  readonly error: number | null;
  /** Share of the pairs joined by the labels that truth joins too (falls with merges). */
  readonly precision: number | null;
  /** Share of the pairs joined by truth that the labels join too (falls with splits). */
  readonly recall: number | null;
}

/**
 * Variation of information between truth and labels, in bits. Truth 0 is ignored, label 0 is a label.
 *
 * @example variationOfInformation(new Uint32Array([2, 1, 1, 2]), new Uint32Array([1, 2, 3, 1])).split // 0.5
 * @throws {SegmentationError} arrays of different length; no voxel with a truth
 */
export function variationOfInformation(table: ContingencyTable): VariationOfInformation;
export function variationOfInformation(truth: LabelArray, labels: LabelArray): VariationOfInformation;
export function variationOfInformation(
  first: ContingencyTable | LabelArray,
  labels?: LabelArray,
): VariationOfInformation {
  const { n, pairs, truth, labels: b } = tableOf(first, labels).overlap();
  // H(x) = log2 n - sum(c log2 c) / n, so the logarithms of n cancel. Entropies are never negative; rounding can be.
  const split = Math.max(0, (truth.logs - pairs.logs) / n);
  const merge = Math.max(0, (b.logs - pairs.logs) / n);
  return { split, merge, total: split + merge };
}

/**
 * Adapted Rand error in a named convention; always say which when you report it.
 *
 * @example adaptedRandError(truth, labels, 'skimage').error
 */
export function adaptedRandError(table: ContingencyTable, convention?: RandConvention): AdaptedRand;
export function adaptedRandError(
  truth: LabelArray,
  labels: LabelArray,
  convention?: RandConvention,
): AdaptedRand;
export function adaptedRandError(
  first: ContingencyTable | LabelArray,
  second?: LabelArray | RandConvention,
  third?: RandConvention,
): AdaptedRand {
  const labels = typeof second === 'string' ? undefined : second;
  const convention = (typeof second === 'string' ? second : third) ?? 'skimage';
  const o = tableOf(first, labels).overlap();
  if (convention === 'skimage')
    return rand(convention, o.pairs.squares - o.n, o.truth.squares - o.n, o.labels.squares - o.n);
  if (convention === 'pairs') return rand(convention, o.pairs.squares, o.truth.squares, o.labels.squares);
  const replaced = o.unlabelled / o.total;
  return rand(convention, o.pairsLabelled + replaced, o.truth.squares, o.labelsLabelled + replaced);
}

/** The CREMI challenge's score: sqrt(VOI x adapted Rand error in the `cremi` convention). Lower is better. */
export function cremiScore(table: ContingencyTable): number | null;
export function cremiScore(truth: LabelArray, labels: LabelArray): number | null;
export function cremiScore(first: ContingencyTable | LabelArray, labels?: LabelArray): number | null {
  const table = tableOf(first, labels);
  const { error } = adaptedRandError(table, 'cremi');
  return error === null ? null : Math.sqrt(variationOfInformation(table).total * Math.max(0, error));
}

function rand(convention: RandConvention, joint: number, truth: number, labels: number): AdaptedRand {
  // The reference computes 2pr / (p + r), which is undefined when a side has no pair, and when no pair is shared.
  const precision = labels > 0 ? joint / labels : null;
  const recall = truth > 0 ? joint / truth : null;
  const error =
    precision === null || recall === null || joint === 0 ? null : 1 - (2 * joint) / (truth + labels);
  return { convention, error, precision, recall };
}

function tableOf(first: ContingencyTable | LabelArray, labels: LabelArray | undefined): ContingencyTable {
  return first instanceof ContingencyTable ? first : new ContingencyTable().add(first, labels ?? first);
}
