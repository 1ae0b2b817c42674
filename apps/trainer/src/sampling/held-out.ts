import { boxShape, type Box, type Vec3 } from '@tokenunify/em-io';
import { CommandError, isCommandError } from '../errors.ts';
import { parseBox } from './box.ts';
import { loadBlock, type LoadedBlock } from './load.ts';
import { checkRoom, gather, orders, overlap, voxelsIn, type Block } from './placement.ts';

/** Of a volume, when nothing else is said. */
export const HELD_OUT_SHARE = 0.02;
/** A crop that is as large as this many shares is held out all the same: with less there would be nothing to look at. */
const MOST_SHARES = 4;
/** Crops that are looked at; more would tell little more, and cost as much again. */
const MOST_CROPS = 8;
/** Of the largest crop, whose cost they have together. */
const MOST_VOXELS = 2;

export interface HeldOutWish {
  /** A share of every volume, at its far corner; or a box of every volume, as `--box` has it; 0: nothing. */
  readonly heldOut: number | string;
  /** Of the curriculum, the smallest first. */
  readonly crops: readonly Vec3[];
  readonly isotropic: boolean;
}

export interface HeldOut {
  /** What is left to train on. */
  readonly blocks: readonly LoadedBlock[];
  /** The curriculum's crops that fit into what is held out, the largest first; none where nothing is. */
  readonly spaces: readonly Vec3[];
  /** Crops to look at, of one of `spaces`: in [0, 1], as they lie, the same every time. */
  cropsOf(space: Vec3): readonly Float32Array[];
}

/** A part of a volume that is held out. */
interface Part {
  readonly block: Block;
  readonly box: Box;
}

/**
 * Parts blocks into what is trained on and what is only looked at. No crop of a `CropSampler` over the returned blocks
 * has a voxel in common with the crops held out.
 *
 * @throws CommandError `trainer/usage` for a box that is outside or smaller than a crop, `trainer/data` when what is held
 *   out leaves no room for a crop
 */
export async function holdOut(
  blocks: readonly LoadedBlock[],
  wish: HeldOutWish,
  signal?: AbortSignal,
): Promise<HeldOut> {
  const { heldOut } = wish;
  if (heldOut === 0) return holding(blocks, [], wish);
  return typeof heldOut === 'number'
    ? holdOutCorners(blocks, heldOut, wish)
    : holdOutBox(blocks, heldOut, wish, signal);
}

function holdOutCorners(blocks: readonly LoadedBlock[], share: number, wish: HeldOutWish): HeldOut {
  for (const space of largestFirst(wish.crops)) {
    const left = blocks.map((block) => withoutCorner(block, share, space, wish));
    const held = left.flatMap((block) => (block.excluded ? [{ block, box: block.excluded }] : []));
    if (held.length > 0) return holding(left, held, wish);
  }
  return holding(blocks, [], wish);
}

function holding(blocks: readonly LoadedBlock[], held: readonly Part[], { crops }: HeldOutWish): HeldOut {
  const sides = held.map(({ box }) => boxShape(box));
  const spaces = largestFirst(crops).filter((crop) =>
    sides.some((shape) => crop.every((length, axis) => length <= shape[axis]!)),
  );
  const most = MOST_VOXELS * size(spaces[0] ?? [0, 0, 0]);
  return {
    blocks,
    spaces,
    cropsOf: (space) =>
      cropsOf(held, space, Math.max(1, Math.min(MOST_CROPS, Math.floor(most / size(space))))),
  };
}

/** The block, whose corner is excluded unless it would take too much or leave too little. */
function withoutCorner(block: LoadedBlock, share: number, space: Vec3, wish: HeldOutWish): LoadedBlock {
  const { shape } = block;
  const start = shape.map((size, axis) => size - Math.max(space[axis]!, Math.round(size * Math.cbrt(share))));
  const excluded: Box = { start: start as unknown as Vec3, stop: shape }; // as many axes as the shape
  const part = voxelsIn(excluded) / shape.reduce((product, size) => product * size, 1);
  if (start.some((at) => at < 0) || part > Math.min(0.5, MOST_SHARES * share)) return block;
  const held = { ...block, excluded };
  return hasRoom(held, wish) ? held : block;
}

function hasRoom(block: Block, { crops, isotropic }: HeldOutWish): boolean {
  try {
    for (const crop of crops) for (const axes of orders(isotropic)) checkRoom(block, axes, crop);
    return true;
  } catch (error) {
    if (isCommandError(error, 'trainer/data')) return false;
    throw error;
  }
}

async function holdOutBox(
  blocks: readonly LoadedBlock[],
  text: string,
  wish: HeldOutWish,
  signal?: AbortSignal,
): Promise<HeldOut> {
  const held = await Promise.all(
    blocks.map(async (block) => {
      const box = parseBox(text, block.volumeShape);
      const part = await loadBlock({ raw: block.location, box }, signal);
      return { block: part, box: { start: [0, 0, 0], stop: part.shape } as const };
    }),
  );
  const left = blocks.map((block, index) => excluding(block, held[index]!.block.box));
  const out = holding(left, held, wish);
  if (out.spaces.length > 0) return out;
  throw new CommandError(
    'trainer/usage',
    `--held-out-box ${text} is ${held[0]!.block.shape.join(' x ')} voxels, smaller than every crop (${wish.crops.map((crop) => crop.join(' x ')).join(', ')}); hold out a larger box.`,
  );
}

/** What a block and a box of the same volume have in common is excluded. */
function excluding(block: LoadedBlock, box: Box): LoadedBlock {
  if (!overlap(block.box, box)) return block;
  const within = (ends: Vec3, axis: number) =>
    Math.min(block.shape[axis]!, Math.max(0, ends[axis]! - block.box.start[axis]!));
  const triple = (ends: Vec3): Vec3 => [within(ends, 0), within(ends, 1), within(ends, 2)];
  return { ...block, excluded: { start: triple(box.start), stop: triple(box.stop) } };
}

const size = ([z, y, x]: Vec3): number => z * y * x;
const largestFirst = (crops: readonly Vec3[]): readonly Vec3[] => crops.toSorted((a, b) => size(b) - size(a));

/** Crops side by side, from every part in turn. */
function cropsOf(held: readonly Part[], space: Vec3, most: number): Float32Array[] {
  const places = held.map(({ block, box }) => sideBySide(block, box, space));
  const crops: Float32Array[] = [];
  for (let round = 0; crops.length < most; round++) {
    const now = places.flatMap((of) => (of[round] ? [of[round]!] : []));
    if (now.length === 0) break;
    for (const draw of now.slice(0, most - crops.length)) crops.push(draw());
  }
  return crops;
}

function sideBySide(block: Block, { start, stop }: Box, space: Vec3): (() => Float32Array)[] {
  const [, height, width] = block.shape;
  const strides: Vec3 = [height * width, width, 1];
  const draws: (() => Float32Array)[] = [];
  for (let z = start[0]; z + space[0] <= stop[0]; z += space[0])
    for (let y = start[1]; y + space[1] <= stop[1]; y += space[1])
      for (let x = start[2]; x + space[2] <= stop[2]; x += space[2]) {
        const base = z * strides[0] + y * strides[1] + x;
        draws.push(() => {
          const out = new Float32Array(size(space));
          gather(block.raw, out, space, { base, strides });
          return out.map((value) => value / 255);
        });
      }
  return draws;
}
