import { SegmentationError } from '../errors.ts';
import { EdgeTable } from './edge-table.ts';
import type { RegionGraph } from './region-graph.ts';

/**
 * The graph of several disjoint sets of links over one numbering of fragments, such as the blocks of a volume. Sums,
 * counts and maxima are integers, so the result does not depend on how the links were divided, nor on the order.
 *
 * @throws {SegmentationError} graphs that count affinities in different levels (uint8 against float32)
 */
export function mergeRegionGraphs(graphs: readonly RegionGraph[]): RegionGraph {
  const levels = graphs[0]?.levels ?? 255;
  const odd = graphs.find((graph) => graph.levels !== levels);
  if (odd)
    throw new SegmentationError(
      'segmentation/bad-affinity',
      `Region graphs count affinities in ${levels} and ${odd.levels} levels, which cannot be added: build all of them from one dtype.`,
    );
  const table = new EdgeTable();
  let nodeCount = 0;
  for (const graph of graphs) {
    nodeCount = Math.max(nodeCount, graph.nodeCount);
    const { u, v, sum, count, maximum } = graph;
    for (let e = 0; e < u.length; e++) table.add(u[e], v[e], sum[e], count[e], maximum[e]);
  }
  return table.finish(nodeCount, levels);
}
