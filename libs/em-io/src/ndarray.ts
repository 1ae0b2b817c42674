import { byteStrides, copyRegion } from './copy-region.ts';
import { allocate, bytesOf, holds, itemSize, type Dtype, type TypedArray } from './dtype.ts';
import { EmIoError } from './errors.ts';
import { elementCount, formatShape } from './geometry.ts';

/** An array in C order: the last axis is fastest. */
export interface NdArray {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

/**
 * Makes an array, zeroed unless data is given.
 *
 * ```ts
 * ndArray('uint8', [2, 3, 4]);
 * ndArray('uint32', shape, labels);
 * ```
 * @throws `em-io/shape-mismatch` when the data does not fit the shape or the dtype.
 */
export function ndArray(dtype: Dtype, shape: readonly number[], data?: TypedArray): NdArray {
  const length = elementCount(shape);
  if (data === undefined) return { dtype, shape, data: allocate(dtype, length) };
  checkArray({ dtype, shape, data });
  return { dtype, shape, data };
}

/** @throws `em-io/shape-mismatch` for an array whose fields contradict each other. */
export function checkArray(array: NdArray): void {
  const { dtype, shape, data } = array;
  if (shape.some((length) => !Number.isSafeInteger(length) || length < 0)) {
    throw new EmIoError(
      'em-io/shape-mismatch',
      `An array's shape is ${formatShape(shape)}; every axis must be an integer, 0 or more.`,
    );
  }
  if (!holds(dtype, data)) {
    throw new EmIoError(
      'em-io/shape-mismatch',
      `An array says dtype ${dtype} but its data is a ${data.constructor.name}; give the typed array of that dtype.`,
    );
  }
  if (data.length !== elementCount(shape)) {
    throw new EmIoError(
      'em-io/shape-mismatch',
      `An array of shape ${formatShape(shape)} has ${elementCount(shape)} elements, but its data has ${data.length}.`,
    );
  }
}

/**
 * Reads Fortran order as C order: given the elements in Fortran order of `shape`, returns the same array in C order.
 */
export function fromFortranOrder(dtype: Dtype, shape: readonly number[], data: TypedArray): NdArray {
  const size = itemSize(dtype);
  const out = ndArray(dtype, shape);
  // Fortran order of a shape is C order of the reversed shape: the first axis is the fastest.
  const strides = byteStrides([...shape].reverse(), size).reverse();
  copyRegion(
    { bytes: bytesOf(data), offset: 0, strides },
    { bytes: bytesOf(out.data), offset: 0, strides: byteStrides(shape, size) },
    shape,
    size,
  );
  return out;
}

/**
 * Refuses NaN and infinity, which integer dtypes cannot hold and no threshold orders.
 * @param field what to call the array in the message: a path, or a field of a request.
 * @throws `em-io/not-finite` naming the first such voxel.
 */
export function assertFinite(array: NdArray, field: string): void {
  const { data } = array;
  if (!(data instanceof Float32Array || data instanceof Float64Array)) return;
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (value - value === 0) continue; // NaN and the infinities are the only numbers for which this fails
    const position = array.shape.map((length, axis) => {
      return Math.floor(i / elementCount(array.shape.slice(axis + 1))) % length;
    });
    throw new EmIoError(
      'em-io/not-finite',
      `${field} holds ${value} at [${position.join(', ')}]; replace values that are not finite before sending it.`,
    );
  }
}

/**
 * Labels as this system holds them: ids of any integer dtype in a Uint32Array, not copied when they are one.
 * @param field what to call the array in the message.
 * @throws `em-io/out-of-range` for an id below 0 or above 2^32 - 1, `em-io/dtype-unsupported` for fractions.
 */
export function toUint32(array: NdArray, field: string): Uint32Array {
  const { data, dtype } = array;
  if (data instanceof Uint32Array) return data;
  if (data instanceof Float32Array || data instanceof Float64Array) {
    throw new EmIoError(
      'em-io/dtype-unsupported',
      `${field} is ${dtype}, but labels are integers; convert it, e.g. to uint32.`,
    );
  }
  const out = new Uint32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (value < 0 || value > 0xffffffff) {
      throw new EmIoError(
        'em-io/out-of-range',
        `${field} holds the id ${value}, and ids must be between 0 and 4294967295; relabel it.`,
      );
    }
    out[i] = Number(value);
  }
  return out;
}
