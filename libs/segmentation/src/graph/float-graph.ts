import type { Vec3 } from '../shape.ts';
import { EdgeTable } from './edge-table.ts';
import type { RegionGraph } from './region-graph.ts';

const LEVELS = 2 ** 24;

/**
 * The graph of float affinities. Links are visited voxel by voxel, each voxel's links along z, y, x in turn, because the
 * running mean of an edge depends on their order and must be the reference's. Each direction remembers its last edge:
 * neighbouring links mostly belong to one.
 */
export function floatGraph(
  affinities: Float32Array,
  fragments: Uint32Array,
  [depth, height, width]: Vec3,
  nodeCount: number,
): RegionGraph {
  const n = fragments.length;
  const plane = height * width;
  const table = new EdgeTable();
  const last = [new LastEdge(table), new LastEdge(table), new LastEdge(table)] as const;
  const [alongZ, alongY, alongX] = last;
  for (let z = 0, v = 0; z < depth; z++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++, v++) {
        const a = fragments[v];
        if (a === 0) continue;
        if (z > 0) {
          const b = fragments[v - plane];
          if (b !== a && b !== 0) table.addLink(alongZ.of(a, b), affinities[v], LEVELS);
        }
        if (y > 0) {
          const b = fragments[v - width];
          if (b !== a && b !== 0) table.addLink(alongY.of(a, b), affinities[n + v], LEVELS);
        }
        if (x > 0) {
          const b = fragments[v - 1];
          if (b !== a && b !== 0) table.addLink(alongX.of(a, b), affinities[2 * n + v], LEVELS);
        }
      }
  return table.finish(nodeCount, LEVELS, true);
}

/** The edge of the pair asked for last. */
class LastEdge {
  readonly #table: EdgeTable;
  #a = 0;
  #b = 0;
  #edge = 0;

  constructor(table: EdgeTable) {
    this.#table = table;
  }

  of(a: number, b: number): number {
    if (a !== this.#a || b !== this.#b) {
      this.#a = a;
      this.#b = b;
      this.#edge = this.#table.edge(a, b);
    }
    return this.#edge;
  }
}
