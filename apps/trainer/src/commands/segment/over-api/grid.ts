import { itemSize, type Box, type Dtype, type Vec3, type Volume } from '@tokenunify/em-io';

/** A few hundred kB to a few MB each: fewer requests than voxels would like, and little lost when one breaks. */
const CHUNK_BYTES = { least: 2 ** 15, most: 2 ** 23 };

/** The input's own chunks where they are sent whole and are of a good size, so that each is decoded once; else about 1 MiB. */
export function uploadChunkShape(volume: Volume, box: Box): Vec3 {
  const shape = shapeOf(box);
  const { chunkShape, dtype } = volume;
  const whole = box.start.every((from, axis) => from === 0 && box.stop[axis] === volume.shape[axis]);
  const bytes = chunkShape ? chunkShape[0] * chunkShape[1] * chunkShape[2] * itemSize(dtype) : 0;
  const fits = whole && chunkShape && bytes >= CHUNK_BYTES.least && bytes <= CHUNK_BYTES.most;
  return clip(fits ? chunkShape : defaultChunk(dtype), shape);
}

function defaultChunk(dtype: Dtype): Vec3 {
  const size = itemSize(dtype);
  return size <= 1 ? [64, 128, 128] : size <= 2 ? [64, 64, 128] : [64, 64, 64];
}

/** Pieces of an output in which it is read and written: whole chunks of what is written, and not much smaller than those read. */
export function downloadPiece(chunkShape: Vec3 | undefined, shape: Vec3): Vec3 {
  const length = (axis: 0 | 1 | 2) =>
    64 * Math.max(1, Math.min(4, Math.ceil((chunkShape?.[axis] ?? 64) / 64)));
  return clip([length(0), length(1), length(2)], shape);
}

/** A place in a regular grid. */
export interface Piece {
  readonly index: Vec3;
  readonly box: Box;
}

export function pieceCount(shape: Vec3, piece: Vec3): number {
  return shape.reduce((product, length, axis) => product * Math.ceil(length / piece[axis]!), 1);
}

/** All pieces of a volume, x fastest; those at the end are cut off there. */
export function* pieces(shape: Vec3, piece: Vec3): Generator<Piece, void, void> {
  for (let z = 0; z * piece[0] < shape[0]; z++)
    for (let y = 0; y * piece[1] < shape[1]; y++)
      for (let x = 0; x * piece[2] < shape[2]; x++) {
        const start: Vec3 = [z * piece[0], y * piece[1], x * piece[2]];
        const stop: Vec3 = [
          Math.min(shape[0], start[0] + piece[0]),
          Math.min(shape[1], start[1] + piece[1]),
          Math.min(shape[2], start[2] + piece[2]),
        ];
        yield { index: [z, y, x], box: { start, stop } };
      }
}

export const shapeOf = ({ start, stop }: Box): Vec3 => [
  stop[0] - start[0],
  stop[1] - start[1],
  stop[2] - start[2],
];

export const shifted = ({ start, stop }: Box, by: Vec3): Box => ({
  start: [start[0] + by[0], start[1] + by[1], start[2] + by[2]],
  stop: [stop[0] + by[0], stop[1] + by[1], stop[2] + by[2]],
});

const clip = (piece: Vec3, shape: Vec3): Vec3 => [
  Math.max(1, Math.min(piece[0], shape[0])),
  Math.max(1, Math.min(piece[1], shape[1])),
  Math.max(1, Math.min(piece[2], shape[2])),
];
