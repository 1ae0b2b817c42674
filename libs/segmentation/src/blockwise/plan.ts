import { createHash } from 'node:crypto';
import { boxShape, type Box, type Vec3 } from '@tokenunify/em-io';
import { withHalo } from '../fragments/cells.ts';
import { planTiles } from '../tiles/index.ts';
import { Grid } from './grid.ts';
import { resolveSpec, type JobSpec, type ResolvedSpec } from './spec.ts';
import type { AffinitiesTask, GraphTask, JobPlan, JobStage, Task, TilesTask } from './task.ts';

/** Raised when what a stage computes, or how it stores it, changes: old artefacts are then not found any more. */
const FORMAT = 1;

/**
 * A job as a list of idempotent tasks: block-wise segmentation with flat memory, whose labels are, voxel by voxel, those
 * of `segment` in memory, for any block shape, number of workers and order.
 *
 * Ids of a stage's tasks name everything that stage depends on and nothing else. So two jobs that differ in threshold,
 * scoring or minimum size have the same tasks up to the region graph, and find each other's artefacts.
 *
 * @example
 * const plan = planJob({ shape: raw.shape, tileShape: model.tileShape, postprocessing: model.postprocessing });
 * @throws {SegmentationError} a field that makes no sense, by name
 */
export function planJob(spec: JobSpec): JobPlan {
  const resolved = resolveSpec(spec);
  const { box, block } = resolved;
  const ids = stageIds(resolved);
  const grid = new Grid(box, block, [0, 0, 0]);
  const places = [...grid.places()];
  const tasks: Task[] = [];
  const affinities = planAffinities(resolved, ids, grid);
  tasks.push(...affinities.tiles, ...affinities.blocks);
  for (const place of places) {
    const at = grid.block(place);
    const context = withHalo(at, resolved.halo, box);
    const sources = grid
      .touching(context)
      .map((near) => ({ task: ids.block('affinities', near), box: grid.block(near) }));
    tasks.push({
      id: ids.block('fragments', place),
      stage: 'fragments',
      after: sources.map(({ task }) => task),
      box: at,
      context,
      affinities: sources,
    });
  }
  tasks.push(...places.map((place) => planGraph(ids, grid, place)));
  const agglomeration = ids.block('agglomeration', [0, 0, 0]);
  tasks.push({
    id: agglomeration,
    stage: 'agglomeration',
    after: places.flatMap((place) => [ids.block('fragments', place), ids.block('graph', place)]),
  });
  const output = new Grid(box, block, box.start);
  for (const place of output.places()) {
    const at = output.block(place);
    const fragments = grid.touching(at).map((near) => ({
      task: ids.block('fragments', near),
      box: grid.block(near),
      index: grid.index(near),
    }));
    tasks.push({
      id: ids.block('labels', place),
      stage: 'labels',
      after: [agglomeration, ...fragments.map(({ task }) => task)],
      box: at,
      agglomeration,
      fragments,
    });
  }
  return { spec: resolved, tasks };
}

/**
 * The chunk shape an output must have so that no two tasks write to one chunk; at most about 64 voxels along an axis
 * where the blocks allow it.
 *
 * @example createVolume('labels.zarr', { shape: labelShape(plan), dtype: 'uint32', chunkShape: labelChunkShape(plan) })
 */
export function labelChunkShape({ spec: { block, box } }: JobPlan): Vec3 {
  const shape = boxShape(box);
  const side = (d: 0 | 1 | 2): number => {
    if (block[d] >= shape[d]) return Math.min(64, shape[d]);
    let pieces = Math.ceil(block[d] / 64);
    while (block[d] % pieces !== 0) pieces += 1;
    return block[d] / pieces >= 16 ? block[d] / pieces : block[d];
  };
  return [side(0), side(1), side(2)];
}

/** Shape of a plan's output: that of its box. */
export function labelShape({ spec }: JobPlan): Vec3 {
  return boxShape(spec.box);
}

interface StageIds {
  block(stage: JobStage, place: Vec3): string;
  tiles(run: number, start: Vec3): string;
}

function stageIds(spec: ResolvedSpec): StageIds {
  const { shape, box, tileShape, overlap, inputScale, rawRange, block, tilesPerTask, input, cell, halo } =
    spec;
  const { watershed, agglomeration, minimumSize = 0 } = spec.postprocessing;
  const seen = [FORMAT, shape, tileShape, overlap, inputScale, rawRange, input, box.start, box.stop];
  const tiles = digest([...seen, tilesPerTask]);
  const affinities = digest([...seen, block]);
  const fragments = digest([affinities, sorted({ ...watershed, cell, halo })]);
  const merged = digest([fragments, sorted(agglomeration), minimumSize]);
  const of = { tiles, affinities, fragments, graph: fragments, agglomeration: merged, labels: merged };
  return {
    block: (stage, place) => `${stage}/${of[stage]}/${place.join('-')}`,
    // starts can be negative, and a minus sign is no good separator
    tiles: (run, start) =>
      `tiles/${tiles}/${run}-at-${start.map((at) => (at < 0 ? `m${-at}` : at)).join('-')}`,
  };
}

function digest(parts: unknown): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

const sorted = (fields: object) => Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));

/** Tiles come in the order of the blocks that need them first, so that what waits to be blended stays little. */
function planAffinities(
  spec: ResolvedSpec,
  ids: StageIds,
  grid: Grid,
): { tiles: TilesTask[]; blocks: AffinitiesTask[] } {
  const { shape, tileShape, overlap, box, tilesPerTask } = spec;
  const runs = tileRuns(planTiles(shape, tileShape, overlap, box).tiles, tilesPerTask);
  const places = new Map<string, { run: TilesTask; index: number }>();
  runs.forEach((starts, n) => {
    const run: TilesTask = { id: ids.tiles(n, starts[0]), stage: 'tiles', after: [], starts };
    starts.forEach((start, index) => places.set(start.join(), { run, index }));
  });
  const tiles = new Set<TilesTask>();
  const blocks: AffinitiesTask[] = [];
  for (const place of grid.places()) {
    const at: Box = grid.block(place);
    const touching = planTiles(shape, tileShape, overlap, at).tiles.map((start) => {
      const { run, index } = places.get(start.join())!; // a tile that touches a block touches the box
      tiles.add(run);
      return { task: run.id, index, start };
    });
    const id = ids.block('affinities', place);
    const after = [...new Set(touching.map(({ task }) => task))];
    blocks.push({ id, stage: 'affinities', after, box: at, tiles: touching });
  }
  return { tiles: [...tiles], blocks };
}

/** Tiles of one row, at most so many together. */
function tileRuns(tiles: readonly Vec3[], most: number): Vec3[][] {
  const runs: Vec3[][] = [];
  for (const tile of tiles) {
    const run = runs.at(-1);
    if (run && run.length < most && run[0][0] === tile[0] && run[0][1] === tile[1]) run.push(tile);
    else runs.push([tile]);
  }
  return runs;
}

function planGraph(ids: StageIds, grid: Grid, place: Vec3): GraphTask {
  const under = (d: 0 | 1 | 2) => {
    const near: [number, number, number] = [...place];
    near[d] -= 1;
    return near[d] < 0 ? null : ids.block('fragments', near);
  };
  const below = [under(0), under(1), under(2)] as const;
  const fragments = ids.block('fragments', place);
  const affinities = ids.block('affinities', place);
  const after = [affinities, fragments, ...below.filter((id) => id !== null)];
  return {
    id: ids.block('graph', place),
    stage: 'graph',
    after,
    box: grid.block(place),
    affinities,
    fragments,
    below,
  };
}
