import { bytesOf, itemSize, swapBytes, viewAs } from '../dtype.ts';
import { EmIoError } from '../errors.ts';
import { checkArray, fromFortranOrder, type NdArray } from '../ndarray.ts';
import { parseNpyHeader, writeNpyHeader, type NpyHeader } from './header.ts';

/**
 * Reads an npy file from memory: versions 1 to 3, both byte orders, C and Fortran order. The result may share memory
 * with `bytes`; nothing is allocated before the header's claim and the length of `bytes` agree.
 *
 * ```ts
 * const { dtype, shape, data } = decodeNpy(new Uint8Array(await request.arrayBuffer()));
 * ```
 * @param options.name what to call the data in messages.
 * @param options.maxBytes refuse arrays whose elements take more.
 * @throws `em-io/damaged`, `em-io/truncated`, `em-io/length-mismatch`, `em-io/dtype-unsupported`, `em-io/too-large`.
 */
export function decodeNpy(bytes: Uint8Array, options: { name?: string; maxBytes?: number } = {}): NdArray {
  const name = options.name ?? 'The npy data';
  const header = parseNpyHeader(bytes, name);
  checkNpyLength(header, bytes.length, name);
  if (header.dataBytes > (options.maxBytes ?? Infinity)) {
    throw new EmIoError(
      'em-io/too-large',
      `${name} holds ${header.dataBytes} bytes of elements, more than the limit of ${options.maxBytes}; send a smaller volume.`,
    );
  }
  const { dtype, shape, dataOffset } = header;
  const size = itemSize(dtype);
  const stored = bytes.subarray(dataOffset, dataOffset + header.dataBytes);
  const aligned = stored.byteOffset % size === 0 && !header.bigEndian ? stored : new Uint8Array(stored);
  if (header.bigEndian) swapBytes(aligned, size);
  const data = viewAs(dtype, aligned);
  return header.fortranOrder ? fromFortranOrder(dtype, shape, data) : { dtype, shape, data };
}

/**
 * Writes an npy file to memory: version 1, little endian, C order.
 * @throws `em-io/shape-mismatch` for an array that contradicts itself.
 */
export function encodeNpy(array: NdArray): Uint8Array {
  checkArray(array);
  const header = writeNpyHeader(array.dtype, array.shape);
  const out = new Uint8Array(header.length + array.data.byteLength);
  out.set(header);
  out.set(bytesOf(array.data), header.length);
  return out;
}

/** @throws `em-io/truncated` or `em-io/length-mismatch` unless header and elements fill the file exactly. */
export function checkNpyLength(header: NpyHeader, actualBytes: number, name: string): void {
  const expected = header.dataOffset + header.dataBytes;
  if (actualBytes === expected) return;
  const claim =
    `its header promises ${header.dtype} (${header.shape.join(', ')}), ${expected} bytes in all, ` +
    `but there are ${actualBytes}`;
  if (actualBytes < expected) {
    throw new EmIoError('em-io/truncated', `${name} is truncated: ${claim}; copy or send it again.`);
  }
  throw new EmIoError(
    'em-io/length-mismatch',
    `${name} is longer than an npy file of its kind: ${claim}; save it again.`,
  );
}
