import type { LabelledCrop, Random } from '@tokenunify/model';
import type { Vec3 } from '@tokenunify/em-io';
import { CommandError } from '../errors.ts';
import { varyIntensity, type IntensityVariation } from './intensity.ts';
import { gather, orders, place, roomOf, type Block, type Placement } from './placement.ts';

export type { Block } from './placement.ts';

export interface SamplingOptions {
  /** True when z may be swapped with y and x: isotropic voxels. */
  readonly isotropic: boolean;
  readonly intensity: IntensityVariation;
}

/**
 * Draws crops of one shape from blocks, each as likely as its volume is large (times its weight), flipped and (isotropic) transposed at
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
    this.#total = blocks.reduce((sum, block) => sum + share(block), 0);
  }

  /**
   * Refuses crops that a block is too small for, however they lie in it: at the start of a training, not when such a
   * crop is drawn.
   * @throws CommandError `trainer/data`
   */
  checkFits(shape: Vec3): void {
    for (const block of this.#blocks)
      for (const axes of orders(this.#options.isotropic))
        axes.forEach((axis, out) => roomOf(block, axis, shape[out]!));
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
    for (const block of this.#blocks) if ((left -= share(block)) < 0) return block;
    return this.#blocks[this.#blocks.length - 1]!;
  }
}

const share = ({ raw, weight = 1 }: Block): number => raw.length * weight;
