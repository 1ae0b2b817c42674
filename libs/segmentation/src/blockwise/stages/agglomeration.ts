import { setImmediate } from 'node:timers/promises';
import { agglomerate } from '../../agglomeration/index.ts';
import { absorbSmall } from '../../chain/absorb.ts';
import { SegmentationError } from '../../errors.ts';
import { EdgeTable } from '../../graph/edge-table.ts';
import type { RegionGraph } from '../../graph/index.ts';
import type { WorkContext } from '../context.ts';
import {
  needManifest,
  readArray,
  writeArray,
  type ArtefactStore,
  type Manifest,
  type Outcome,
} from '../store/index.ts';
import type { JobGeometry } from '../geometry.ts';
import type { Task } from '../task.ts';

/** At the peak, which is while merging runs with `hist50`: the graph, its adjacency, queue, scores and histograms. */
const BYTES_PER_EDGE = 120;
/** Names, voxels, and a node's share of adjacency and lookups. */
const BYTES_PER_FRAGMENT = 72;

/**
 * Labels of all fragments. The fragments of all blocks are numbered in order of their names, which is the order of their
 * first voxels, the block graphs are added up exactly, and from there on it is what `segment` does in memory.
 *
 * Kept are two arrays: `lookup` (uint32), for each block in the plan's order the labels of its ids 0 .. count, and
 * `starts` (float64), where each block begins in it.
 */
export async function runAgglomeration(
  task: Task,
  geometry: JobGeometry,
  context: WorkContext,
): Promise<Outcome> {
  const { artefacts, signal } = context;
  const { agglomeration, minimumSize = 0 } = geometry.spec.postprocessing;
  const manifests = async (stage: 'fragments' | 'graph') => {
    const found: Manifest[] = [];
    for (const place of geometry.blocks.places())
      found.push(await needManifest(artefacts, geometry.id(stage, place)));
    return found;
  };
  const blocks = await manifests('fragments');
  const graphs = await manifests('graph');
  const total = (of: readonly Manifest[], what: string) =>
    of.reduce((sum, { counts }) => sum + counts[what], 0);
  const fragmentCount = total(blocks, 'fragments');
  checkMemory(fragmentCount, total(graphs, 'edges'), context.memoryLimit);
  const numbering = await Numbering.of(artefacts, blocks, fragmentCount, minimumSize > 1, signal);
  const graph = await mergeGraphs(artefacts, graphs, numbering, total(graphs, 'edges'), signal);
  await setImmediate();
  signal?.throwIfAborted();
  const { scoring, threshold } = agglomeration;
  const [step] = agglomerate(graph, { scoring, thresholds: [threshold] });
  const regions =
    minimumSize > 1 ? absorbSmall(graph, numbering.voxels, step.lookup, minimumSize) : step.lookup;
  const { labels, count } = number(regions);
  signal?.throwIfAborted();
  const lookup = new Uint32Array(fragmentCount + blocks.length);
  const starts = new Float64Array(blocks.length);
  let at = 0;
  for (const [b, { files }] of blocks.entries()) {
    starts[b] = at++;
    const names = await readArray(artefacts, files.names, 'float64');
    for (let i = 0; i < names.length; i++) lookup[at++] = labels[numbering.id(names[i])];
  }
  const files = {
    lookup: await writeArray(artefacts, task.id, 'lookup', lookup),
    starts: await writeArray(artefacts, task.id, 'starts', starts),
  };
  return { files, counts: { labels: count, fragments: fragmentCount, edges: graph.u.length } };
}

function checkMemory(fragments: number, edges: number, limit = Infinity): void {
  if (fragments >= 2 ** 31)
    throw new SegmentationError(
      'segmentation/too-many-labels',
      `The volume has ${fragments} fragments, but ${2 ** 31 - 1} can be agglomerated at once: segment a box of it.`,
    );
  const bytes = fragments * BYTES_PER_FRAGMENT + edges * BYTES_PER_EDGE;
  if (bytes <= limit) return;
  throw new SegmentationError(
    'segmentation/memory-limit',
    `Agglomerating ${fragments} fragments and ${edges} edges takes about ${bytes} bytes, more than the memoryLimit of ${limit}: raise it, or segment a smaller box.`,
  );
}

/** Fragments 1, 2, ... in order of their names. */
class Numbering {
  readonly #names: Float64Array;
  /** Of each fragment; empty when nobody asks. */
  readonly voxels: Float64Array;
  #last = 0;

  private constructor(names: Float64Array, voxels: Float64Array) {
    this.#names = names;
    this.voxels = voxels;
  }

  static async of(
    store: ArtefactStore,
    blocks: readonly Manifest[],
    count: number,
    withVoxels: boolean,
    signal: AbortSignal | undefined,
  ): Promise<Numbering> {
    const names = new Float64Array(count);
    let at = 0;
    for (const { files } of blocks) {
      signal?.throwIfAborted();
      const part = await readArray(store, files.names, 'float64');
      names.set(part, at);
      at += part.length;
    }
    names.sort();
    const numbering = new Numbering(names, new Float64Array(withVoxels ? count + 1 : 0));
    if (!withVoxels) return numbering;
    for (const { files } of blocks) {
      const part = await readArray(store, files.names, 'float64');
      const voxels = await readArray(store, files.voxels, 'float64');
      for (let i = 0; i < part.length; i++) numbering.voxels[numbering.id(part[i])] = voxels[i];
    }
    return numbering;
  }

  get count(): number {
    return this.#names.length;
  }

  /** The number of a name. Names mostly come in order, so the search starts where the last one ended. */
  id(name: number): number {
    const names = this.#names;
    let low = 0;
    let high = names.length - 1;
    const guess = this.#last;
    if (names[guess] <= name) {
      low = guess;
      for (let step = 1; guess + step <= high; step *= 2) {
        if (names[guess + step] > name) {
          high = guess + step;
          break;
        }
        low = guess + step;
      }
    } else high = guess;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (names[middle] <= name) low = middle;
      else high = middle - 1;
    }
    this.#last = low;
    return low + 1;
  }
}

async function mergeGraphs(
  store: ArtefactStore,
  graphs: readonly Manifest[],
  numbering: Numbering,
  most: number,
  signal: AbortSignal | undefined,
): Promise<RegionGraph> {
  const table = new EdgeTable(most);
  for (const { files, counts } of graphs) {
    signal?.throwIfAborted();
    const rows = await readArray(store, files.edges, 'float64');
    const n = counts.edges;
    for (let e = 0; e < n; e++) {
      const [u, v] = [numbering.id(rows[e]), numbering.id(rows[n + e])];
      table.add(u, v, rows[2 * n + e], rows[3 * n + e], rows[4 * n + e]);
    }
  }
  return table.finish(numbering.count, 255);
}

/** Regions, each named by one of its fragments, numbered 1, 2, ... by their first fragment. */
function number(regions: Uint32Array): { labels: Uint32Array; count: number } {
  const ids = new Uint32Array(regions.length);
  const labels = new Uint32Array(regions.length);
  let count = 0;
  for (let id = 1; id < regions.length; id++) {
    const region = regions[id];
    if (ids[region] === 0) ids[region] = ++count;
    labels[id] = ids[region];
  }
  return { labels, count };
}
