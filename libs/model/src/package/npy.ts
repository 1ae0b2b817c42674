import { ModelError } from '../errors.ts';
import type { Vec3 } from './types.ts';

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

export interface NpyHeader {
  readonly descr: string;
  readonly shape: readonly number[];
  /** Where the data begin. */
  readonly offset: number;
}

/**
 * The header of a C-ordered npy file, enough to check the two test tensors of a package. Volumes are read by
 * @tokenunify/em-io, which this library may not depend on.
 */
export function npyHeader(bytes: Uint8Array, file: string): NpyHeader {
  const fail = (what: string): never => {
    throw new ModelError('model/package', `${file} ${what}; write it with encodeNpy of @tokenunify/em-io.`, {
      details: { file },
    });
  };
  if (bytes.length < 12 || MAGIC.some((byte, i) => bytes[i] !== byte)) return fail('is not an npy file');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [start, length] = bytes[6] === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  const offset = start + length;
  if (offset > bytes.length) return fail('ends inside its header');
  const text = new TextDecoder('latin1').decode(bytes.subarray(start, offset));
  const descr = /'descr':\s*'([^']+)'/.exec(text)?.[1];
  const shape = /'shape':\s*\(([^)]*)\)/.exec(text)?.[1];
  if (descr === undefined || shape === undefined) return fail('has a header without descr and shape');
  if (/'fortran_order':\s*True/.test(text)) return fail('is in Fortran order, C order is needed');
  return {
    descr,
    shape: shape
      .split(',')
      .filter((part) => part.trim() !== '')
      .map(Number),
    offset,
  };
}

/** A version 1.0 npy file of float32, C order. */
export function npyOfFloats(shape: readonly number[], values: Float32Array): Uint8Array {
  const dictionary = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`;
  const before = 10; // magic, version, length of the header
  const header = dictionary.padEnd(Math.ceil((before + dictionary.length + 1) / 64) * 64 - before - 1) + '\n';
  const bytes = new Uint8Array(before + header.length + values.byteLength);
  bytes.set([...MAGIC, 1, 0, header.length & 255, header.length >> 8]);
  bytes.set(new TextEncoder().encode(header), before);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), before + header.length);
  return bytes;
}

/** That a test tensor has the dtype and shape of the model's input or output. */
export function checkTensor(
  file: string,
  header: NpyHeader,
  descr: string,
  channels: number,
  tile: Vec3,
): void {
  const expected = `${descr} [${[1, channels, ...tile].join(', ')}]`;
  const got = `${header.descr} [${header.shape.join(', ')}]`;
  if (got !== expected) {
    throw new ModelError(
      'model/package',
      `${file} holds ${got}, expected ${expected}: the test input is one raw uint8 tile, the test output its float32 affinities.`,
      { details: { file, expected, got } },
    );
  }
}
