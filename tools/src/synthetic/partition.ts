import type { Vec3 } from '@tokenunify/em-io';
import type { Neurite } from './neurites.ts';
import type { Warp } from './warp.ts';

/** Every sample point of a grid given to a neuron. */
export interface Partition {
  /** Index of the neuron (`Neurite.neuron`), one a voxel. */
  readonly owner: Uint32Array;
  /** Distance to the nearest border with another neuron, nm: exact to first order, which is what membranes need. */
  readonly border: Float32Array;
}

/** Where the samples of a grid lie: voxel i of an axis is at (i + 0.5) * pitch, plus the shift of its z plane. */
export interface Grid {
  readonly shape: Vec3;
  readonly pitch: Vec3;
  /** nm by which plane z is displaced in y and x: two numbers a plane. */
  readonly shift: Float64Array;
}

/** Blocks of voxels share a list of candidate segments; a small block chooses its own from its large block's. */
const LARGE = 16;
const SMALL = 4;

/**
 * Divides space among tubes: a point belongs to the tube whose surface is nearest (an additively weighted Voronoi diagram of curves),
 * looked up in a warped space, so that borders are neither planes nor spheres.
 *
 * The border's distance follows from the two nearest tubes of different neurons: F = d2 - d1 vanishes on the border and changes by
 * |n2 - n1| a nm, n being the unit vectors away from the tubes.
 *
 * For speed, whole blocks first drop all segments that cannot be the first or second nearest of any of their voxels.
 */
export function partitionSpace(grid: Grid, neurites: readonly Neurite[], warp: Warp): Partition {
  const [depth, height, width] = grid.shape;
  const owner = new Uint32Array(depth * height * width);
  const border = new Float32Array(depth * height * width);
  const segments = listSegments(neurites);
  const everything = Int32Array.from({ length: segments.count }, (_, s) => s);
  const coarse = new Int32Array(segments.count);
  const candidates = new Int32Array(segments.count);
  const lower = new Float64Array(segments.count);
  const nearest = new Float64Array(segments.neurons);
  const jitter = grid.shift.reduce((most, shift) => Math.max(most, Math.abs(shift)), 0);
  const target = new Float64Array(3);
  forBlocks([0, 0, 0], grid.shape, LARGE, (from, to) => {
    const count = prune(from, to, everything, everything.length, coarse);
    forBlocks(from, to, SMALL, (start, stop) => {
      const few = prune(start, stop, coarse, count, candidates);
      for (let z = start[0]; z < stop[0]; z++) {
        for (let y = start[1]; y < stop[1]; y++)
          for (let x = start[2]; x < stop[2]; x++) assign(z, y, x, few);
      }
    });
  });
  return { owner, border };

  /** Writes to `out` those of the first `count` segments of `list` that matter to a block, nearest first; returns how many. */
  function prune(from: Vec3, to: Vec3, list: Int32Array, count: number, out: Int32Array): number {
    const centre = from.map((start, d) => ((start + to[d]) / 2) * grid.pitch[d]);
    const half = from.map((start, d) => ((to[d] - start) / 2) * grid.pitch[d]);
    warp.apply(centre[0], centre[1], centre[2], target);
    const [cz, cy, cx] = target;
    let reach = 0;
    for (let corner = 0; corner < 8; corner++) {
      const sign = (bit: number): number => (corner & bit ? 1 : -1);
      warp.apply(
        centre[0] + sign(4) * half[0],
        centre[1] + sign(2) * half[1],
        centre[2] + sign(1) * half[2],
        target,
      );
      reach = Math.max(
        reach,
        Math.sqrt((target[0] - cz) ** 2 + (target[1] - cy) ** 2 + (target[2] - cx) ** 2),
      );
    }
    // the warp bulges between the corners
    reach = 1.2 * reach + jitter;
    nearest.fill(Number.POSITIVE_INFINITY);
    for (let i = 0; i < count; i++) {
      const s = list[i];
      lower[s] = segments.distance(s, cz, cy, cx);
      const n = segments.neuron[s];
      if (lower[s] < nearest[n]) nearest[n] = lower[s];
    }
    let first = Number.POSITIVE_INFINITY;
    let second = Number.POSITIVE_INFINITY;
    for (const d of nearest) {
      if (d < first) {
        second = first;
        first = d;
      } else if (d < second) second = d;
    }
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const s = list[i];
      if (lower[s] - reach > second + reach) continue;
      lower[s] -= reach;
      let at = kept++;
      for (; at > 0 && lower[out[at - 1]] > lower[s]; at--) out[at] = out[at - 1];
      out[at] = s;
    }
    return kept;
  }

  function assign(z: number, y: number, x: number, count: number): void {
    const shiftY = grid.shift[2 * z];
    const shiftX = grid.shift[2 * z + 1];
    warp.apply(
      (z + 0.5) * grid.pitch[0],
      (y + 0.5) * grid.pitch[1] + shiftY,
      (x + 0.5) * grid.pitch[2] + shiftX,
      target,
    );
    const pz = target[0];
    const py = target[1];
    const px = target[2];
    const { data, neuron } = segments;
    let d1 = Number.POSITIVE_INFINITY;
    let d2 = Number.POSITIVE_INFINITY;
    let n1 = -1;
    let n2 = -1;
    let s1 = -1;
    let s2 = -1;
    for (let i = 0; i < count; i++) {
      const s = candidates[i];
      if (lower[s] >= d2) break;
      const k = s * STRIDE;
      const az = pz - data[k];
      const ay = py - data[k + 1];
      const ax = px - data[k + 2];
      let t = az * data[k + 3] + ay * data[k + 4] + ax * data[k + 5];
      t = t < 0 ? 0 : t > data[k + 6] ? 1 : t / data[k + 6];
      const rz = az - t * data[k + 3];
      const ry = ay - t * data[k + 4];
      const rx = ax - t * data[k + 5];
      const d = Math.sqrt(rz * rz + ry * ry + rx * rx) - data[k + 7] - t * data[k + 8];
      if (d >= d2) continue;
      const n = neuron[s];
      if (d < d1) {
        if (n !== n1) {
          d2 = d1;
          n2 = n1;
          s2 = s1;
        }
        d1 = d;
        n1 = n;
        s1 = s;
      } else if (n !== n1) {
        d2 = d;
        n2 = n;
        s2 = s;
      }
    }
    const v = (z * height + y) * width + x;
    owner[v] = n1;
    border[v] = n2 < 0 ? FAR : Math.min(FAR, (d2 - d1) / Math.max(0.4, segments.spread(s1, s2, pz, py, px)));
  }
}

