/**
 * Weights in the safetensors format: 8 bytes of header length, a JSON header, raw little-endian float32. Any tool of
 * the field reads it. https://github.com/huggingface/safetensors#format
 */
import { ModelError } from '../errors.ts';
import type { Weight, Weights } from '../training/weights.ts';

export interface Tensors {
  readonly weights: Weights;
  readonly metadata: Readonly<Record<string, string>>;
}

interface Entry {
  readonly dtype: string;
  readonly shape: number[];
  readonly data_offsets: [number, number];
}

/** 8 bytes of length and the header itself; the tensors follow in the order of `weights`, without gaps. */
export function headerOf({ weights, metadata }: Tensors): {
  readonly bytes: Uint8Array;
  readonly dataLength: number;
} {
  const header: Record<string, Entry | Record<string, string>> = { __metadata__: { ...metadata } };
  let offset = 0;
  for (const [name, { shape, data }] of weights) {
    header[name] = { dtype: 'F32', shape: [...shape], data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(text.length / 8) * 8; // tensors start aligned
  const bytes = new Uint8Array(8 + padded).fill(0x20, 8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(text, 8);
  return { bytes, dataLength: offset };
}

/** All in one array: for small weights. Files of any size: `writeSafetensors`. */
export function encodeSafetensors(tensors: Tensors): Uint8Array {
  const { bytes: header, dataLength } = headerOf(tensors);
  const bytes = new Uint8Array(header.length + dataLength);
  bytes.set(header);
  let at = header.length;
  for (const { data } of tensors.weights.values()) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/** Where a tensor lies; bytes counted from the start of the data. */
export interface TensorRange {
  readonly name: string;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

/** Why `source` is not to be used. */
export const unreadable = (source: string, what: string, cause?: unknown): ModelError =>
  new ModelError(
    'model/checkpoint',
    `${source} is not a readable checkpoint: ${what}; write it again or use an older one.`,
    { cause },
  );

/** More than the header of a million tensors, and less than what a damaged length makes a reader allocate. */
const LONGEST_HEADER = 1e8;

/**
 * The length of the header, from the first 8 bytes.
 * @param size bytes of the whole file
 */
export function headerLength(bytes: Uint8Array, size: number, source: string): number {
  if (size < 8 || bytes.length < 8) throw unreadable(source, `it has ${size} bytes, a header needs 8`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > size - 8) throw unreadable(source, `its header says ${length} bytes, ${size - 8} are there`);
  if (length > LONGEST_HEADER)
    throw unreadable(source, `its header says ${length} bytes, at most ${LONGEST_HEADER} are read`);
  return length;
}

/**
 * What a header says, checked against the bytes that follow it.
 * @param text the header without its length
 * @throws ModelError `model/checkpoint`
 */
export function parseHeader(
  text: Uint8Array,
  dataLength: number,
  source: string,
): { readonly ranges: readonly TensorRange[]; readonly metadata: Readonly<Record<string, string>> } {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder().decode(text));
  } catch (cause) {
    throw unreadable(source, 'its header is not JSON', cause);
  }
  if (!isRecord(header)) throw unreadable(source, 'its header is not an object');
  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isTexts(metadata)) throw unreadable(source, 'its metadata is not text');
  const ranges = Object.entries(entries).map(([name, entry]) => {
    if (!isEntry(entry)) throw unreadable(source, `tensor '${name}' is not F32 with a shape and offsets`);
    const [start, end] = entry.data_offsets;
    const size = entry.shape.reduce((product, n) => product * n, 1);
    if (end > dataLength || end - start !== size * 4)
      throw unreadable(source, `tensor '${name}' is cut short`);
    return { name, shape: entry.shape, start, end };
  });
  return { ranges, metadata };
}

/**
 * @param source names the file in errors
 * @throws ModelError `model/checkpoint` when the bytes are not a whole safetensors file of float32
 */
export function decodeSafetensors(bytes: Uint8Array, source: string): Tensors {
  const length = headerLength(bytes, bytes.length, source);
  const data = bytes.subarray(8 + length);
  const { ranges, metadata } = parseHeader(bytes.subarray(8, 8 + length), data.length, source);
  const weights = new Map<string, Weight>();
  for (const { name, shape, start, end } of ranges) {
    // Own, aligned memory. Not bytes.slice(): a Buffer's is a view on memory that it shares with others.
    const copy = Uint8Array.from(data.subarray(start, end));
    weights.set(name, { shape, data: new Float32Array(copy.buffer) });
  }
  return { weights, metadata };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isTexts = (value: unknown): value is Record<string, string> =>
  isRecord(value) && Object.values(value).every((text) => typeof text === 'string');
const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
const isEntry = (value: unknown): value is Entry =>
  isRecord(value) &&
  value['dtype'] === 'F32' &&
  isSizes(value['shape']) &&
  isSizes(value['data_offsets']) &&
  value['data_offsets'].length === 2;
