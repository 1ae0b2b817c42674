import { boxShape, type Vec3 } from '@tokenunify/em-io';
import { geometryOf, type JobGeometry } from './geometry.ts';
import { resolveSpec, type JobSpec } from './spec.ts';
import { jobStages, type JobPlan, type JobStage, type Task } from './task.ts';

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
  const geometry = geometryOf(resolved);
  const places = [...geometry.blocks.places()];
  const ids = new Ids(geometry);
  const task = (stage: JobStage, place: Vec3, after: readonly string[]): Task => {
    const units = stage === 'tiles' ? geometry.run(place).length : 1;
    return { id: ids.of(stage, place), stage, place, units, after };
  };
  // Tiles come in the order of the blocks that need them first, so that what waits to be blended stays little.
  const tiles = new Map<string, Task>();
  const affinities = places.map((place) => {
    const runs = new Set<string>();
    for (const { run } of geometry.tiles(place)) {
      const id = ids.of('tiles', run);
      runs.add(id);
      if (!tiles.has(id)) tiles.set(id, task('tiles', run, []));
    }
    return task('affinities', place, [...runs]);
  });
  const fragments = places.map((place) => {
    const around = geometry.blocks.touching(geometry.context(place));
    return task(
      'fragments',
      place,
      around.map((near) => ids.of('affinities', near)),
    );
  });
  const graphs = places.map((place) => {
    const below = ([0, 1, 2] as const)
      .map((axis) => geometry.below(place, axis))
      .filter((id) => id !== undefined);
    return task('graph', place, [ids.of('affinities', place), ids.of('fragments', place), ...below]);
  });
  const whole: Vec3 = [0, 0, 0];
  const all = [...fragments, ...graphs].map(({ id }) => id);
  const labels = [...geometry.output.places()].map((place) => {
    const parts = geometry.blocks.touching(geometry.output.block(place));
    const after = parts.map((near) => ids.of('fragments', near));
    return task('labels', place, [ids.of('agglomeration', whole), ...after]);
  });
  const agglomeration = task('agglomeration', whole, all);
  const tasks = [...tiles.values(), ...affinities, ...fragments, ...graphs, agglomeration, ...labels];
  return { spec: resolved, tasks };
}

/**
 * The chunk shape an output must have so that no two tasks write to one chunk; at most about 64 voxels along an axis
 * where the blocks allow it.
 *
 * @example createVolume('labels.zarr', { shape: labelShape(plan), dtype: 'uint32', chunkShape: labelChunkShape(plan) })
 */
export function labelChunkShape({ spec: { block, box } }: Pick<JobPlan, 'spec'>): Vec3 {
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
export function labelShape({ spec }: Pick<JobPlan, 'spec'>): Vec3 {
  return boxShape(spec.box);
}

/** Ids, each made once: a block's id is in the lists of all its neighbours. */
class Ids {
  readonly #geometry: JobGeometry;
  readonly #known = new Map<JobStage, Map<number, string>>(jobStages.map((stage) => [stage, new Map()]));

  constructor(geometry: JobGeometry) {
    this.#geometry = geometry;
  }

  of(stage: JobStage, place: Vec3): string {
    const known = this.#known.get(stage)!; // every stage has one
    const index = this.#geometry.index(stage, place);
    let id = known.get(index);
    if (id === undefined) known.set(index, (id = this.#geometry.id(stage, place)));
    return id;
  }
}
