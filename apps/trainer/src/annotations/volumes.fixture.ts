/** What the tests of annotations share: volumes on disk, entries that fit them, and a manifest of them. */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import {
  createVolume,
  wholeBox,
  type Dtype,
  type NdArray,
  type TypedArray,
  type Vec3,
} from '@tokenunify/em-io';
import { annotationDigest } from './digest.ts';
import type { WrittenEntry } from './schema.ts';

/** Numbers that depend on a seed and repeat after a long while only. */
export function noise(length: number, seed: number, below: number): number[] {
  let state = (seed * 2654435761 + 1) >>> 0;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  });
}

const arrays = {
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
} as const satisfies Partial<Record<Dtype, unknown>>;

export function arrayOf(dtype: Dtype, shape: Vec3, values: readonly number[]): NdArray {
  const data: TypedArray =
    dtype === 'int64'
      ? BigInt64Array.from(values, BigInt)
      : dtype === 'uint64'
        ? BigUint64Array.from(values, BigInt)
        : arrays[dtype as keyof typeof arrays].from(values);
  return { dtype, shape, data };
}

/** Writes .npy or .zarr. */
export async function store(path: string, array: NdArray, chunkShape?: Vec3): Promise<string> {
  const shape = array.shape as Vec3; // the tests write three axes
  const volume = await createVolume(path, {
    shape,
    dtype: array.dtype,
    overwrite: true,
    ...(chunkShape && { chunkShape }),
  });
  await volume.write(wholeBox(shape), array);
  await volume.close();
  return path;
}

export const shape: Vec3 = [6, 7, 8];
const size = 6 * 7 * 8;

/** A raw volume and its labels, told apart by a seed. */
export async function storePair(folder: string, name: string, seed = 1, extension = '.npy') {
  const raw = `${name}${extension}`;
  const labels = `${name}-labels${extension}`;
  await store(`${folder}/${raw}`, arrayOf('uint8', shape, noise(size, seed, 256)));
  await store(`${folder}/${labels}`, arrayOf('uint32', shape, noise(size, seed + 1000, 9)));
  return { raw, labels };
}

/** An entry with the checksum that it has. */
export async function entryOf(folder: string, entry: Omit<WrittenEntry, 'sha256'>): Promise<WrittenEntry> {
  const at = (location: string) => (/^\/|:\/\//.test(location) ? location : `${folder}/${location}`);
  const { sha256 } = await annotationDigest({ ...entry, raw: at(entry.raw), labels: at(entry.labels) });
  return { ...entry, sha256 };
}

export async function writeManifest(folder: string, entries: readonly unknown[]): Promise<string> {
  const file = `${folder}/annotations.json`;
  await writeFile(file, JSON.stringify(entries, undefined, 1));
  return file;
}

export const sha256Of = (...parts: readonly Uint8Array[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};
