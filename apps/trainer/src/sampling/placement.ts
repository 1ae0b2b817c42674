import type { Random } from '@tokenunify/model';
import type { Box, Vec3 } from '@tokenunify/em-io';
import { CommandError } from '../errors.ts';

/** A box of a volume, in memory. */
export interface Block {
  readonly source: string;
  readonly shape: Vec3;
  readonly raw: Uint8Array;
  /** Neuron ids, 0 = unlabelled; absent in volumes for pretraining. */
  readonly labels?: Uint32Array;
  /** How often its voxels are drawn, relative to those of other blocks; 1 unless given. */
  readonly weight?: number;
  /** Where in its volume it lies, for messages. */
  readonly box?: Box;
  /** Voxels of the block, in its own coordinates, that no crop may touch: they are held out. */
  readonly excluded?: Box;
}

/** How a crop lies in its block: the block's index of output voxel (z, y, x) is base + z * sz + y * sy + x * sx. */
export interface Placement {
  readonly base: number;
  readonly strides: Vec3;
  /** The voxels it takes, in the block's coordinates. */
  readonly box: Box;
}

/** Far more than are ever needed where `checkFits` has found room. */
const TRIES = 100_000;

/** Draws where a crop lies, and how it is turned and flipped; again and again until it touches nothing held out. */
export function place(block: Block, shape: Vec3, isotropic: boolean, random: Random): Placement {
  for (let tries = 0; tries < TRIES; tries++) {
    const placement = placeAnywhere(block, shape, isotropic, random);
    if (!block.excluded || !overlap(placement.box, block.excluded)) return placement;
  }
  throw noRoom(block, shape);
}

function placeAnywhere(block: Block, shape: Vec3, isotropic: boolean, random: Random): Placement {
  const [, height, width] = block.shape;
  const blockStrides = [height * width, width, 1];
  const axes = shuffleAxes(isotropic, random);
  const strides: number[] = [];
  const [first, last]: [number[], number[]] = [[], []];
  let base = 0;
  axes.forEach((axis, out) => {
    const start = random.integer(roomOf(block, axis, shape[out]!) + 1);
    const flip = random.next() < 0.5;
    base += (flip ? start + shape[out]! - 1 : start) * blockStrides[axis]!;
    strides.push(flip ? -blockStrides[axis]! : blockStrides[axis]!);
    first[axis] = start;
    last[axis] = start + shape[out]!;
  });
  // three axes in, three out
  const triple = (values: number[]) => values as unknown as Vec3;
  return { base, strides: triple(strides), box: { start: triple(first), stop: triple(last) } };
}

export const voxelsIn = ({ start, stop }: Box): number =>
  stop.reduce((product, end, axis) => product * (end - start[axis]!), 1);

export const overlap = (a: Box, b: Box): boolean =>
  a.start.every((start, axis) => start < b.stop[axis]! && b.start[axis]! < a.stop[axis]!);

/** Refuses crops for which what is held out leaves no room, lying along these axes of the block. */
export function checkRoom(block: Block, axes: Vec3, shape: Vec3): void {
  const { excluded, shape: size } = block;
  axes.forEach((axis, out) => roomOf(block, axis, shape[out]!));
  if (!excluded) return;
  const beside = axes.some(
    (axis, out) => Math.max(excluded.start[axis]!, size[axis]! - excluded.stop[axis]!) >= shape[out]!,
  );
  if (!beside) throw noRoom(block, shape);
}

const noRoom = ({ source, shape, excluded }: Block, crop: Vec3): CommandError => {
  const held = excluded ? excluded.stop.map((stop, axis) => stop - excluded.start[axis]!) : [];
  return new CommandError(
    'trainer/data',
    `${source} has a box of ${shape.join(' x ')} voxels, and beside the ${held.join(' x ')} that are held out there is no room for a crop of ${crop.join(' x ')}; hold out less (--held-out 0: nothing), choose a larger box or smaller crops.`,
  );
};

/** How far along an axis of its block a crop can be moved; refuses one that is longer than the block. */
export function roomOf({ shape, source }: Block, axis: number, size: number): number {
  const room = shape[axis]! - size;
  if (room < 0)
    throw new CommandError(
      'trainer/data',
      `${source} has ${shape[axis]} voxels on axis ${'zyx'[axis]} of the box, a crop needs ${size}; choose a larger box or smaller crops.`,
    );
  return room;
}

/** The axes of a block that a crop's z, y and x may lie along. */
export const orders = (isotropic: boolean): readonly Vec3[] =>
  isotropic ? [...keepingZ, ...turningZ] : keepingZ;

const keepingZ: readonly Vec3[] = [
  [0, 1, 2],
  [0, 2, 1],
];
const turningZ: readonly Vec3[] = [
  [1, 0, 2],
  [2, 0, 1],
  [1, 2, 0],
  [2, 1, 0],
];

function shuffleAxes(isotropic: boolean, random: Random): [number, number, number] {
  const [y, x] = random.next() < 0.5 ? [1, 2] : [2, 1];
  if (!isotropic) return [0, y, x];
  const at = random.integer(3);
  return at === 0 ? [0, y, x] : at === 1 ? [y, 0, x] : [y, x, 0];
}

/** Copies a crop out of its block, row by row. */
export function gather(
  from: Uint8Array | Uint32Array,
  to: Float32Array | Uint32Array,
  [d, h, w]: Vec3,
  { base, strides }: Pick<Placement, 'base' | 'strides'>,
): void {
  const [sz, sy, sx] = strides;
  for (let z = 0, out = 0; z < d; z++)
    for (let y = 0; y < h; y++) {
      let at = base + z * sz + y * sy;
      for (let x = 0; x < w; x++, at += sx) to[out++] = from[at]!;
    }
}
