/**
 * Copying a box out of one array into another. Everything is bytes and byte strides, so that one loop serves every dtype.
 */

/** Bytes between neighbours along each axis of a C-order array. */
export function byteStrides(shape: readonly number[], itemSize: number): number[] {
  const strides = new Array<number>(shape.length);
  let stride = itemSize;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

/** Where an element starts. */
export function byteOffset(position: readonly number[], strides: readonly number[]): number {
  return position.reduce((offset, index, axis) => offset + index * strides[axis], 0);
}

/** One side of a copy: bytes, where the box starts in them, and the strides of the whole array. */
export interface Side {
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly strides: readonly number[];
}

/** Copies `extent` elements along each axis. Rows that are contiguous on both sides are copied whole. */
export function copyRegion(from: Side, to: Side, extent: readonly number[], itemSize: number): void {
  if (extent.some((length) => length === 0)) return;
  let run = itemSize;
  let outer = extent.length;
  while (outer > 0 && from.strides[outer - 1] === run && to.strides[outer - 1] === run) {
    run *= extent[outer - 1];
    outer -= 1;
  }
  forEachIndex(extent.slice(0, outer), (index) => {
    let read = from.offset;
    let write = to.offset;
    for (let axis = 0; axis < outer; axis++) {
      read += index[axis] * from.strides[axis];
      write += index[axis] * to.strides[axis];
    }
    if (run > 32) to.bytes.set(from.bytes.subarray(read, read + run), write);
    else for (let byte = 0; byte < run; byte++) to.bytes[write + byte] = from.bytes[read + byte];
  });
}

/** Calls back for every index below `extent`, last axis fastest. The index is reused: copy it to keep it. */
export function forEachIndex(extent: readonly number[], visit: (index: readonly number[]) => void): void {
  if (extent.some((length) => length === 0)) return;
  const index = extent.map(() => 0);
  for (;;) {
    visit(index);
    let axis = extent.length - 1;
    while (axis >= 0) {
      const next = index[axis] + 1;
      if (next < extent[axis]) {
        index[axis] = next;
        break;
      }
      index[axis] = 0;
      axis -= 1;
    }
    if (axis < 0) return;
  }
}