/** Calls `visit` with the corners of the blocks of a box. */
function forBlocks(from: Vec3, to: Vec3, side: number, visit: (start: Vec3, stop: Vec3) => void): void {
  const end = (start: number, d: 0 | 1 | 2): number => Math.min(to[d], start + side);
  for (let z = from[0]; z < to[0]; z += side) {
    for (let y = from[1]; y < to[1]; y += side) {
      for (let x = from[2]; x < to[2]; x += side) visit([z, y, x], [end(z, 0), end(y, 1), end(x, 2)]);
    }
  }
}

/** Stands for "no border near", nm. */
export const FAR = 1000;
const STRIDE = 9;

/** Straight pieces of all tubes: start (3), extent (3), squared length, radius at the start, its change. */
class Segments {
  readonly count: number;
  readonly neurons: number;
  readonly data: Float64Array;
  readonly neuron: Int32Array;

  constructor(data: Float64Array, neuron: Int32Array) {
    this.data = data;
    this.neuron = neuron;
    this.count = neuron.length;
    this.neurons = neuron.reduce((most, n) => Math.max(most, n), -1) + 1;
  }

  distance(s: number, z: number, y: number, x: number): number {
    const { data } = this;
    const k = s * STRIDE;
    const t = this.#place(k, z, y, x);
    const rz = z - data[k] - t * data[k + 3];
    const ry = y - data[k + 1] - t * data[k + 4];
    const rx = x - data[k + 2] - t * data[k + 5];
    return Math.sqrt(rz * rz + ry * ry + rx * rx) - data[k + 7] - t * data[k + 8];
  }

  /** |n2 - n1| at a point: 2 between two tubes that face each other, less towards a corner. */
  spread(s1: number, s2: number, z: number, y: number, x: number): number {
    const { data } = this;
    const i = s1 * STRIDE;
    const j = s2 * STRIDE;
    const t = this.#place(i, z, y, x);
    const u = this.#place(j, z, y, x);
    const az = z - data[i] - t * data[i + 3];
    const ay = y - data[i + 1] - t * data[i + 4];
    const ax = x - data[i + 2] - t * data[i + 5];
    const bz = z - data[j] - u * data[j + 3];
    const by = y - data[j + 1] - u * data[j + 4];
    const bx = x - data[j + 2] - u * data[j + 5];
    const a = Math.sqrt(az * az + ay * ay + ax * ax) || 1;
    const b = Math.sqrt(bz * bz + by * by + bx * bx) || 1;
    return Math.sqrt((bz / b - az / a) ** 2 + (by / b - ay / a) ** 2 + (bx / b - ax / a) ** 2);
  }

  #place(k: number, z: number, y: number, x: number): number {
    const { data } = this;
    const t = (z - data[k]) * data[k + 3] + (y - data[k + 1]) * data[k + 4] + (x - data[k + 2]) * data[k + 5];
    return t < 0 ? 0 : t > data[k + 6] ? 1 : t / data[k + 6];
  }
}

function listSegments(neurites: readonly Neurite[]): Segments {
  const data: number[] = [];
  const neuron: number[] = [];
  for (const { points, radii, neuron: n } of neurites) {
    // a neurite of one sample is a ball: a segment of no length
    const last = Math.max(1, radii.length - 1);
    for (let i = 0; i < last; i++) {
      const j = Math.min(i + 1, radii.length - 1);
      const extent = [0, 1, 2].map((d) => points[3 * j + d] - points[3 * i + d]);
      const squared = Math.max(1e-6, extent[0] ** 2 + extent[1] ** 2 + extent[2] ** 2);
      data.push(
        points[3 * i],
        points[3 * i + 1],
        points[3 * i + 2],
        ...extent,
        squared,
        radii[i],
        radii[j] - radii[i],
      );
      neuron.push(n);
    }
  }
  return new Segments(new Float64Array(data), new Int32Array(neuron));
}
