import { checkPrediction } from '../../tiles/compute.ts';
import { checkRaw, rawConverter, readTile } from '../../tiles/raw.ts';
import { SegmentationError } from '../../errors.ts';
import { need, type WorkContext } from '../context.ts';
import { writeArray, type Outcome } from '../store/index.ts';
import type { JobGeometry } from '../geometry.ts';
import type { Task } from '../task.ts';

/** Predictions of a run of tiles, float32, [tile, 3, z, y, x]. */
export async function runTiles(task: Task, geometry: JobGeometry, context: WorkContext): Promise<Outcome> {
  const volume = need(context.volume, 'volume', task);
  const predictor = need(context.predictor, 'predictor', task);
  const { tileShape, rawRange, inputScale, minimumShape, shape } = geometry.spec;
  const run = geometry.run(task.place);
  const { signal } = context;
  expectShape(volume.location, volume.shape, shape);
  expectShape('The network', predictor.tileShape, tileShape);
  checkRaw(volume, minimumShape, rawRange ?? undefined);
  const convert = rawConverter(volume.location, inputScale, rawRange ?? undefined);
  const voxels = tileShape[0] * tileShape[1] * tileShape[2];
  const predictions: Float32Array[] = [];
  const { batchSize } = predictor;
  const input = context.scratch.float32(Math.min(batchSize, run.length) * voxels);
  for (let first = 0; first < run.length; first += batchSize) {
    const starts = run.slice(first, first + batchSize);
    const batch = input.subarray(0, starts.length * voxels);
    for (const [i, start] of starts.entries()) {
      signal?.throwIfAborted();
      const place = batch.subarray(i * voxels, (i + 1) * voxels);
      await readTile(volume, start, tileShape, convert, place, signal);
    }
    const values = await predictor.predict(batch, starts.length, signal ? { signal } : {});
    checkPrediction(values, starts.length, tileShape);
    predictions.push(values);
  }
  const [first, ...rest] = predictions;
  const prediction = await writeArray(context.artefacts, task.id, 'prediction', first, ...rest);
  return { files: { prediction }, counts: { tiles: run.length } };
}

function expectShape(what: string, actual: readonly number[], expected: readonly number[]): void {
  if (actual.every((side, d) => side === expected[d])) return;
  throw new SegmentationError(
    'segmentation/shape-mismatch',
    `${what} has the shape ${actual.join(' x ')}, but the job was planned for ${expected.join(' x ')}: plan it again.`,
  );
}
