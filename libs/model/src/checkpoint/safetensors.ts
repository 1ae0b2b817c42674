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
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Record<string, unknown>;
  } catch (cause) {
    throw fail('its header is not JSON', cause);
  }
  const weights = new Map<string, Weight>();
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') {
      metadata = value as Record<string, string>; // the format's own rule: strings only
      continue;
    }
    const { dtype, shape, data_offsets: range } = value as Entry; // checked below
    if (dtype !== 'F32' || !Array.isArray(shape) || !Array.isArray(range))
      throw fail(`tensor '${name}' is not F32`);
    const start = 8 + length + range[0];
    const end = 8 + length + range[1];
    const size = shape.reduce((product, n) => product * n, 1);
    if (end > bytes.length || end - start !== size * 4) throw fail(`tensor '${name}' is cut short`);
    const copy = bytes.slice(start, end); // own, aligned memory
    weights.set(name, { shape, data: new Float32Array(copy.buffer, 0, size) });
  }
  return { weights, metadata };
}
