import type { Box } from '@tokenunify/em-io';
import type { QuantisedAffinities } from '../affinities.ts';
import { checkQuantised } from '../affinities.ts';
import { connectedComponents } from '../labels/index.ts';
import { Scratch } from '../scratch.ts';
import type { Vec3 } from '../shape.ts';
import { watershed, type WatershedOptions } from './watershed.ts';

/**
 * Cells are this large unless the post-processing says otherwise. A constant, never derived from the volume or the
 * machine: fragments depend on it. Volumes up to this size are one cell.
 */
export const defaultCell: Vec3 = [256, 256, 256];

/** Context around a cell unless the post-processing says otherwise. */
export const defaultHalo: Vec3 = [16, 16, 16];

/** Cells: the fixed pieces of space, anchored at the volume's origin, in which fragments are made. */
export interface CellOptions {
  /** Shape of a cell in voxels. Default 256 along each axis. */
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
  const { shape, origin = [0, 0, 0] } = affinities;
  const context: Box = { start: origin, stop: add(origin, shape) };
  const cells = cellsOf(context, options.cell ?? defaultCell);
  yield { done: 0, total: cells.length };
  const filling = new CellFilling(context);
  for (const [done, cell] of cells.entries()) {
    filling.fill(cell, affinities, context, options);
    yield { done: done + 1, total: cells.length };
  }
  return { shape, ...filling.finish() };
}

/** The cells of a box, clipped to it, in raster order. */
export function cellsOf({ start, stop }: Box, cell: Vec3): Box[] {
  const [alongZ, alongY, alongX] = cell.map((side, d) => {
    const cuts: (readonly [number, number])[] = [];
    for (let at = Math.floor(start[d] / side) * side; at < stop[d]; at += side)
      cuts.push([Math.max(at, start[d]), Math.min(at + side, stop[d])]);
    return cuts;
  });
  return alongZ!.flatMap((z) =>
    alongY!.flatMap((y) =>
      alongX!.map((x): Box => ({ start: [z[0], y[0], x[0]], stop: [z[1], y[1], x[1]] })),
    ),
  );
}

/** A box with its halo, clipped to what there is. */
export function withHalo({ start, stop }: Box, halo: Vec3, within: Box): Box {
  const low = (d: 0 | 1 | 2) => Math.max(within.start[d], start[d] - halo[d]);
  const high = (d: 0 | 1 | 2) => Math.min(within.stop[d], stop[d] + halo[d]);
  return { start: [low(0), low(1), low(2)], stop: [high(0), high(1), high(2)] };
}

/** The fragments of a box, made cell by cell, in any order of cells. */
export class CellFilling {
  readonly #box: Box;
  readonly #labels: Uint32Array;
  #count = 0;

  readonly #scratch: Scratch;

  constructor(box: Box, scratch = new Scratch()) {
    const [depth, height, width] = sizeOf(box);
    this.#box = box;
    this.#scratch = scratch;
    this.#labels = scratch.uint32(depth * height * width);
  }

  /**
   * Makes the fragments of one cell of the box.
   *
   * @param affinities those of `context`, which holds the cell and its halo, except where the volume ends
   */
  fill(
    cell: Box,
    affinities: QuantisedAffinities,
    context: Box,
    options: WatershedOptions & CellOptions,
  ): void {
    const around = withHalo(cell, options.halo ?? defaultHalo, context);
    this.#scratch.scope(() => {
      const flooded = watershed(crop(affinities, context, around, this.#scratch), options, this.#scratch);
      this.#place(flooded, around, cell);
    });
  }

  #place(flooded: Uint32Array, around: Box, cell: Box): void {
    const size = sizeOf(cell);
    const n = size[0] * size[1] * size[2];
    // Cutting off the halo can leave a fragment in two parts; and a plateau of seeds may hang together by corners only,
    // where fragments hang together by faces.
    const parts = connectedComponents(
      inner(flooded, around, cell, this.#scratch),
      size,
      this.#scratch.uint32(n),
    );
    const [, height, width] = sizeOf(this.#box);
    const [z0, y0, x0] = this.#box.start;
    let most = 0;
    for (let z = 0, v = 0; z < size[0]; z++)
      for (let y = 0; y < size[1]; y++) {
        let to = ((z + cell.start[0] - z0) * height + y + cell.start[1] - y0) * width + cell.start[2] - x0;
        for (let x = 0; x < size[2]; x++, v++, to++) {
          const part = parts[v];
          if (part > most) most = part;
          this.#labels[to] = this.#count + part;
        }
      }
    this.#count += most;
  }

  /** Numbers the fragments in raster order of their first voxel in the box. To be called once, after the last cell. */
  finish(): { labels: Uint32Array; count: number } {
    const ids = new Uint32Array(this.#count + 1);
    let count = 0;
    const labels = this.#labels;
    for (let v = 0; v < labels.length; v++) {
      const label = labels[v];
      if (ids[label] === 0) ids[label] = ++count;
      labels[v] = ids[label];
    }
    return { labels, count };
  }
}

/** The part of `around` that is the cell. */
function inner(values: Uint32Array, around: Box, cell: Box, scratch: Scratch): Uint32Array {
  const size = sizeOf(cell);
  const [, height, width] = sizeOf(around);
  if (values.length === size[0] * size[1] * size[2]) return values;
  const out = scratch.uint32(size[0] * size[1] * size[2]);
  for (let z = 0, to = 0; z < size[0]; z++)
    for (let y = 0; y < size[1]; y++, to += size[2]) {
      const row =
        ((z + cell.start[0] - around.start[0]) * height + y + cell.start[1] - around.start[1]) * width;
      const from = row + cell.start[2] - around.start[2];
      out.set(values.subarray(from, from + size[2]), to);
    }
  return out;
}

function crop(
  { data, shape }: QuantisedAffinities,
  from: Box,
  to: Box,
  scratch: Scratch,
): QuantisedAffinities {
  const size = sizeOf(to);
  const n = shape[0] * shape[1] * shape[2];
  if (size[0] * size[1] * size[2] === n) return { shape, data };
  const low = to.start.map((at, d) => at - from.start[d]);
  const out = scratch.uint8(3 * size[0] * size[1] * size[2]);
  let at = 0;
  for (let channel = 0; channel < 3; channel++)
    for (let z = low[0]; z < low[0] + size[0]; z++)
      for (let y = low[1]; y < low[1] + size[1]; y++, at += size[2]) {
        const row = channel * n + (z * shape[1] + y) * shape[2] + low[2];
        out.set(data.subarray(row, row + size[2]), at);
      }
  return { shape: size, data: out };
}

const sizeOf = ({ start, stop }: Box): Vec3 => [stop[0] - start[0], stop[1] - start[1], stop[2] - start[2]];
const add = (a: Vec3, b: Vec3): Vec3 => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
