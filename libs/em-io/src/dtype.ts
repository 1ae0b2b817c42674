/** Data types: what a volume's voxels are, and the typed array that holds them. */

/** `bool` is held in a Uint8Array as 0 and 1; 64-bit integers in BigInt arrays. */
export type Dtype =
  | 'bool'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'float32'
  | 'float64';

/** The arrays that hold voxels. */
export type TypedArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

interface Constructor {
  new (length: number): TypedArray;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): TypedArray;
  readonly BYTES_PER_ELEMENT: number;
}

const constructors: Readonly<Record<Dtype, Constructor>> = {
  bool: Uint8Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float32: Float32Array,
  float64: Float64Array,
};

/** Every dtype, narrow to wide. */
export const dtypes: readonly Dtype[] = Object.freeze([
  'bool',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'float32',
  'float64',
]);

/** What numpy calls them after the sign of the byte order, as npy and Zarr v2 write it. */
export const numpyKinds: Readonly<Record<string, Dtype>> = Object.freeze({
  b1: 'bool',
  i1: 'int8',
  u1: 'uint8',
  i2: 'int16',
  u2: 'uint16',
  i4: 'int32',
  u4: 'uint32',
  i8: 'int64',
  u8: 'uint64',
  f4: 'float32',
  f8: 'float64',
});

/** Whether a name found in a file is one of ours. */
export function isDtype(name: unknown): name is Dtype {
  return typeof name === 'string' && Object.hasOwn(constructors, name);
}

/** Bytes of one element. */
export function itemSize(dtype: Dtype): number {
  return constructors[dtype].BYTES_PER_ELEMENT;
}

/** Whether `array` is what holds this dtype. */
export function holds(dtype: Dtype, array: TypedArray): boolean {
  return array instanceof constructors[dtype];
}

/** A zeroed array. */
export function allocate(dtype: Dtype, length: number): TypedArray {
  return new constructors[dtype](length);
}

/** The elements stored in these bytes, without a copy; the offset must be a multiple of the item size. */
export function viewAs(dtype: Dtype, bytes: Uint8Array): TypedArray {
  return new constructors[dtype](bytes.buffer, bytes.byteOffset, bytes.byteLength / itemSize(dtype));
}

/** The bytes of an array, without a copy. */
export function bytesOf(array: TypedArray): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** Reverses the bytes of every element in place: big to little endian and back. */
export function swapBytes(bytes: Uint8Array, size: number): void {
  for (let at = 0; at < bytes.length; at += size) {
    for (let low = at, high = at + size - 1; low < high; low++, high--) {
      const byte = bytes[low];
      bytes[low] = bytes[high];
      bytes[high] = byte;
    }
  }
}
