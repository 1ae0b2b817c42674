/**
 * Safetensors files of any size: written and read tensor by tensor, in pieces that one call of the system takes (2 GiB
 * at most), at offsets beyond 32 bits. The largest presets have 4 GB of weights, and four times that with moments and
 * average.
 */
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Weight } from '../training/weights.ts';
import { headerLength, headerOf, parseHeader, unreadable, type Tensors } from './safetensors.ts';

const PIECE = 2 ** 28;

/** Writes beside the target, flushes, renames: a killed process leaves the old file or the new one, never half. */
export async function writeSafetensors(path: string, tensors: Tensors): Promise<void> {
  const header = headerOf(tensors).bytes;
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.partial`;
  try {
    const file = await open(temporary, 'w');
    try {
      await writeWhole(file, header);
      for (const { data } of tensors.weights.values())
        await writeWhole(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }); // on a full disk it is in the way of the next
    throw error;
  }
  await syncDirectory(dirname(path));
}

/**
 * @param wanted which tensors to read; the others are skipped, not read
 * @throws ModelError `model/checkpoint` when it is not a whole safetensors file of float32; what the system throws when
 *   there is no such file
 */
export async function readSafetensors(
  path: string,
  wanted: (name: string) => boolean = () => true,
): Promise<Tensors> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const first = new Uint8Array(Math.min(8, size));
    await readWhole(file, first, 0, path);
    const length = headerLength(first, size, path);
    const text = new Uint8Array(length);
    await readWhole(file, text, 8, path);
    const { ranges, metadata } = parseHeader(text, size - 8 - length, path);
    const weights = new Map<string, Weight>();
    for (const { name, shape, start, end } of ranges) {
      if (!wanted(name)) continue;
      const data = new Float32Array((end - start) / 4);
      await readWhole(file, new Uint8Array(data.buffer), 8 + length + start, path);
      weights.set(name, { shape, data });
    }
    return { weights, metadata };
  } finally {
    await file.close();
  }
}

async function writeWhole(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;)
    at += (await file.write(bytes, at, Math.min(PIECE, bytes.length - at))).bytesWritten;
}

async function readWhole(file: FileHandle, into: Uint8Array, from: number, path: string): Promise<void> {
  for (let at = 0; at < into.length;) {
    const { bytesRead } = await file.read(into, at, Math.min(PIECE, into.length - at), from + at);
    if (bytesRead === 0) throw unreadable(path, `it ends at byte ${from + at}`);
    at += bytesRead;
  }
}

/** The rename itself must be on the disk: the file before it is gone. Windows opens no directories, and needs none. */
async function syncDirectory(path: string): Promise<void> {
  let directory: FileHandle;
  try {
    directory = await open(path, 'r');
  } catch {
    return;
  }
  try {
    await directory.sync();
  } catch {
    // some network file systems have no such thing
  } finally {
    await directory.close();
  }
}
