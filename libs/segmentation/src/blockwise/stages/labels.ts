import { boxShape, type Box, type Vec3 } from '@tokenunify/em-io';
import { SegmentationError } from '../../errors.ts';
import { need, type WorkContext } from '../context.ts';
import { needManifest, readArray, readBox, type Outcome } from '../store/index.ts';
import type { JobGeometry } from '../geometry.ts';
import type { Task } from '../task.ts';

/** Writes the labels of a block. The same bytes every time, so writing them twice does no harm. */
export async function runLabels(task: Task, geometry: JobGeometry, context: WorkContext): Promise<Outcome> {
  const { artefacts, signal, scratch } = context;
  const output = need(context.output, 'output', task);
  const origin = geometry.spec.box.start;
  const whole = boxShape(geometry.spec.box);
  if (output.dtype !== 'uint32' || output.shape.some((side, d) => side !== whole[d]))
    throw new SegmentationError(
      'segmentation/shape-mismatch',
      `The output ${output.location} is ${output.dtype} ${output.shape.join(' x ')}, but labels are uint32 ${whole.join(' x ')}: create it so.`,
    );
  const { files } = await needManifest(artefacts, geometry.id('agglomeration', [0, 0, 0]));
  const at = geometry.output.block(task.place);
  const shape = boxShape(at);
  const labels = scratch.uint32(shape[0] * shape[1] * shape[2]);
  for (const { task: id, box, index } of geometry.sources('fragments', at)) {
    signal?.throwIfAborted();
    const near = await needManifest(artefacts, id);
    await scratch.asyncScope(() =>
      readBox(artefacts, near.files.fragments, 'uint32', box, labels, at, 1, scratch),
    );
    const [start] = await readArray(artefacts, files.starts, 'float64', index, 1);
    const lookup = await readArray(artefacts, files.lookup, 'uint32', start, near.counts.fragments + 1);
    relabel(labels, at, box, lookup);
  }
  const relative = (p: Vec3): Vec3 => [p[0] - origin[0], p[1] - origin[1], p[2] - origin[2]];
  const place: Box = { start: relative(at.start), stop: relative(at.stop) };
  await output.write(place, { dtype: 'uint32', shape, data: labels }, signal ? { signal } : {});
  return { files: {}, counts: {} };
}

/** Looks up what lies in `part`, in place. */
function relabel(labels: Uint32Array, box: Box, part: Box, lookup: Uint32Array): void {
  const [, height, width] = boxShape(box);
  const low = box.start.map((at, d) => Math.max(at, part.start[d]) - at);
  const high = box.start.map((at, d) => Math.min(box.stop[d], part.stop[d]) - at);
  for (let z = low[0]; z < high[0]; z++)
    for (let y = low[1]; y < high[1]; y++) {
      const row = (z * height + y) * width;
      for (let v = row + low[2]; v < row + high[2]; v++) labels[v] = lookup[labels[v]];
    }
}
