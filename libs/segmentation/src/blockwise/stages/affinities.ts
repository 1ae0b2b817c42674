import { TileBlender } from '../../tiles/blend.ts';
import { planTiles } from '../../tiles/index.ts';
import type { WorkContext } from '../context.ts';
import { needManifest, readInto, writeArray, type ArrayRef, type Outcome } from '../store/index.ts';
import type { JobGeometry } from '../geometry.ts';
import type { Task } from '../task.ts';

/**
 * Affinities of a block, uint8, [3, z, y, x]. Tiles are added in the order in which `computeAffinities` adds them, and a
 * tile that does not touch the block would add nothing to it, so every voxel gets the same float sums.
 */
export async function runAffinities(
  task: Task,
  geometry: JobGeometry,
  context: WorkContext,
): Promise<Outcome> {
  const { shape, tileShape, overlap } = geometry.spec;
  const { artefacts, signal, scratch } = context;
  const predictions = new Map<string, ArrayRef>();
  for (const id of task.after) {
    const { files } = await needManifest(artefacts, id);
    predictions.set(id, files.prediction);
  }
  const box = geometry.blocks.block(task.place);
  const blender = new TileBlender(planTiles(shape, tileShape, overlap, box), box, scratch);
  const section = tileShape[1] * tileShape[2];
  const values = scratch.float32(3 * tileShape[0] * tileShape[1] * tileShape[2]);
  for (const { run, index, start } of geometry.tiles(task.place)) {
    signal?.throwIfAborted();
    const prediction = predictions.get(geometry.id('tiles', run))!; // the plan lists every tile's task in `after`
    // of each channel, only the sections that lie in the block
    const low = Math.max(0, box.start[0] - start[0]) * section;
    const high = Math.min(tileShape[0], box.stop[0] - start[0]) * section;
    for (let at = 0; at < values.length; at += tileShape[0] * section)
      await readInto(
        artefacts,
        prediction,
        values.subarray(at + low, at + high),
        index * values.length + at + low,
      );
    blender.add(start, values, 0);
  }
  const affinities = await writeArray(artefacts, task.id, 'affinities', blender.finish());
  return { files: { affinities }, counts: {} };
}
