import type { QuantisedAffinities } from '../affinities.ts';
import { agglomerate, applyLookup, type Scoring } from '../agglomeration/index.ts';
import { fragmentsByCell } from '../fragments/cells.ts';
import type { CellOptions, Fragments, WatershedOptions } from '../fragments/index.ts';
import { buildRegionGraph, type RegionGraph } from '../graph/index.ts';
import { relabelConsecutive } from '../labels/index.ts';
import { SegmentationError } from '../errors.ts';
import type { ProgressEvent } from '../progress.ts';
import type { Vec3 } from '../shape.ts';
import { absorbSmall } from './absorb.ts';
import { checkWatershed, parsePostProcessing } from './options.ts';

/**
 * Everything between affinities and labels, as plain JSON: it is chosen by validation and travels in the model package.
 *
 * @example
 * { watershed: { mode: '3d' }, agglomeration: { scoring: 'mean', threshold: 0.4 }, minimumSize: 100 }
 */
export interface PostProcessing {
  readonly watershed: WatershedOptions & CellOptions;
  readonly agglomeration: { readonly scoring: Scoring; readonly threshold: number };
  /** Labels with fewer voxels join the neighbour of highest affinity. Default 0: none. */
  readonly minimumSize?: number;
}

/** Labels 1 .. count in raster order of their first voxel. */
export interface Segmentation {
  readonly shape: Vec3;
  readonly labels: Uint32Array;
  readonly count: number;
}

/** One threshold of a sweep. */
export interface SweepStep extends Segmentation {
  readonly threshold: number;
  readonly minimumSize: number;
}

/** What a sweep can share: fragments and their graph, which no threshold changes. */
export interface PreparedSegmentation {
  readonly fragments: Fragments;
  readonly graph: RegionGraph;
}

/** Fragments and region graph of a volume, yielding what it is at. */
export function* prepareSegmentation(
  affinities: QuantisedAffinities,
  watershed: PostProcessing['watershed'],
): Generator<ProgressEvent, PreparedSegmentation, void> {
  checkWatershed(watershed);
  const cells = fragmentsByCell(affinities, watershed);
  let cell = cells.next();
  for (; !cell.done; cell = cells.next()) yield { stage: 'fragments', ...cell.value, unit: 'cells' };
  const fragments = cell.value;
  yield { stage: 'graph', done: 0, total: 1, unit: 'volumes' };
  const graph = buildRegionGraph(affinities.data, fragments.labels, fragments.shape);
  yield { stage: 'graph', done: 1, total: 1, unit: 'volumes' };
  return { fragments, graph };
}

/**
 * Labels from affinities.
 *
 * @example postprocess(affinities, model.postprocessing).labels
 */
export function postprocess(affinities: QuantisedAffinities, options: PostProcessing): Segmentation {
  const { watershed } = parsePostProcessing(options);
  return labelsOf(drain(prepareSegmentation(affinities, watershed)), options);
}

/** Labels from fragments and graph. */
export function labelsOf(prepared: PreparedSegmentation, options: PostProcessing): Segmentation {
  const { threshold, scoring } = options.agglomeration;
  const sizes = options.minimumSize === undefined ? [0] : [options.minimumSize];
  const [step] = sweep(prepared, scoring, [threshold], sizes);
  return { shape: step.shape, labels: step.labels, count: step.count };
}

/**
 * Labels at many thresholds in one pass, and for each at several minimum sizes: what choosing post-processing by
 * validation needs.
 *
 * @param thresholds ascending
 * @example
 * for (const { threshold, labels } of sweepThresholds(affinities, { mode: '3d' }, 'mean', [0.2, 0.3, 0.4]))
 *   report(threshold, variationOfInformation(truth, labels).total);
 */
export function* sweepThresholds(
  affinities: QuantisedAffinities,
  watershed: PostProcessing['watershed'],
  scoring: Scoring,
  thresholds: readonly number[],
  minimumSizes: readonly number[] = [0],
): Generator<SweepStep, void, void> {
  yield* sweep(drain(prepareSegmentation(affinities, watershed)), scoring, thresholds, minimumSizes);
}

function* sweep(
  { fragments, graph }: PreparedSegmentation,
  scoring: Scoring,
  thresholds: readonly number[],
  minimumSizes: readonly number[],
): Generator<SweepStep, void, void> {
  const voxels = new Float64Array(graph.nodeCount + 1);
  for (let v = 0; v < fragments.labels.length; v++) voxels[fragments.labels[v]] += 1;
  for (const size of minimumSizes) checkSize(size);
  for (const { threshold, lookup } of agglomerate(graph, { scoring, thresholds }))
    for (const minimumSize of minimumSizes) {
      const regions = minimumSize > 1 ? absorbSmall(graph, voxels, lookup, minimumSize) : lookup;
      // Fragment ids follow first voxels, so numbering regions by their first fragment numbers them by first voxel.
      const { labels: dense, count } = relabelConsecutive(regions);
      const labels = applyLookup(fragments.labels, dense);
      yield { shape: fragments.shape, threshold, minimumSize, labels, count };
    }
}

function checkSize(size: number): void {
  if (size >= 0 && Number.isFinite(size)) return;
  throw new SegmentationError(
    'segmentation/bad-option',
    `The minimum size is ${size}, but it must be a number of voxels, 0 or more.`,
  );
}

function drain<T>(steps: Generator<unknown, T, void>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
