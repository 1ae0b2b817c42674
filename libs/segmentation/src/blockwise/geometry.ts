import { createHash } from 'node:crypto';
import type { Box, Vec3 } from '@tokenunify/em-io';
import { withHalo } from '../fragments/cells.ts';
import { planAxis } from '../tiles/plan.ts';
import { Grid } from './grid.ts';
import type { ResolvedSpec } from './spec.ts';
import type { JobStage } from './task.ts';

/** Raised when what a stage computes, or how it stores it, changes: old artefacts are then not found any more. */
const FORMAT = 1;

/** Where a neighbour's part is kept, and which part of space it is (positions in the volume). */
export interface Source {
  readonly task: string;
  readonly box: Box;
}

/** What lies where, and what it is called: everything that follows from a spec. */
export class JobGeometry {
  readonly spec: ResolvedSpec;
  /** Blocks up to the region graph: whole cells, anchored at the volume's origin. */
  readonly blocks: Grid;
  /** Blocks of the output, which starts where the box does. */
  readonly output: Grid;
  /** Starts, along each axis, of the tiles that touch the box. */
  readonly #starts: readonly [readonly number[], readonly number[], readonly number[]];
  readonly #digests: Readonly<Record<JobStage, string>>;

  constructor(spec: ResolvedSpec) {
    const { box, block } = spec;
    this.spec = spec;
    this.blocks = new Grid(box, block, [0, 0, 0]);
    this.output = new Grid(box, block, box.start);
    this.#starts = [this.#touching(0), this.#touching(1), this.#touching(2)];
    this.#digests = digests(spec);
  }

  /** Id of a task. Names everything the stage depends on, and nothing else. */
  id(stage: JobStage, place: Vec3): string {
    return `${stage}/${this.#digests[stage]}/${place.join('-')}`;
  }

  /** Starts of the tiles of a run. */
  run([z, y, run]: Vec3): Vec3[] {
    const [alongZ, alongY, alongX] = this.#starts;
    const { tilesPerTask } = this.spec;
    const part = alongX.slice(run * tilesPerTask, (run + 1) * tilesPerTask);
    return part.map((x): Vec3 => [alongZ[z], alongY[y], x]);
  }

  /** The tiles that touch a block, in raster order, and which of which run they are. */
  tiles(place: Vec3): { readonly start: Vec3; readonly run: Vec3; readonly index: number }[] {
    const { tilesPerTask } = this.spec;
    const box = this.blocks.block(place);
    const [alongZ, alongY, alongX] = [this.#within(0, box), this.#within(1, box), this.#within(2, box)];
    return alongZ.flatMap(([iz, z]) =>
      alongY.flatMap(([iy, y]) =>
        alongX.map(([ix, x]) => ({
          start: [z, y, x] as const,
          run: [iz, iy, Math.floor(ix / tilesPerTask)] as const,
          index: ix % tilesPerTask,
        })),
      ),
    );
  }

  /** The blocks that a run of tiles touches: those that need its predictions. */
  consumers(place: Vec3): Vec3[] {
    const run = this.run(place);
    const [first, last] = [run[0], run[run.length - 1]];
    const { tileShape } = this.spec;
    // tiles of a run overlap, so that together they cover a box
    return this.blocks.touching({
      start: [Math.max(0, first[0]), Math.max(0, first[1]), Math.max(0, first[2])],
      stop: [last[0] + tileShape[0], last[1] + tileShape[1], last[2] + tileShape[2]],
    });
  }

  /** Raster index of a task's place among those of its stage. */
  index(stage: JobStage, place: Vec3): number {
    if (stage === 'agglomeration') return 0;
    if (stage === 'labels') return this.output.index(place);
    if (stage !== 'tiles') return this.blocks.index(place);
    const runs = Math.ceil(this.#starts[2].length / this.spec.tilesPerTask);
    return (place[0] * this.#starts[1].length + place[1]) * runs + place[2];
  }

  /** A block with its halo, clipped to the box. */
  context(place: Vec3): Box {
    return withHalo(this.blocks.block(place), this.spec.halo, this.spec.box);
  }

  /** The blocks that share voxels with a box, as a stage keeps them; `index` is their place in raster order. */
  sources(stage: 'affinities' | 'fragments', box: Box): (Source & { readonly index: number })[] {
    return this.blocks.touching(box).map((near) => ({
      task: this.id(stage, near),
      box: this.blocks.block(near),
      index: this.blocks.index(near),
    }));
  }

  /** Task of the fragments below a block along an axis; undefined where the box ends. */
  below(place: Vec3, axis: 0 | 1 | 2): string | undefined {
    if (place[axis] === 0) return undefined;
    const near: [number, number, number] = [...place];
    near[axis] -= 1;
    return this.id('fragments', near);
  }

  /** Tiles that share voxels with a box along an axis, numbered; starts ascend. */
  #within(d: 0 | 1 | 2, box: Box): (readonly [number, number])[] {
    const starts = this.#starts[d];
    const found: (readonly [number, number])[] = [];
    for (let i = firstAbove(starts, box.start[d] - this.spec.tileShape[d]); i < starts.length; i++) {
      if (starts[i] >= box.stop[d]) break;
      found.push([i, starts[i]]);
    }
    return found;
  }

  #touching(d: 0 | 1 | 2): number[] {
    const { shape, tileShape, overlap, box } = this.spec;
    const { starts } = planAxis(shape[d], tileShape[d], overlap);
    return starts.filter((start) => start < box.stop[d] && start + tileShape[d] > box.start[d]);
  }
}

/** Number of the first of ascending values above a limit. */
function firstAbove(values: readonly number[], limit: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}

const known = new WeakMap<ResolvedSpec, JobGeometry>();

/** The geometry of a spec, worked out once however many tasks ask. */
export function geometryOf(spec: ResolvedSpec): JobGeometry {
  let geometry = known.get(spec);
  if (geometry === undefined) known.set(spec, (geometry = new JobGeometry(spec)));
  return geometry;
}

function digests(spec: ResolvedSpec): Record<JobStage, string> {
  const { shape, box, tileShape, overlap, inputScale, rawRange, block, tilesPerTask, input, cell, halo } =
    spec;
  const { watershed, agglomeration, minimumSize = 0 } = spec.postprocessing;
  const seen = [FORMAT, shape, tileShape, overlap, sorted(inputScale), rawRange, input, box.start, box.stop];
  const tiles = digest([...seen, tilesPerTask]);
  const affinities = digest([...seen, block]);
  const graph = digest([affinities, sorted({ ...watershed, cell, halo })]);
  const labels = digest([graph, sorted(agglomeration), minimumSize]);
  return { tiles, affinities, fragments: graph, graph, agglomeration: labels, labels };
}

function digest(parts: unknown): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

const sorted = (fields: object) => Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));
