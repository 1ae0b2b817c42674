import { checkAffinityRange } from '../affinities.ts';
import { SegmentationError } from '../errors.ts';
import { expectLength, voxelCount, type Vec3 } from '../shape.ts';
import { EdgeTable } from './edge-table.ts';
import { floatGraph } from './float-graph.ts';

/** Affinities [3, z, y, x], channels first: floats in [0, 1], or uint8 where 255 stands for 1. */
export type AffinityArray = Float32Array | Uint8Array;

/**
 * Fragments and the edges between them. Edges are sorted by (u, v), u < v; edge i joins fragments u[i] and v[i].
 *
 * What an edge knows is made of integers, so that graphs of blocks add up exactly to the graph of the whole (see
 * `mergeRegionGraphs`): affinities are counted in `levels`, 255 to the unit for uint8 and 2^24 for float32 (a float32
 * below 1/2 is cut to that grid, an error below 6e-8).
 *
 * Memory: 24 bytes an edge, 28 from floats.
 */
export interface RegionGraph {
  /** Largest fragment id; ids are 1 .. nodeCount, 0 is background and has no edges. */
  readonly nodeCount: number;
  readonly u: Uint32Array;
  readonly v: Uint32Array;
  /** Sum of the levels of an edge's links (an integer below 2^53). */
  readonly sum: Float64Array;
  /** Number of links. */
  readonly count: Uint32Array;
  /** Largest level among the links. */
  readonly maximum: Uint32Array;
  /** Levels in an affinity of 1. */
  readonly levels: number;
  /**
   * Mean affinity as waterz rounds it, link by link in raster order; only in graphs built in one piece from floats. It
   * depends on that order, so merged graphs have none.
   */
  readonly runningMean?: Float32Array;
}

/**
 * Region graph of a volume: one edge for every pair of touching fragments, over the links v -> v - e_d of the three
 * channels. Links with background on one side are skipped.
 *
 * @param affinities [3, z, y, x]; what lies at p_d == 0 is not read
 * @param fragments ids, 0 = background
 * @param shape (z, y, x)
 * @throws {SegmentationError} lengths that do not fit; an affinity outside [0, 1] or NaN, with its position
 */
export function buildRegionGraph(
  affinities: AffinityArray,
  fragments: Uint32Array,
  shape: Vec3,
): RegionGraph {
  const n = voxelCount(shape);
  expectLength('fragments', fragments.length, n, `shape ${shape.join(' x ')}`);
  expectLength('affinities', affinities.length, 3 * n, `three channels of ${shape.join(' x ')}`);
  if (affinities instanceof Float32Array) checkAffinityRange(affinities, shape);
  const nodeCount = largest(fragments);
  if (affinities instanceof Float32Array) return floatGraph(affinities, fragments, shape, nodeCount);
  const table = new EdgeTable();
  addBlockLinks(table, affinities, fragments, shape);
  return table.finish(nodeCount, 255);
}

/** Adds the links inside a block. */
export function addBlockLinks(
  table: EdgeTable,
  affinities: Uint8Array,
  fragments: Uint32Array,
  [depth, height, width]: Vec3,
): void {
  const n = fragments.length;
  const plane = height * width;
  let row = 0;
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y++, row += width) {
      if (z > 0) addRow(table, affinities, row, fragments, row, fragments, row - plane, width);
      if (y > 0) addRow(table, affinities, n + row, fragments, row, fragments, row - width, width);
      addRow(table, affinities, 2 * n + row + 1, fragments, row + 1, fragments, row, width - 1);
    }
}

/**
 * Adds the links from the first section of a block along an axis to the one below, which another block holds.
 *
 * @param below fragments of that section, C order, in the block's numbering
 */
export function addFaceLinks(
  table: EdgeTable,
  affinities: Uint8Array,
  fragments: Uint32Array,
  below: Uint32Array,
  [depth, height, width]: Vec3,
  axis: 0 | 1 | 2,
): void {
  const n = fragments.length;
  const plane = height * width;
  if (axis === 0) addRow(table, affinities, 0, fragments, 0, below, 0, plane);
  else if (axis === 1)
    for (let z = 0; z < depth; z++)
      addRow(table, affinities, n + z * plane, fragments, z * plane, below, z * width, width);
  else {
    const rows = depth * height;
    const levels = new Uint8Array(rows);
    const face = new Uint32Array(rows);
    for (let row = 0; row < rows; row++) {
      levels[row] = affinities[2 * n + row * width];
      face[row] = fragments[row * width];
    }
    addRow(table, levels, 0, face, 0, below, 0, rows);
  }
}

/** Links of one row in one direction. Consecutive links mostly join one pair, so runs are summed before the table is asked. */
function addRow(
  table: EdgeTable,
  affinities: Uint8Array,
  linkStart: number,
  fragments: Uint32Array,
  start: number,
  below: Uint32Array,
  belowStart: number,
  length: number,
): void {
  let runA = 0;
  let runB = 0;
  let sum = 0;
  let count = 0;
  let maximum = 0;
  for (let i = 0; i < length; i++) {
    const a = fragments[start + i];
    const b = below[belowStart + i];
    if (a === b || a === 0 || b === 0) continue;
    const level = affinities[linkStart + i];
    if (a === runA && b === runB) {
      sum += level;
      count += 1;
      if (level > maximum) maximum = level;
      continue;
    }
    if (count > 0) table.add(runA, runB, sum, count, maximum);
    runA = a;
    runB = b;
    sum = maximum = level;
    count = 1;
  }
  if (count > 0) table.add(runA, runB, sum, count, maximum);
}

function largest(ids: Uint32Array): number {
  let most = 0;
  for (let i = 0; i < ids.length; i++) if (ids[i] > most) most = ids[i];
  if (most >= 2 ** 31)
    throw new SegmentationError(
      'segmentation/too-many-labels',
      `The largest fragment id is ${most}, but ids up to ${2 ** 31 - 1} are supported: renumber them with relabelConsecutive.`,
    );
  return most;
}
