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

export function encodeSafetensors({ weights, metadata }: Tensors): Uint8Array {
  const header: Record<string, Entry | Record<string, string>> = { __metadata__: { ...metadata } };
  let offset = 0;
  for (const [name, { shape, data }] of weights) {
    header[name] = { dtype: 'F32', shape: [...shape], data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(text.length / 8) * 8; // tensors start aligned
  const bytes = new Uint8Array(8 + padded + offset).fill(0x20, 8, 8 + padded);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(text, 8);
  let at = 8 + padded;
  for (const { data } of weights.values()) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/**
 * @param source names the file in errors
 * @throws ModelError `model/checkpoint` when the bytes are not a whole safetensors file of float32
 */
export function decodeSafetensors(bytes: Uint8Array, source: string): Tensors {
  const fail = (what: string, cause?: unknown) =>
    new ModelError(
      'model/checkpoint',
      `${source} is not a readable checkpoint: ${what}; write it again or use an older one.`,
      { cause },
    );
  if (bytes.length < 8) throw fail(`it has ${bytes.length} bytes, a header needs 8`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > bytes.length - 8) throw fail(`its header says ${length} bytes, ${bytes.length - 8} are there`);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  } catch (cause) {
    throw fail('its header is not JSON', cause);
  }
  if (!isRecord(header)) throw fail('its header is not an object');
  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isTexts(metadata)) throw fail('its metadata is not text');
  const data = bytes.subarray(8 + length);
  const weights = new Map<string, Weight>();
  for (const [name, entry] of Object.entries(entries)) {
    if (!isEntry(entry)) throw fail(`tensor '${name}' is not F32 with a shape and offsets`);
    const [start, end] = entry.data_offsets;
    const size = entry.shape.reduce((product, n) => product * n, 1);
    if (end > data.length || end - start !== size * 4) throw fail(`tensor '${name}' is cut short`);
    // Own, aligned memory. Not bytes.slice(): a Buffer's is a view on memory that it shares with others.
    const copy = Uint8Array.from(data.subarray(start, end));
    weights.set(name, { shape: entry.shape, data: new Float32Array(copy.buffer) });
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
