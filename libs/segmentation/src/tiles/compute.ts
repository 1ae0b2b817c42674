import type { Box, Vec3, Volume } from '@tokenunify/em-io';
import { wholeBox } from '@tokenunify/em-io';
import type { QuantisedAffinities } from '../affinities.ts';
import { SegmentationError } from '../errors.ts';
import type { ProgressEvent } from '../progress.ts';
import { TileBlender } from './blend.ts';
import { planTiles } from './plan.ts';
import { checkRaw, rawConverter, readTile, type InputScale, type RawRange } from './raw.ts';

/** A network that predicts affinities of tiles; libs/model's inference process is one. */
export interface AffinityPredictor {
  /** Shape of a tile, (z, y, x). */
  readonly tileShape: Vec3;
  /** Most tiles in one call. */
  readonly batchSize: number;
  readonly channels: 3;
  /**
   * @param tiles [count, 1, z, y, x], scaled
   * @returns a new array, [count, 3, z, y, x] in [0, 1]; `tiles` may be used again once it is there
   */
  predict(
    tiles: Float32Array,
    count: number,
    options?: { readonly signal?: AbortSignal },
  ): Promise<Float32Array>;
}

export interface AffinityOptions {
  /** Part of the volume to return. Default: all of it. Affinities do not depend on it. */
  readonly box?: Box;
  /** Share of a tile that overlaps its neighbour. Default 0.25. */
  readonly overlap?: number;
  /** Smallest volume the model takes (one token). Default one voxel. */
  readonly minimumShape?: Vec3;
  /** Default: 0 .. 255 becomes 0 .. 1. */
  readonly inputScale?: InputScale;
  /** Needed for volumes that are not uint8. */
  readonly rawRange?: RawRange;
  readonly signal?: AbortSignal;
}

/**
 * Affinities of a volume: overlapping tiles, each inferred once, blended with Gaussian weights and quantised to uint8.
 * The next batch is read while the network works on this one. The result does not depend on the batch size, as long as
 * the predictor's does not.
 *
 * @example
 * const tiles = computeAffinities(volume, predictor, { inputScale: model.inputScale });
 * for (;;) { const step = await tiles.next(); if (step.done) return step.value; }
 * @throws {SegmentationError} a volume that is too small or not grey, values that are not finite, a network that gives
 * something other than affinities; the signal's reason when aborted
 */
export async function* computeAffinities(
  volume: Volume,
  predictor: AffinityPredictor,
  options: AffinityOptions = {},
): AsyncGenerator<ProgressEvent, QuantisedAffinities, void> {
  const { overlap = 0.25, minimumShape = [1, 1, 1], inputScale = { offset: 0, scale: 1 / 255 } } = options;
  const { rawRange, signal } = options;
  checkRaw(volume, minimumShape, rawRange);
  const box = options.box ?? wholeBox(volume.shape);
  checkBox(box, volume);
  const plan = planTiles(volume.shape, predictor.tileShape, overlap, box);
  const convert = rawConverter(volume.location, inputScale, rawRange);
  const [depth, height, width] = predictor.tileShape;
  const voxels = depth * height * width;

  const read = async (first: number) => {
    const tiles = plan.tiles.slice(first, first + predictor.batchSize);
    const batch = new Float32Array(tiles.length * voxels);
    for (const [i, start] of tiles.entries()) {
      signal?.throwIfAborted();
      const place = batch.subarray(i * voxels, (i + 1) * voxels);
      await readTile(volume, start, predictor.tileShape, convert, place, signal);
    }
    return { tiles, batch };
  };

  const blender = new TileBlender(plan, box);
  const total = plan.tiles.length;
  yield { stage: 'tiles', done: 0, total, unit: 'tiles' };
  let ahead = read(0);
  for (let first = 0; first < total;) {
    const { tiles, batch } = await ahead;
    signal?.throwIfAborted();
    const predicted = predictor.predict(batch, tiles.length, signal ? { signal } : {});
    const next = first + tiles.length;
    ahead = next < total ? read(next) : Promise.resolve({ tiles: [], batch });
    ahead.catch(() => {}); // it is awaited at the next turn; a failing network must not leave it unhandled
    const values = await predicted;
    checkPrediction(values, tiles.length, predictor.tileShape);
    tiles.forEach((start, i) => blender.add(start, values, i * 3 * voxels));
    first = next;
    yield { stage: 'tiles', done: first, total, unit: 'tiles' };
  }
  const shape: Vec3 = [0, 1, 2].map((d) => box.stop[d] - box.start[d]) as unknown as Vec3; // map keeps three axes, their types do not say so
  const inside = box.start.some((from) => from > 0);
  return { shape, data: blender.finish(), ...(inside && { origin: box.start }) };
}

/** Throws unless a network returned three channels for each tile. */
export function checkPrediction(values: Float32Array, count: number, tile: Vec3): void {
  const needed = count * 3 * tile[0] * tile[1] * tile[2];
  if (values.length === needed) return;
  throw new SegmentationError(
    'segmentation/bad-prediction',
    `The network returned ${values.length} values for ${count} tiles, but ${needed} are needed (3 channels of ${tile.join(' x ')}): check the model package.`,
  );
}

function checkBox({ start, stop }: Box, { shape, location }: Volume): void {
  const ok = start.every(
    (from, d) =>
      Number.isInteger(from) &&
      Number.isInteger(stop[d]) &&
      from >= 0 &&
      from < stop[d] &&
      stop[d] <= shape[d],
  );
  if (ok) return;
  throw new SegmentationError(
    'segmentation/bad-option',
    `The box [${start.join(', ')}] to [${stop.join(', ')}] is empty or leaves ${location}, which is ${shape.join(' x ')}: choose it inside.`,
  );
}
