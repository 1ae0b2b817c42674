import type { Vec3 } from '@tokenunify/em-io';

type Axis = 0 | 1 | 2;

/** A plane through a neuron, and the part of it that is shown. All in voxels of the box. */
export interface Section {
  readonly axis: Axis;
  /** A voxel of the neuron, near the middle of what is shown. */
  readonly at: Vec3;
  /** First row and column, and how many pixels. */
  readonly from: readonly [number, number];
  readonly size: readonly [number, number];
  /** Voxels from one pixel to the next. */
  readonly step: number;
}

const MARGIN = 10;
const SMALLEST = 64;
/** Pixels of the longer side. */
const LARGEST = 128;

/** Rows and columns of a plane are the other axes, in the order (z, y, x). */
export const planeAxes = (axis: Axis): readonly [Axis, Axis] =>
  axis === 0 ? [1, 2] : axis === 1 ? [0, 2] : [0, 1];

/**
 * Where a neuron has most voxels in one plane, with some room around it.
 *
 * @param axes to cut across: all three where voxels are as long as wide, else z alone
 */
export function largestSection(
  labels: Uint32Array,
  shape: Vec3,
  neuron: number,
  axes: readonly Axis[] = [0, 1, 2],
): Section | undefined {
  const counts = shape.map((side) => new Uint32Array(side)) as [Uint32Array, Uint32Array, Uint32Array]; // an axis each
  forEachVoxel(labels, shape, neuron, (z, y, x) => {
    counts[0][z]! += 1;
    counts[1][y]! += 1;
    counts[2][x]! += 1;
  });
  const best = axes
    .map((axis) => ({ axis, index: counts[axis].indexOf(counts[axis].reduce((a, b) => Math.max(a, b), 0)) }))
    .reduce((a, b) => (counts[b.axis][b.index]! > counts[a.axis][a.index]! ? b : a));
  if (!counts[best.axis][best.index]) return undefined;
  return around(labels, shape, neuron, best.axis, best.index);
}

function around(labels: Uint32Array, shape: Vec3, neuron: number, axis: Axis, index: number): Section {
  const [rows, columns] = planeAxes(axis);
  const inside: Vec3[] = [];
  forEachVoxel(labels, shape, neuron, (...place) => void (place[axis] === index && inside.push(place)));
  const extent = ([rows, columns] as const).map((along) => {
    const places = inside.map((place) => place[along]);
    return [places.reduce((a, b) => Math.min(a, b)), places.reduce((a, b) => Math.max(a, b)) + 1] as const;
  });
  const wanted = Math.max(SMALLEST, ...extent.map(([start, stop]) => stop - start + 2 * MARGIN));
  const step = Math.ceil(wanted / LARGEST);
  const windows = ([rows, columns] as const).map((along, i) => {
    const [start, stop] = extent[i]!;
    const length = Math.min(wanted, shape[along]);
    const from = Math.min(Math.max(0, Math.round((start + stop - length) / 2)), shape[along] - length);
    return { from, size: Math.ceil(length / step), middle: from + length / 2 };
  }) as [Window, Window]; // two in, two out
  const distance = (place: Vec3) =>
    Math.hypot(place[rows] - windows[0].middle, place[columns] - windows[1].middle);
  const at = inside.reduce((a, b) => (distance(b) < distance(a) ? b : a));
  return {
    ...{ axis, at, step },
    from: [windows[0].from, windows[1].from],
    size: [windows[0].size, windows[1].size],
  };
}

interface Window {
  readonly from: number;
  readonly size: number;
  readonly middle: number;
}

function forEachVoxel(
  labels: Uint32Array,
  [depth, height, width]: Vec3,
  label: number,
  visit: (z: number, y: number, x: number) => void,
): void {
  for (let z = 0, v = 0; z < depth; z++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++, v++) if (labels[v] === label) visit(z, y, x);
}

/** Index into the box of each pixel of a section, row by row. */
export function voxelsOfSection({ axis, at, from, size, step }: Section, shape: Vec3): Uint32Array {
  const strides = [shape[1] * shape[2], shape[2], 1] as const;
  const [rows, columns] = planeAxes(axis);
  const base = at[axis] * strides[axis];
  const out = new Uint32Array(size[0] * size[1]);
  for (let r = 0, p = 0; r < size[0]; r++)
    for (let c = 0; c < size[1]; c++, p++)
      out[p] = base + (from[0] + r * step) * strides[rows] + (from[1] + c * step) * strides[columns];
  return out;
}
