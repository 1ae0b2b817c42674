import { ModelError } from '../errors.ts';

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
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
  if (bytes.length < 12 || magic.some((byte, i) => bytes[i] !== byte)) return fail('is not an npy file');
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
