/** Boxes and shapes. Axes are always (z, y, x), x fastest; boxes are half-open. */

/** Three numbers in the order (z, y, x). */
export type Vec3 = readonly [number, number, number];

/** Voxels v with start <= v < stop on every axis. */
export interface Box {
  readonly start: Vec3;
  readonly stop: Vec3;
}

/** The box that covers a volume of this shape. */
export function wholeBox(shape: Vec3): Box {
  return { start: [0, 0, 0], stop: shape };
}

/** Voxels of a box along each axis. */
export function boxShape(box: Box): Vec3 {
  return [box.stop[0] - box.start[0], box.stop[1] - box.start[1], box.stop[2] - box.start[2]];
}

/** How many elements an array of this shape has; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** The voxels in both boxes, or undefined where they share none. */
export function intersectBoxes(a: Box, b: Box): Box | undefined {
  const start = a.start.map((from, axis) => Math.max(from, b.start[axis]));
  const stop = a.stop.map((to, axis) => Math.min(to, b.stop[axis]));
  if (start.some((from, axis) => from >= stop[axis])) return undefined;
  return { start: toVec3(start), stop: toVec3(stop) };
}

/** The first three numbers of a list that is known to have them. */
export function toVec3(values: readonly number[]): Vec3 {
  if (values.length < 3) throw new RangeError('expected three numbers');
  return [values[0], values[1], values[2]];
}

/** `[10, 20, 30]` as `10 x 20 x 30`, for messages. */
export function formatShape(shape: readonly number[]): string {
  return shape.length === 0 ? 'a scalar' : shape.join(' x ');
}

/** A box as `[0:10, 0:20, 0:30]`, for messages. */
export function formatBox(box: Box): string {
  return `[${box.start.map((from, axis) => `${from}:${box.stop[axis]}`).join(', ')}]`;
}
