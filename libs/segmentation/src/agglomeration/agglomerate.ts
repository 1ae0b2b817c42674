/**
 * Hierarchical agglomeration of fragments, with the semantics of waterz (github.com/funkey/waterz), so that results can
 * be compared with published ones partition by partition.
 *
 * The idea. Every edge of the region graph has a score, 1 - affinity; the cheapest edge is merged, its two regions
 * become one, and the edges to neighbours that both had become one edge whose score is computed from the links of both.
 * Thresholds are visited in ascending order on one state, so a sweep costs what its last threshold costs.
 *
 * The rules that decide the partition, which are part of the result and not free to change:
 *
 * 1. Edges start in order of (smaller id, larger id), in a queue of 256 bins of score; inside a bin first come, first
 *    served. So the order is that of the scores only to 1/256.
 * 2. Merging stops when the *front* of the lowest bin has score >= threshold (both rounded to float32), even when a
 *    cheaper edge waits behind it in that bin, and even when the front is outdated.
 * 3. The region with the smaller smallest fragment id is "a", the other "b". When both have an edge to a neighbour, the
 *    edge of a survives if that of b is more expensive, otherwise the edge of b. The survivor keeps its place in the
 *    queue and is marked stale: when it comes up it is scored again and queued anew. The other is deleted, which is
 *    noticed when it comes up.
 * 4. `histQ` is a percentile of a histogram in which an initial edge is one entry, the bin of its largest affinity;
 *    the score is computed from the middle of the bin.
 *
 * Where ours differs inside: waterz scans adjacency vectors and keeps 1 kB of histogram an edge; here a hash table finds
 * the edge of two nodes, the smaller list moves, and histograms are lists until they are long. Neither
 * changes the rules. Means of graphs built from uint8 affinities, and of merged graphs, are exact integer sums divided
 * once; waterz keeps a float32 running mean, which depends on the order of links and merges, so that no graph made of
 * blocks can have it. A graph built in one piece from floats carries it, and then the partition is waterz's to the last
 * tie.
 *
 * What it cannot do: it never un-merges (see multicut), and it is global: a graph must fit in memory, about 70 bytes an
 * edge with `hist50` beside the graph's own 24.
 *
 * @module
 */
import { SegmentationError } from '../errors.ts';
import type { RegionGraph } from '../graph/index.ts';
import { RegionMerging } from './region-merging.ts';
import { edgeScores, type Scoring } from './scores.ts';

export interface AgglomerationOptions {
  readonly scoring: Scoring;
  /** Ascending, each in [0, 1]; an edge merges while its score (1 - affinity) is below. */
  readonly thresholds: readonly number[];
}

/** The state at one threshold. */
export interface AgglomerationStep {
  readonly threshold: number;
  /** Merges since the previous threshold. */
  readonly merges: number;
  /** For each fragment id, the smallest fragment id of its region; 0 stays 0. Pass it to `applyLookup`. */
  readonly lookup: Uint32Array;
}

/**
 * Agglomerates through ascending thresholds, one step for each.
 *
 * @example
 * for (const step of agglomerate(graph, { scoring: 'hist50', thresholds: [0.2, 0.5] }))
 *   save(step.threshold, applyLookup(fragments, step.lookup));
 * @throws {SegmentationError} an unknown scoring; thresholds that are not ascending numbers
 */
export function* agglomerate(
  graph: RegionGraph,
  { scoring, thresholds }: AgglomerationOptions,
): Generator<AgglomerationStep, void, void> {
  checkThresholds(thresholds);
  const merging = new RegionMerging(graph, edgeScores(graph, scoring));
  for (const threshold of thresholds) {
    const merges = merging.mergeUntil(threshold);
    yield { threshold, merges, lookup: merging.lookup() };
  }
}

/**
 * Labels from fragments: every id replaced by its entry of the lookup table.
 *
 * @param out where to write; may be `fragments` itself
 */
export function applyLookup(
  fragments: Uint32Array,
  lookup: Uint32Array,
  out: Uint32Array = new Uint32Array(fragments.length),
): Uint32Array {
  for (let v = 0; v < fragments.length; v++) out[v] = lookup[fragments[v]];
  return out;
}

function checkThresholds(thresholds: readonly number[]): void {
  thresholds.forEach((threshold, i) => {
    const floor = i === 0 ? -Infinity : thresholds[i - 1];
    if (threshold >= floor && Number.isFinite(threshold)) return;
    throw new SegmentationError(
      'segmentation/bad-option',
      `Threshold ${i} is ${threshold} after ${floor}, but thresholds must be ascending numbers: sort them.`,
    );
  });
}
