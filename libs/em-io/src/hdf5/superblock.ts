/** Reads as much of an HDF5 superblock as tells why a file cannot be opened (HDF5 file format specification, II.A). */
import { open } from 'node:fs/promises';
import { EmIoError } from '../errors.ts';

const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Whether these bytes start as an HDF5 file does; a user block may push the signature to 512, 1024, ... */
export function isHdf5(bytes: Uint8Array): boolean {
  return signatureAt(bytes) !== undefined;
}

function signatureAt(bytes: Uint8Array): number | undefined {
  for (let at = 0; at + 8 <= bytes.length; at = at === 0 ? 512 : at * 2) {
    if (signature.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return undefined;
}

/** The error for a file that the library would not open. */
export async function explainUnopenable(path: string): Promise<EmIoError> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const head = new Uint8Array(Math.min(size, 4096));
    await file.read(head, 0, head.length, 0);
    const at = signatureAt(head);
    if (at === undefined) {
      return new EmIoError(
        'em-io/damaged',
        `${path} is not an HDF5 file: ${size === 0 ? 'it is empty' : 'it does not start with the HDF5 signature'}; check the path or copy it again.`,
      );
    }
    const end = endOfFile(new DataView(head.buffer, at, head.length - at));
    if (end !== undefined && at === 0 && end > size) {
      return new EmIoError(
        'em-io/truncated',
        `${path} is truncated: its superblock promises ${end} bytes, but there are ${size}; copy it again.`,
      );
    }
    return new EmIoError(
      'em-io/damaged',
      `${path} is a damaged or unfinished HDF5 file; copy or write it again.`,
    );
  } finally {
    await file.close();
  }
}

/** The end-of-file address, for the usual eight-byte addresses. */
function endOfFile(view: DataView): number | undefined {
  try {
    const version = view.getUint8(8);
    const addressBytes = view.getUint8(version < 2 ? 13 : 9);
    const position = [40, 44, 28, 28][version];
    if (addressBytes !== 8 || position === undefined) return undefined;
    return Number(view.getBigUint64(position, true));
  } catch {
    return undefined; // shorter than a superblock
  }
}
