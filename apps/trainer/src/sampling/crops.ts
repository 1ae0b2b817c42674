import type { LabelledCrop, Random } from '@tokenunify/model';
import type { Vec3 } from '@tokenunify/em-io';
import { CommandError } from '../errors.ts';
import { varyIntensity, type IntensityVariation } from './intensity.ts';

/** A box of a volume, in memory. */
export interface Block {
  readonly source: string;
  readonly shape: Vec3;
  readonly raw: Uint8Array;
  /** Neuron ids, 0 = unlabelled; absent in volumes for pretraining. */
  readonly labels?: Uint32Array;
}

export interface SamplingOptions {
  /** True when z may be swapped with y and x: isotropic voxels. */
  readonly isotropic: boolean;
  readonly intensity: IntensityVariation;
}

/** How a crop lies in its block: the block's index of output voxel (z, y, x) is base + z * sz + y * sy + x * sx. */
interface Placement {
  readonly base: number;
  readonly strides: Vec3;
}

/**
 * Draws crops of one shape from blocks, each as likely as its volume is large, flipped and (isotropic) transposed at
 * random: all 48 symmetries of the cube, or the 16 that keep z.
 */
export class CropSampler {
  readonly #blocks: readonly Block[];
  readonly #options: SamplingOptions;
  readonly #total: number;

  constructor(blocks: readonly Block[], options: SamplingOptions) {
    if (blocks.length === 0)
      throw new CommandError('trainer/usage', 'There is nothing to train on; name a volume with --raw.');
    this.#blocks = blocks;
    this.#options = options;
    this.#total = blocks.reduce((sum, { raw }) => sum + raw.length, 0);
  }

  raw(shape: Vec3, random: Random): Float32Array {
    const block = this.#pick(random);
    return this.#rawOf(block, shape, place(block, shape, this.#options.isotropic, random), random);
  }

  labelled(shape: Vec3, random: Random): LabelledCrop {
    const block = this.#pick(random);
    const placement = place(block, shape, this.#options.isotropic, random);
    if (!block.labels)
      throw new CommandError('trainer/usage', `${block.source} has no labels; name them with --labels.`);
    const labels = new Uint32Array(shape[0] * shape[1] * shape[2]);
    gather(block.labels, labels, shape, placement);
    return { raw: this.#rawOf(block, shape, placement, random), labels };
  }

  #rawOf(block: Block, shape: Vec3, placement: Placement, random: Random): Float32Array {
    const out = new Float32Array(shape[0] * shape[1] * shape[2]);
    gather(block.raw, out, shape, placement);
    for (let i = 0; i < out.length; i++) out[i]! /= 255;
    varyIntensity(out, this.#options.intensity, random);
    return out;
  }

  #pick(random: Random): Block {
    let left = random.next() * this.#total;
    for (const block of this.#blocks) if ((left -= block.raw.length) < 0) return block;
    return this.#blocks[this.#blocks.length - 1]!;
  }
}

function place(block: Block, shape: Vec3, isotropic: boolean, random: Random): Placement {
  const [, height, width] = block.shape;
  const blockStrides = [height * width, width, 1];
  const axes = shuffleAxes(isotropic, random);
  const strides: number[] = [];
  let base = 0;
  axes.forEach((axis, out) => {
    const room = block.shape[axis]! - shape[out]!;
    if (room < 0)
      throw new CommandError(
        'trainer/data',
        `${block.source} has ${block.shape[axis]} voxels on axis ${'zyx'[axis]} of the box, a crop needs ${shape[out]}; choose a larger box or a smaller --crop.`,
      );
    const start = random.integer(room + 1);
    const flip = random.next() < 0.5;
    base += (flip ? start + shape[out]! - 1 : start) * blockStrides[axis]!;
    strides.push(flip ? -blockStrides[axis]! : blockStrides[axis]!);
  });
  return { base, strides: strides as unknown as Vec3 }; // three axes in, three out
}

function shuffleAxes(isotropic: boolean, random: Random): [number, number, number] {
  const [y, x] = random.next() < 0.5 ? [1, 2] : [2, 1];
  if (!isotropic) return [0, y, x];
  const at = random.integer(3);
  return at === 0 ? [0, y, x] : at === 1 ? [y, 0, x] : [y, x, 0];
}

function gather(
  from: Uint8Array | Uint32Array,
  to: Float32Array | Uint32Array,
  [d, h, w]: Vec3,
  { base, strides }: Placement,
) {
  const [sz, sy, sx] = strides;
  for (let z = 0, out = 0; z < d; z++)
    for (let y = 0; y < h; y++) {
      let at = base + z * sz + y * sy;
      for (let x = 0; x < w; x++, at += sx) to[out++] = from[at]!;
    }
}
