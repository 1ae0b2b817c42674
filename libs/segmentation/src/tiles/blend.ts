import type { Box, Vec3 } from '@tokenunify/em-io';
import { SegmentationError } from '../errors.ts';
import { Scratch } from '../scratch.ts';
import type { TilePlan } from './plan.ts';
import { tileWeights, weightSums } from './weights.ts';

/** Slack for networks whose sigmoid rounds to just outside [0, 1]. */
const SLACK = 1e-3;

/**
 * Blends predicted tiles into quantised affinities of a box. Only a slab of sections as thick as a tile is held in
 * float32: tiles come in raster order, so once a tile starts further down, the sections above it are complete.
 */
export class TileBlender {
  readonly #plan: TilePlan;
  readonly #box: Box;
  readonly #size: Vec3;
  readonly #out: Uint8Array;
  readonly #slab: Float32Array;
  readonly #weights: readonly [Float64Array, Float64Array, Float64Array];
  readonly #sums: readonly [Float64Array, Float64Array, Float64Array];
  /** Sections of the volume above this are written. */
  #done: number;

  constructor(plan: TilePlan, box: Box, scratch = new Scratch()) {
    const [dz, dy, dx] = [0, 1, 2].map((d) => box.stop[d] - box.start[d]);
    this.#plan = plan;
    this.#box = box;
    this.#size = [dz, dy, dx];
    this.#out = scratch.uint8(3 * dz * dy * dx); // every voxel is written
    this.#slab = scratch.float32(3 * Math.min(plan.tile[0], dz) * dy * dx).fill(0);
    this.#weights = [tileWeights(plan.tile[0]), tileWeights(plan.tile[1]), tileWeights(plan.tile[2])];
    this.#sums = [weightSums(plan.axes[0]), weightSums(plan.axes[1]), weightSums(plan.axes[2])];
    this.#done = box.start[0];
  }

  /**
   * Adds the prediction for a tile.
   *
   * @param start the tile's start; tiles must come in the plan's order
   * @param values three channels, at `offset` in the array
   */
  add(start: Vec3, values: Float32Array, offset: number): void {
    this.#flush(start[0]);
    const { tile } = this.#plan;
    const [low, high] = [this.#clip(start, 0), this.#clip(start, 1)];
    const [, height, width] = this.#size;
    const tileVoxels = tile[0] * tile[1] * tile[2];
    const depth = this.#slab.length / (3 * height * width);
    const [wz, wy, wx] = this.#weights;
    for (let c = 0; c < 3; c++)
      for (let z = low[0]; z < high[0]; z++)
        for (let y = low[1]; y < high[1]; y++) {
          const weight = wz[z - start[0]] * wy[y - start[1]];
          const section = (z - this.#box.start[0]) % depth;
          const to = ((c * depth + section) * height + y - this.#box.start[1]) * width - this.#box.start[2];
          const from =
            offset + c * tileVoxels + ((z - start[0]) * tile[1] + y - start[1]) * tile[2] - start[2];
          for (let x = low[2]; x < high[2]; x++) {
            const value = values[from + x];
            if (!(value >= -SLACK && value <= 1 + SLACK)) refuse(value, c, [z, y, x]);
            this.#slab[to + x] += value * weight * wx[x - start[2]];
          }
        }
  }

  /** The affinities of the box; to be called once, after the last tile. */
  finish(): Uint8Array {
    this.#flush(this.#box.stop[0]);
    return this.#out;
  }

  /** Where a tile's voxels inside the box start (side 0) or stop (side 1). */
  #clip(start: Vec3, side: 0 | 1): Vec3 {
    const { tile } = this.#plan;
    const at = (d: 0 | 1 | 2) =>
      side === 0 ? Math.max(start[d], this.#box.start[d]) : Math.min(start[d] + tile[d], this.#box.stop[d]);
    return [at(0), at(1), at(2)];
  }

  /** Quantises the sections above z and frees their place in the slab. */
  #flush(z: number): void {
    const [boxZ, boxY, boxX] = this.#box.start;
    const [deep, height, width] = this.#size;
    const depth = this.#slab.length / (3 * height * width);
    const [sz, sy, sx] = this.#sums;
    const end = Math.min(z, this.#box.stop[0]);
    for (; this.#done < end; this.#done++)
      for (let c = 0; c < 3; c++)
        for (let y = 0; y < height; y++) {
          const at = this.#done - boxZ;
          const from = ((c * depth + (at % depth)) * height + y) * width;
          const to = ((c * deep + at) * height + y) * width;
          const sum = sz[this.#done] * sy[boxY + y];
          // What lies at p_d == 0 has no link: 0 by convention, whatever the network says.
          const none = (c === 0 && this.#done === 0) || (c === 1 && boxY + y === 0);
          for (let x = 0; x < width; x++) {
            const value = this.#slab[from + x] / (sum * sx[boxX + x]);
            const outside = none || (c === 2 && boxX + x === 0);
            this.#out[to + x] = outside ? 0 : Math.min(255, Math.max(0, value * 255)) + 0.5;
          }
          this.#slab.fill(0, from, from + width);
        }
  }
}

function refuse(value: number, channel: number, voxel: Vec3): never {
  throw new SegmentationError(
    'segmentation/bad-prediction',
    `The network's output of channel ${channel} at voxel (${voxel.join(', ')}) is ${value}, but affinities lie in [0, 1]: check the model package and its input scaling.`,
  );
}
