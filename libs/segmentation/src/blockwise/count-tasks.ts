import { resolveSpec, type JobSpec } from './spec.ts';

/**
 * How many tasks a job has at most, worked out without making any: a plan of them takes about 2 kB each.
 *
 * @example if (countTasks(spec) > 100_000) throw new Error('choose larger blocks');
 * @throws {SegmentationError} a field of the spec that makes no sense, by name
 */
export function countTasks(spec: JobSpec): number {
  const { shape, box, block, tileShape, overlap, tilesPerTask } = resolveSpec(spec);
  const extent = (d: number) => box.stop[d] - box.start[d];
  let [blocks, runs] = [1, 1];
  for (const d of [0, 1, 2]) {
    blocks *= Math.ceil(extent(d) / block[d]) + 1; // a box may begin and end inside one
    const stride = Math.max(1, Math.floor(tileShape[d] * (1 - overlap)));
    const tiles = shape[d] <= tileShape[d] ? 1 : Math.ceil((extent(d) + tileShape[d]) / stride) + 1;
    runs *= d === 2 ? Math.ceil(tiles / tilesPerTask) : tiles;
  }
  return runs + 4 * blocks + 1;
}
