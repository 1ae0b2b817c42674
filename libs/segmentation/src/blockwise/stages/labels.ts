import { boxShape, type Box, type Vec3 } from '@tokenunify/em-io';
import { SegmentationError } from '../../errors.ts';
import { need, type TaskContext } from '../context.ts';
import { needManifest, readArray, readBox, type Outcome } from '../store/index.ts';
import type { JobPlan, LabelsTask } from '../task.ts';

/** Writes the labels of a block. The same bytes every time, so writing them twice does no harm. */
export async function runLabels(task: LabelsTask, plan: JobPlan, context: TaskContext): Promise<Outcome> {
  const { artefacts, signal } = context;
  const output = need(context.output, 'output', task);
  const origin = plan.spec.box.start;
  const whole = boxShape(plan.spec.box);
  if (output.dtype !== 'uint32' || output.shape.some((side, d) => side !== whole[d]))
    throw new SegmentationError(
      'segmentation/shape-mismatch',
      `The output ${output.location} is ${output.dtype} ${output.shape.join(' x ')}, but labels are uint32 ${whole.join(' x ')}: create it so.`,
    );
  const { files } = await needManifest(artefacts, task.agglomeration);
  const shape = boxShape(task.box);
  const labels = new Uint32Array(shape[0] * shape[1] * shape[2]);
  for (const { task: id, box, index } of task.fragments) {
    signal?.throwIfAborted();
    const near = await needManifest(artefacts, id);
    await readBox(artefacts, near.files.fragments, 'uint32', box, labels, task.box);
    const [start] = await readArray(artefacts, files.starts, 'float64', index, 1);
    const lookup = await readArray(artefacts, files.lookup, 'uint32', start, near.counts.fragments + 1);
    relabel(labels, task.box, box, lookup);
  }
  const relative = (at: Vec3): Vec3 => [at[0] - origin[0], at[1] - origin[1], at[2] - origin[2]];
  const place: Box = { start: relative(task.box.start), stop: relative(task.box.stop) };
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
