/**
 * The header of numpy's .npy format, versions 1 to 3 (numpy/lib/format.py): magic, version, header length, and a
 * Python dictionary literal with the keys `descr`, `fortran_order` and `shape`.
 */
import { itemSize, numpyKinds, type Dtype } from '../dtype.ts';
import { EmIoError } from '../errors.ts';
import { elementCount } from '../geometry.ts';

export interface NpyHeader {
  readonly dtype: Dtype;
  readonly bigEndian: boolean;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** Where the elements start. */
  readonly dataOffset: number;
  /** Bytes that the elements take. */
  readonly dataBytes: number;
}

/** numpy itself refuses longer headers than 10 000 bytes unless told to trust the file. */
const maxHeaderBytes = 64 * 1024;

/** Enough bytes of a file to hold any header that is accepted. */
export const headerBytesToRead = 12 + maxHeaderBytes;

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** Whether these bytes start as an npy file does. */
export function isNpy(bytes: Uint8Array): boolean {
  return magic.every((byte, at) => bytes[at] === byte);
}

/**
 * Reads the header; needs only the first bytes of the file.
 * @param name what to call the file in messages.
 * @throws `em-io/damaged` for a header that is not one, `em-io/dtype-unsupported` for dtypes that a volume cannot have.
 */
export function parseNpyHeader(bytes: Uint8Array, name: string): NpyHeader {
  if (!isNpy(bytes)) {
    const start = [...bytes.subarray(0, 6)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    throw damaged(
      name,
      `it starts with ${start ? `the bytes ${start}` : 'nothing'} instead of the npy signature`,
    );
  }
  if (bytes.length < 10) throw damaged(name, 'it ends inside its header');
  const version = bytes[6];
  if (version < 1 || version > 3) {
    throw damaged(name, `its format version is ${version}, and only 1, 2 and 3 exist`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const textStart = version === 1 ? 10 : 12;
  if (bytes.length < textStart) throw damaged(name, 'it ends inside its header');
  const textLength = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (textLength > maxHeaderBytes) {
    throw damaged(name, `its header claims ${textLength} bytes, more than the ${maxHeaderBytes} accepted`);
  }
  if (bytes.length < textStart + textLength) throw damaged(name, 'it ends inside its header');
  const text = new TextDecoder(version === 3 ? 'utf-8' : 'latin1').decode(
    bytes.subarray(textStart, textStart + textLength),
  );
  return { ...parseDictionary(text, name), dataOffset: textStart + textLength };
}

/** Each key may come once, in any order, with a trailing comma; numpy of Python 2 wrote `3L`. */
function parseDictionary(text: string, name: string): Omit<NpyHeader, 'dataOffset'> {
  const body = /^\s*\{(.*)\}\s*$/s.exec(text)?.[1];
  if (body === undefined) throw damaged(name, `its header ${quote(text)} is not a dictionary`);
  const pair = /\s*(?:'(\w+)'|"(\w+)")\s*:\s*('[^']*'|"[^"]*"|True|False|\([\d\sL,]*\)|\[.*\])\s*(?:,|$)/sy;
  const fields = new Map<string, string>();
  while (pair.lastIndex < body.length && body.slice(pair.lastIndex).trim() !== '') {
    const at = pair.lastIndex;
    const match = pair.exec(body);
    const key = match?.[1] ?? match?.[2];
    if (!match || key === undefined || fields.has(key)) {
      throw damaged(name, `its header cannot be understood at ${quote(body.slice(at))}`);
    }
    fields.set(key, match[3] ?? '');
  }
  const [descr, order, shapeText] = ['descr', 'fortran_order', 'shape'].map((key) => {
    const value = fields.get(key);
    if (value === undefined) throw damaged(name, `its header lacks the key '${key}'`);
    return value;
  });
  if (fields.size !== 3) throw damaged(name, 'its header has keys other than descr, fortran_order and shape');
  if (order !== 'True' && order !== 'False') throw damaged(name, `its fortran_order is ${quote(order)}`);
  const { dtype, bigEndian } = parseDescr(descr, name);
  const shape = parseShape(shapeText, name);
  const dataBytes = elementCount(shape) * itemSize(dtype);
  if (!Number.isSafeInteger(dataBytes)) {
    throw damaged(name, `its shape (${shape.join(', ')}) has more elements than any file can hold`);
  }
  return { dtype, bigEndian, fortranOrder: order === 'True', shape, dataBytes };
}

function parseShape(text: string, name: string): number[] {
  // no two runs of white space in a row: they could be divided in as many ways as there are blanks, and all be tried
  if (!/^\(\s*(?:\d+L?\s*(?:,\s*\d+L?\s*)*(?:,\s*)?)?\)$/.test(text)) {
    throw damaged(name, `its shape is ${quote(text)} instead of a tuple of integers`);
  }
  const shape = (text.match(/\d+/g) ?? []).map(Number);
  if (shape.length > 32) throw damaged(name, `its shape has ${shape.length} axes, more than numpy allows`);
  return shape;
}

function parseDescr(text: string, name: string): { dtype: Dtype; bigEndian: boolean } {
  const [, order, kind] = /^['"]([<>|=])?([a-zA-Z]\d*)['"]$/.exec(text) ?? [];
  const dtype = kind !== undefined && Object.hasOwn(numpyKinds, kind) ? numpyKinds[kind] : undefined;
  if (dtype !== undefined) return { dtype, bigEndian: order === '>' };
  const remedy = text.includes('O')
    ? 'objects are Python pickles, which are never loaded; save a numeric array'
    : kind === 'f2'
      ? 'convert it with array.astype("float32")'
      : 'convert it to bool, an integer type, float32 or float64';
  throw new EmIoError('em-io/dtype-unsupported', `${name} holds the numpy dtype ${quote(text)}; ${remedy}.`);
}

/** Whatever a hostile header holds must not flood a log. */
function quote(text: string): string {
  const shown = text.length > 60 ? `${text.slice(0, 60)}...` : text;
  return JSON.stringify(shown.trim());
}

function damaged(name: string, why: string): EmIoError {
  return new EmIoError(
    'em-io/damaged',
    `${name} is not a readable npy file: ${why}; save it again with numpy.save.`,
  );
}

/** The header of a little-endian C-order array, version 1, padded so that elements start at a multiple of 64 bytes. */
export function writeNpyHeader(dtype: Dtype, shape: readonly number[]): Uint8Array {
  const kind = Object.keys(numpyKinds).find((key) => numpyKinds[key] === dtype) ?? '';
  const order = itemSize(dtype) === 1 ? '|' : '<';
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${order}${kind}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  const bytes = new Uint8Array(length).fill(0x20);
  bytes.set(magic);
  bytes.set([1, 0, (length - 10) & 0xff, (length - 10) >> 8], 6);
  bytes.set(new TextEncoder().encode(text), 10);
  bytes[length - 1] = 0x0a;
  return bytes;
}
