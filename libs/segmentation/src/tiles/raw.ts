import type { Box, NdArray, Vec3, Volume } from '@tokenunify/em-io';
import { SegmentationError } from '../errors.ts';
import { reflect } from './plan.ts';

/** How stored values become the network's input: (v - offset) * scale, with v in 0 .. 255. */
export interface InputScale {
  readonly offset: number;
  readonly scale: number;
}

/**
 * The range of a volume that is not uint8: `low` becomes 0 and `high` 255, values outside are cut, before the model's own
 * scaling. uint8 volumes need none.
 */
export type RawRange = readonly [low: number, high: number];

/** Checks that a volume can be segmented at all; the message says what to do when not. */
export function checkRaw(volume: Volume, minimumShape: Vec3, range: RawRange | undefined): void {
  const { shape, location, dtype, channels } = volume;
  if (channels !== undefined)
    throw new SegmentationError(
      'segmentation/bad-shape',
      `${location} has ${channels} channels, but raw data is a volume with the axes (z, y, x): pass one channel.`,
    );
  if (shape.includes(0))
    throw new SegmentationError(
      'segmentation/too-small',
      `${location} is empty: its shape is ${shape.join(' x ')}; pass a volume with voxels.`,
    );
  const axis = shape.findIndex((side, d) => side < minimumShape[d]);
  if (axis >= 0)
    throw new SegmentationError(
      'segmentation/too-small',
      `${location} has ${shape[axis]} voxels along ${'zyx'[axis]}, but this model needs at least ${minimumShape[axis]} (one token): pass a larger volume.`,
    );
  if (dtype !== 'uint8' && range === undefined)
    throw new SegmentationError(
      'segmentation/bad-dtype',
      `${location} is ${dtype}, but raw data is uint8: convert it, or give rawRange, the values that stand for black and white.`,
    );
  if (range !== undefined && !(range[1] > range[0] && Number.isFinite(range[1] - range[0])))
    throw new SegmentationError(
      'segmentation/bad-option',
      `rawRange is [${range.join(', ')}], but it must be two numbers, the lower first.`,
    );
}

/** Reads the part of a tile that lies in the volume, mirrors the rest, scales, and writes it into a batch. */
export async function readTile(
  volume: Volume,
  start: Vec3,
  tile: Vec3,
  convert: RawConverter,
  out: Float32Array,
  signal?: AbortSignal,
): Promise<void> {
  const maps = start.map((from, d) =>
    Int32Array.from({ length: tile[d] }, (_, i) => reflect(from + i, volume.shape[d])),
  );
  const low = maps.map((map) => map.reduce((a, b) => Math.min(a, b)));
  const high = maps.map((map) => map.reduce((a, b) => Math.max(a, b)) + 1);
  const box: Box = { start: [low[0], low[1], low[2]], stop: [high[0], high[1], high[2]] };
  const values = convert(await volume.read(box, signal ? { signal } : {}), box);
  const [height, width] = [high[1] - low[1], high[2] - low[2]];
  let to = 0;
  for (let z = 0; z < tile[0]; z++)
    for (let y = 0; y < tile[1]; y++) {
      const row = ((maps[0][z] - low[0]) * height + maps[1][y] - low[1]) * width - low[2];
      for (let x = 0; x < tile[2]; x++) out[to++] = values[row + maps[2][x]];
    }
}

/** From stored values to network input; the result is overwritten by the next call. */
export type RawConverter = (array: NdArray, box: Box) => Float32Array;

/** A function from stored values to network input, which refuses what is not a number. */
export function rawConverter(
  location: string,
  { offset, scale }: InputScale,
  range: RawRange | undefined,
): RawConverter {
  const [low, high] = range ?? [0, 255];
  let out = new Float32Array(0);
  return ({ data }, box) => {
    if (out.length < data.length) out = new Float32Array(data.length);
    for (let i = 0; i < data.length; i++) {
      const value = Number(data[i]);
      if (!Number.isFinite(value)) refuse(location, value, i, box);
      const grey = Math.min(255, Math.max(0, ((value - low) / (high - low)) * 255));
      out[i] = (grey - offset) * scale;
    }
    return out;
  };
}

function refuse(location: string, value: number, index: number, { start, stop }: Box): never {
  const [height, width] = [stop[1] - start[1], stop[2] - start[2]];
  const at = [Math.floor(index / (height * width)), Math.floor(index / width) % height, index % width];
  throw new SegmentationError(
    'segmentation/bad-dtype',
    `${location} holds ${value} at voxel (${at.map((p, d) => p + start[d]).join(', ')}), which is not a grey value: replace it before segmenting.`,
  );
}
