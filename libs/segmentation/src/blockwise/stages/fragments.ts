import { setImmediate } from 'node:timers/promises';
import { boxShape, type Box, type Vec3 } from '@tokenunify/em-io';
import { CellFilling, cellsOf } from '../../fragments/cells.ts';
import type { WorkContext } from '../context.ts';
import { needManifest, readBox, writeArray, type Outcome } from '../store/index.ts';
import type { JobGeometry } from '../geometry.ts';
import type { Task } from '../task.ts';

/**
 * Fragments of a block: ids 1 .. count of its own (uint32, [z, y, x]), for each id its name and its voxels, and the last
 * section of the block along each axis, which is all that the block above needs. A name is 1 + the raster index, in the
 * job's box, of the fragment's first voxel; float64 holds them exactly to 2^53. Ids are in order of names.
 */
export async function runFragments(
  task: Task,
  geometry: JobGeometry,
  context: WorkContext,
): Promise<Outcome> {
  const { artefacts, signal, scratch } = context;
  const { box: whole, cell, halo, postprocessing } = geometry.spec;
  const at = geometry.blocks.block(task.place);
  const around = geometry.context(task.place);
  const shape = boxShape(around);
  const data = scratch.uint8(3 * shape[0] * shape[1] * shape[2]);
  for (const { task: id, box } of geometry.sources('affinities', around)) {
    signal?.throwIfAborted();
    const { files } = await needManifest(artefacts, id);
    await scratch.asyncScope(() =>
      readBox(artefacts, files.affinities, 'uint8', box, data, around, 3, scratch),
    );
  }
  const filling = new CellFilling(at, scratch);
  for (const each of cellsOf(at, cell)) {
    await setImmediate(); // a cell is synchronous; between them others get a turn, and an abort is noticed
    signal?.throwIfAborted();
    filling.fill(each, { shape, data }, around, { ...postprocessing.watershed, cell, halo });
  }
  const { labels, count } = filling.finish();
  const { names, voxels } = describe(labels, count, at, whole);
  const write = (part: string, array: Uint32Array | Float64Array) =>
    writeArray(artefacts, task.id, part, array);
  const [z, y, x] = highFaces(labels, boxShape(at));
  const files = {
    fragments: await write('fragments', labels),
    names: await write('names', names),
    voxels: await write('voxels', voxels),
    faceZ: await write('face-z', z),
    faceY: await write('face-y', y),
    faceX: await write('face-x', x),
  };
  return { files, counts: { fragments: count } };
}

function describe(
  labels: Uint32Array,
  count: number,
  box: Box,
  whole: Box,
): { names: Float64Array; voxels: Float64Array } {
  const names = new Float64Array(count);
  const voxels = new Float64Array(count);
  const [depth, height, width] = boxShape(box);
  const [, wholeHeight, wholeWidth] = boxShape(whole);
  for (let z = 0, v = 0; z < depth; z++)
    for (let y = 0; y < height; y++) {
      const section = z + box.start[0] - whole.start[0];
      const row = (section * wholeHeight + y + box.start[1] - whole.start[1]) * wholeWidth;
      const first = row + box.start[2] - whole.start[2] + 1;
      for (let x = 0; x < width; x++, v++) {
        const at = labels[v] - 1;
        if (names[at] === 0) names[at] = first + x;
        voxels[at] += 1;
      }
    }
  return { names, voxels };
}

function highFaces(
  labels: Uint32Array,
  [depth, height, width]: Vec3,
): [Uint32Array, Uint32Array, Uint32Array] {
  const plane = height * width;
  const y = new Uint32Array(depth * width);
  const x = new Uint32Array(depth * height);
  for (let z = 0; z < depth; z++) {
    y.set(labels.subarray((z + 1) * plane - width, (z + 1) * plane), z * width);
    for (let row = 0; row < height; row++) x[z * height + row] = labels[z * plane + (row + 1) * width - 1];
  }
  return [labels.subarray((depth - 1) * plane), y, x];
}
