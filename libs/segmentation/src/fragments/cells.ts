import type { QuantisedAffinities } from '../affinities.ts';
import { checkQuantised } from '../affinities.ts';
import { connectedComponents, relabelConsecutive } from '../labels/index.ts';
import type { Vec3 } from '../shape.ts';
import { watershed, type WatershedOptions } from './watershed.ts';

/** Cells: the fixed pieces of space, anchored at the volume's origin, in which fragments are made. */
export interface CellOptions {
  /** Shape of a cell in voxels. Default: the whole volume is one cell. */
  readonly cell?: Vec3;
  /** Context read around a cell and thrown away. Default 16 voxels along each axis. */
  readonly halo?: Vec3;
}

/** Fragments of a volume, ids 1 .. count in raster order of their first voxel. */
export interface Fragments {
  readonly shape: Vec3;
  readonly labels: Uint32Array;
  readonly count: number;
}

/**
 * Fragments (supervoxels) of a volume. A cell's fragments are a function of the affinities in the cell and its halo, so
 * they do not depend on how the volume was divided into blocks of whole cells.
 *
 * @example makeFragments(affinities, { mode: '3d' }).count
 */
export function makeFragments(
  affinities: QuantisedAffinities,
  options: WatershedOptions & CellOptions,
): Fragments {
  const steps = fragmentsByCell(affinities, options);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** `makeFragments` a cell at a time. */
export function* fragmentsByCell(
  affinities: QuantisedAffinities,
  options: WatershedOptions & CellOptions,
): Generator<{ readonly done: number; readonly total: number }, Fragments, void> {
  checkQuantised(affinities);
  const { shape } = affinities;
  const cell = options.cell ?? shape;
  const total = shape.reduce((product, side, axis) => product * Math.ceil(side / cell[axis]), 1);
  yield { done: 0, total };
  if (total === 1) {
    // A plateau of seeds may hang together by corners only; fragments hang together by faces.
    const labels = connectedComponents(watershed(affinities, options), shape);
    yield { done: 1, total };
    return numbered(labels, shape);
  }
  const labels = new Uint32Array(shape[0] * shape[1] * shape[2]);
  let done = 0;
  for (let z = 0; z < shape[0]; z += cell[0])
    for (let y = 0; y < shape[1]; y += cell[1])
      for (let x = 0; x < shape[2]; x += cell[2]) {
        fillCell(labels, affinities, [z, y, x], cell, options);
        yield { done: ++done, total };
      }
  return numbered(labels, shape);
}

function numbered(names: Uint32Array, shape: Vec3): Fragments {
  const { labels, count } = relabelConsecutive(names);
  return { shape, labels, count };
}

/** Writes a cell's fragments: each is named by 1 + the raster index, in the volume, of its first voxel. */
function fillCell(
  out: Uint32Array,
  affinities: QuantisedAffinities,
  start: Vec3,
  cell: Vec3,
  options: WatershedOptions & CellOptions,
): void {
  const { shape } = affinities;
  const halo = options.halo ?? [16, 16, 16];
  const low = start.map((at, axis) => Math.max(0, at - halo[axis])) as unknown as Vec3; // map keeps three axes, their types do not say so
  const stop = start.map((at, axis) => Math.min(shape[axis], at + cell[axis])) as unknown as Vec3; // map keeps three axes, their types do not say so
  const high = stop.map((at, axis) => Math.min(shape[axis], at + halo[axis])) as unknown as Vec3; // map keeps three axes, their types do not say so
  const piece = cropAffinities(affinities, low, high);
  const flooded = watershed(piece, options);
  const size: Vec3 = [stop[0] - start[0], stop[1] - start[1], stop[2] - start[2]];
  const inner = new Uint32Array(size[0] * size[1] * size[2]);
  for (let z = 0, to = 0; z < size[0]; z++)
    for (let y = 0; y < size[1]; y++, to += size[2]) {
      const row = ((z + start[0] - low[0]) * piece.shape[1] + y + start[1] - low[1]) * piece.shape[2];
      const from = row + start[2] - low[2];
      inner.set(flooded.subarray(from, from + size[2]), to);
    }
  // Cutting off the halo can leave a fragment in two parts, and one name cannot be the first voxel of both.
  const parts = connectedComponents(inner, size);
  const names = new Uint32Array(parts.length + 1);
  for (let z = 0, v = 0; z < size[0]; z++)
    for (let y = 0; y < size[1]; y++) {
      const row = ((z + start[0]) * shape[1] + y + start[1]) * shape[2] + start[2];
      for (let x = 0; x < size[2]; x++, v++) {
        const part = parts[v];
        if (names[part] === 0) names[part] = row + x + 1;
        out[row + x] = names[part];
      }
    }
}

function cropAffinities({ data, shape }: QuantisedAffinities, low: Vec3, high: Vec3): QuantisedAffinities {
  const size: Vec3 = [high[0] - low[0], high[1] - low[1], high[2] - low[2]];
  const n = shape[0] * shape[1] * shape[2];
  const out = new Uint8Array(3 * size[0] * size[1] * size[2]);
  let to = 0;
  for (let channel = 0; channel < 3; channel++)
    for (let z = low[0]; z < high[0]; z++)
      for (let y = low[1]; y < high[1]; y++, to += size[2]) {
        const from = channel * n + (z * shape[1] + y) * shape[2] + low[2];
        out.set(data.subarray(from, from + size[2]), to);
      }
  return { shape: size, data: out };
}
