import { intersectBoxes, type Box, type Vec3 } from '@tokenunify/em-io';

/** Blocks of one size that cover a box, clipped to it. Their borders lie at whole steps from an anchor. */
export class Grid {
  readonly box: Box;
  readonly step: Vec3;
  readonly anchor: Vec3;
  /** Blocks along each axis. */
  readonly counts: Vec3;
  /** Number, from the anchor, of the first block of each axis. */
  readonly #first: Vec3;

  constructor(box: Box, step: Vec3, anchor: Vec3) {
    this.box = box;
    this.step = step;
    this.anchor = anchor;
    this.#first = [
      this.#number(0, box.start[0]),
      this.#number(1, box.start[1]),
      this.#number(2, box.start[2]),
    ];
    const count = (d: 0 | 1 | 2) => this.#number(d, box.stop[d] - 1) - this.#first[d] + 1;
    this.counts = [count(0), count(1), count(2)];
  }

  /** Every place, in raster order. */
  *places(): Generator<Vec3, void, void> {
    for (let z = 0; z < this.counts[0]; z++)
      for (let y = 0; y < this.counts[1]; y++) for (let x = 0; x < this.counts[2]; x++) yield [z, y, x];
  }

  /** Raster index of a place. */
  index([z, y, x]: Vec3): number {
    return (z * this.counts[1] + y) * this.counts[2] + x;
  }

  /** The block at a place. */
  block(place: Vec3): Box {
    const low = (d: 0 | 1 | 2) => this.anchor[d] + (this.#first[d] + place[d]) * this.step[d];
    const start = (d: 0 | 1 | 2) => Math.max(this.box.start[d], low(d));
    const stop = (d: 0 | 1 | 2) => Math.min(this.box.stop[d], low(d) + this.step[d]);
    return { start: [start(0), start(1), start(2)], stop: [stop(0), stop(1), stop(2)] };
  }

  /** Places of the blocks that share voxels with a box, in raster order. */
  touching(box: Box): Vec3[] {
    const common = intersectBoxes(box, this.box);
    if (common === undefined) return [];
    const range = (d: 0 | 1 | 2) => {
      const from = this.#number(d, common.start[d]) - this.#first[d];
      const to = this.#number(d, common.stop[d] - 1) - this.#first[d];
      return Array.from({ length: to - from + 1 }, (_, i) => from + i);
    };
    return range(0).flatMap((z) => range(1).flatMap((y) => range(2).map((x): Vec3 => [z, y, x])));
  }

  #number(d: 0 | 1 | 2, at: number): number {
    return Math.floor((at - this.anchor[d]) / this.step[d]);
  }
}
