import { setImmediate } from 'node:timers/promises';
import { agglomerate } from '../../agglomeration/index.ts';
import { absorbSmall } from '../../chain/absorb.ts';
import { SegmentationError } from '../../errors.ts';
import { EdgeTable } from '../../graph/edge-table.ts';
import type { RegionGraph } from '../../graph/index.ts';
import type { WorkContext } from '../context.ts';
import { writeArray, type Outcome } from '../store/index.ts';
import type { JobGeometry } from '../geometry.ts';
import type { Task } from '../task.ts';
import { FinishedBlocks } from './finished-blocks.ts';
import { Numbering } from './numbering.ts';

/** At the peak, which is while merging runs with `hist50`: the graph, its adjacency, queue, scores and histograms. */
const BYTES_PER_EDGE = 140;
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
  const blocks = new FinishedBlocks(artefacts, geometry, signal);
  const fragmentCount = await blocks.total('fragments');
  const most = await blocks.total('graph');
  checkMemory(fragmentCount, most, context.memoryLimit);
  const numbering = new Numbering(await blocks.names(fragmentCount));
  const graph = await mergeGraphs(blocks, numbering, most);
  await setImmediate();
  signal?.throwIfAborted();
  const { scoring, threshold } = agglomeration;
  let [{ lookup: regions }] = agglomerate(graph, { scoring, thresholds: [threshold] });
  if (minimumSize > 1) regions = absorbSmall(graph, await sizes(blocks, numbering), regions, minimumSize);
  const { labels, count } = number(regions);
  signal?.throwIfAborted();
  const { lookup, starts } = await lookups(blocks, numbering, labels);
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

async function mergeGraphs(blocks: FinishedBlocks, numbering: Numbering, most: number): Promise<RegionGraph> {
  const table = new EdgeTable(most);
  for await (const { files, counts } of blocks.of('graph')) {
    const rows = await blocks.read(files.edges);
    const n = counts.edges;
    for (let e = 0; e < n; e++) {
      const [u, v] = [numbering.id(rows[e]), numbering.id(rows[n + e])];
      table.add(u, v, rows[2 * n + e], rows[3 * n + e], rows[4 * n + e]);
    }
  }
  return table.finish(numbering.count, 255);
}

/** Voxels of each fragment. */
async function sizes(blocks: FinishedBlocks, numbering: Numbering): Promise<Float64Array> {
  const out = new Float64Array(numbering.count + 1);
  for await (const { files } of blocks.of('fragments')) {
    const names = await blocks.read(files.names);
    const voxels = await blocks.read(files.voxels);
    for (let i = 0; i < names.length; i++) out[numbering.id(names[i])] = voxels[i];
  }
  return out;
}

async function lookups(
  blocks: FinishedBlocks,
  numbering: Numbering,
  labels: Uint32Array,
): Promise<{ lookup: Uint32Array; starts: Float64Array }> {
  const lookup = new Uint32Array(numbering.count + blocks.count);
  const starts = new Float64Array(blocks.count);
  let block = 0;
  let at = 0;
  for await (const { files } of blocks.of('fragments')) {
    starts[block++] = at++; // of id 0, which no voxel has
    const names = await blocks.read(files.names);
    for (let i = 0; i < names.length; i++) lookup[at++] = labels[numbering.id(names[i])];
  }
  return { lookup, starts };
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
