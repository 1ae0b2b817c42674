/**
 * ONNX files of any size. A protocol buffer ends at 2 GiB and has to be in memory as a whole, so the tensors of large
 * models lie in a second file beside it, each at an aligned offset: they are written one by one, and whoever runs the
 * model maps them into memory. https://github.com/onnx/onnx/blob/main/docs/ExternalData.md
 */
import { createHash } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { encodeModel, encodeWith, tensorProto, type Content, type ModelHeader } from './encode.ts';
import { TensorProto_DataLocation as DataLocation } from './generated/onnx_pb.ts';
import { byteLengthOf, bytesOf } from './tensor.ts';

/** What the second file is called, beside `model.onnx`. */
export const externalName = (path: string): string => `${basename(path)}.data`;

export interface WriteOptions {
  /** Tensors in a second file, `model.onnx.data` beside `model.onnx`. Default: when they have more than 512 MiB. */
  readonly externalData?: boolean;
  readonly signal?: AbortSignal;
}

export interface WrittenFile {
  /** Without its directory. */
  readonly name: string;
  readonly bytes: number;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
}

/** Beyond it one file would have to be in memory twice while it is written, once as tensors and once as a message. */
const LARGEST_IN_ONE_FILE = 2 ** 29;
/** Of every tensor's offset: a cache line, and what vector loads want. */
const ALIGNMENT = 64;
/** Smaller tensors stay in the model: shapes and axes, which runtimes read while they load, and biases. */
const SMALLEST_OUTSIDE = 1024;

/**
 * Writes a model, and its tensors beside it when they are large. After an error neither file is there.
 * @returns the files, the model first
 */
export async function writeModel(
  path: string,
  content: Content,
  header: ModelHeader,
  options: WriteOptions = {},
): Promise<readonly WrittenFile[]> {
  const { externalData = content.byteLength > LARGEST_IN_ONE_FILE, signal } = options;
  const dataPath = `${path}.data`;
  try {
    if (!externalData)
      return [await written(path, (file) => file.append(encodeModel(content, header)), signal)];
    const initializer: ReturnType<typeof tensorProto>[] = [];
    const data = await written(
      dataPath,
      async (file) => {
        for (const tensor of content.tensors) {
          const length = byteLengthOf(tensor);
          if (length < SMALLEST_OUTSIDE) {
            initializer.push({ ...tensorProto(tensor), ...{ rawData: bytesOf(tensor) } });
            continue;
          }
          await file.align(ALIGNMENT);
          const place = { location: externalName(path), offset: file.length, length };
          await file.append(bytesOf(tensor));
          initializer.push({
            ...tensorProto(tensor),
            ...{
              dataLocation: DataLocation.EXTERNAL,
              externalData: Object.entries(place).map(([key, value]) => ({ key, value: String(value) })),
            },
          });
        }
      },
      signal,
    );
    const model = encodeWith(content, header, initializer);
    return [await written(path, (file) => file.append(model), signal), data];
  } catch (error) {
    await Promise.all([path, dataPath].map((file) => rm(file, { force: true })));
    throw error;
  }
}

async function written(
  path: string,
  write: (file: Appended) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<WrittenFile> {
  const handle = await open(path, 'w');
  try {
    const file = new Appended(handle, signal);
    await write(file);
    await handle.sync(); // a package is moved into place by a rename, which is not held back by its content
    return { name: basename(path), bytes: file.length, sha256: file.digest() };
  } finally {
    await handle.close();
  }
}

/** A file that grows at its end, and is digested on the way. */
class Appended {
  length = 0;
  readonly #handle: FileHandle;
  readonly #signal: AbortSignal | undefined;
  readonly #hash = createHash('sha256');

  constructor(handle: FileHandle, signal: AbortSignal | undefined) {
    this.#handle = handle;
    this.#signal = signal;
  }

  /** In pieces: one call of the system takes at most 2 GiB, and an abort is not to wait for more than one. */
  async append(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      this.#signal?.throwIfAborted();
      const { bytesWritten } = await this.#handle.write(bytes, at, Math.min(2 ** 26, bytes.length - at));
      this.#hash.update(bytes.subarray(at, at + bytesWritten));
      at += bytesWritten;
    }
    this.length += bytes.length;
  }

  async align(unit: number): Promise<void> {
    await this.append(new Uint8Array((unit - (this.length % unit)) % unit));
  }

  digest(): string {
    return this.#hash.digest('hex');
  }
}
