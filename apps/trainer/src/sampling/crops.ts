import type { LabelledCrop, Random } from '@tokenunify/model';
import type { Vec3 } from '@tokenunify/em-io';
import { CommandError } from '../errors.ts';
import { varyIntensity, type IntensityVariation } from './intensity.ts';
import { checkRoom, gather, orders, place, voxelsIn, type Block, type Placement } from './placement.ts';

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
  /** Where each crop that is still held came from. */
  readonly #origins = new WeakMap<Float32Array, string>();

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
      for (const axes of orders(this.#options.isotropic)) checkRoom(block, axes, shape);
  }

  raw(shape: Vec3, random: Random): Float32Array {
    const { state } = random;
    const block = this.#pick(random);
    const placement = place(block, shape, this.#options.isotropic, random);
    return this.#remember(this.#rawOf(block, shape, placement, random), block, placement, state);
  }

  labelled(shape: Vec3, random: Random): LabelledCrop {
    const { state } = random;
    const block = this.#pick(random);
    const placement = place(block, shape, this.#options.isotropic, random);
    if (!block.labels)
      throw new CommandError('trainer/usage', `${block.source} has no labels; name them with --labels.`);
    const labels = new Uint32Array(shape[0] * shape[1] * shape[2]);
    gather(block.labels, labels, shape, placement);
    const raw = this.#rawOf(block, shape, placement, random);
    return { raw: this.#remember(raw, block, placement, state), labels };
  }

  /**
   * Where the grey values of a crop came from: file, box in the volume, and the state of the random numbers it was drawn
   * with, from which `raw` or `labelled` draws it again, turned, flipped and varied as it was.
   */
  origin(raw: Float32Array): string {
    return this.#origins.get(raw) ?? 'an unknown place';
  }

  #remember(crop: Float32Array, block: Block, { box }: Placement, state: number): Float32Array {
    const shift = block.box?.start ?? [0, 0, 0];
    const ranges = box.start.map(
      (start, axis) => `${start + shift[axis]!}:${box.stop[axis]! + shift[axis]!}`,
    );
    this.#origins.set(crop, `${block.source} at ${ranges.join(',')} (drawn with seed ${state})`);
    return crop;
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

const share = ({ raw, weight = 1, excluded }: Block): number =>
  (raw.length - (excluded ? voxelsIn(excluded) : 0)) * weight;
