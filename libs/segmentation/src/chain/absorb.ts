import { EdgeTable } from '../graph/edge-table.ts';
import type { RegionGraph } from '../graph/index.ts';

/**
 * Gives regions smaller than a size to the neighbour they share the highest mean affinity with, in rounds, until no
 * small region has a neighbour. In a round every small region chooses at once, so the order of ids does not matter
 * beyond ties (more contact first, then the smaller id).
 *
 * @param sizes voxels of each fragment
 * @param lookup region of each fragment, named by one of its fragments; not changed
 * @returns a lookup of the same kind
 */
export function absorbSmall(
  graph: RegionGraph,
  sizes: Float64Array,
  lookup: Uint32Array,
  minimumSize: number,
): Uint32Array {
  let regions = lookup;
  for (;;) {
    const next = absorbOnce(contract(graph, regions), sizesOf(sizes, regions), minimumSize);
    if (next === undefined) return regions;
    regions = regions.map((region) => next[region]);
  }
}

/** The graph of regions: edges between fragments of two regions become one. */
function contract(graph: RegionGraph, lookup: Uint32Array): RegionGraph {
  const table = new EdgeTable();
  for (let e = 0; e < graph.u.length; e++) {
    const a = lookup[graph.u[e]];
    const b = lookup[graph.v[e]];
    if (a !== b) table.add(a, b, graph.sum[e], graph.count[e], graph.maximum[e]);
  }
  return table.finish(graph.nodeCount, graph.levels);
}

function sizesOf(fragmentSizes: Float64Array, lookup: Uint32Array): Float64Array {
  const sizes = new Float64Array(fragmentSizes.length);
  for (let id = 1; id < lookup.length; id++) sizes[lookup[id]] += fragmentSizes[id];
  return sizes;
}

/** One round; undefined when nothing was left to do. */
function absorbOnce(graph: RegionGraph, sizes: Float64Array, minimumSize: number): Uint32Array | undefined {
  const best = new Int32Array(sizes.length).fill(-1);
  let any = false;
  for (let e = 0; e < graph.u.length; e++)
    for (const node of [graph.u[e], graph.v[e]]) {
      if (sizes[node] >= minimumSize || sizes[node] === 0) continue;
      any = true;
      if (best[node] < 0 || better(graph, e, best[node])) best[node] = e;
    }
  if (!any) return undefined;
  const into = Uint32Array.from(sizes, (_, id) => id);
  const root = (id: number): number => {
    let at = id;
    while (into[at] !== at) at = into[at] = into[into[at]];
    return at;
  };
  best.forEach((edge) => {
    if (edge < 0) return;
    const [a, b] = [root(graph.u[edge]), root(graph.v[edge])];
    into[Math.max(a, b)] = Math.min(a, b);
  });
  return into.map((_, id) => root(id));
}

/** Edges are in order of ids, so the first of equals wins. */
function better(graph: RegionGraph, e: number, than: number): boolean {
  // compared by cross-multiplication: sums and counts are integers, so ties are exact
  const left = graph.sum[e] * graph.count[than];
  const right = graph.sum[than] * graph.count[e];
  return left > right || (left === right && graph.count[e] > graph.count[than]);
}
