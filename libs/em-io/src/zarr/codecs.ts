/**
 * Codecs that zarrita lacks or has slower: gzip, zlib and zstd by Node's own zlib (2-4 times faster than WebAssembly, and
 * off the main thread), crc32c with its check.
 */
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { registry } from 'zarrita';
import { crc32c } from './crc32c.ts';

export type Compressor = 'zstd' | 'gzip' | 'none';

const gzip = promisify(zlib.gzip);
const gunzip = promisify(zlib.gunzip);
const inflate = promisify(zlib.inflate);

/** Node before 22.15 has no zstd: then zarrita's WebAssembly codec reads it and gzip is written. */
export const nativeZstd: boolean = typeof zlib.zstdDecompress === 'function';

/** Chunk compressor unless one is chosen. */
export const defaultCompressor: Compressor = nativeZstd ? 'zstd' : 'gzip';

/** Level 1 of either: EM images and labels gain little from more, and writing is the slow part. */
const level = 1;

/** The codecs of the metadata that `compress` fulfils. */
export function codecMetadata(
  compressor: Compressor,
): { name: string; configuration: Record<string, unknown> }[] {
  const bytes = { name: 'bytes', configuration: { endian: 'little' } };
  if (compressor === 'none') return [bytes];
  const configuration = compressor === 'zstd' ? { level, checksum: false } : { level };
  return [bytes, { name: compressor, configuration }];
}

export async function compress(compressor: Compressor, bytes: Uint8Array): Promise<Uint8Array> {
  if (compressor === 'none') return bytes;
  if (compressor === 'gzip') return gzip(bytes, { level });
  return promisify(zlib.zstdCompress)(bytes, { params: { [zlib.constants.ZSTD_c_compressionLevel]: level } });
}

/** What zarrita hands to a codec: enough to know how many bytes a chunk may become. */
interface ChunkMetadata {
  readonly shape: readonly number[];
}

/** A chunk may not grow beyond its own size (8 bytes an element, and room for checksums): no decompression bombs. */
function limitOf(chunk: ChunkMetadata): { maxOutputLength: number } {
  return { maxOutputLength: chunk.shape.reduce((product, length) => product * length, 8) + 1024 };
}

/** zarrita asks every codec for both directions; chunks are encoded by `compress`, never by the pipeline. */
function notUsed(): never {
  throw new Error('chunks are compressed by compress()');
}

function decompressor(
  decode: (bytes: Uint8Array, limit: { maxOutputLength: number }) => Promise<Uint8Array>,
) {
  return {
    fromConfig: (_config: unknown, chunk: ChunkMetadata) => ({
      kind: 'bytes_to_bytes' as const,
      encode: notUsed,
      decode: (bytes: Uint8Array) => decode(bytes, limitOf(chunk)),
    }),
  };
}

const checksum = {
  fromConfig: () => ({
    kind: 'bytes_to_bytes' as const,
    encode: notUsed,
    decode(bytes: Uint8Array) {
      const end = bytes.length - 4;
      const body = bytes.subarray(0, Math.max(0, end));
      const stored = end < 0 ? undefined : new DataView(bytes.buffer, bytes.byteOffset).getUint32(end, true);
      if (crc32c(body) !== stored) throw new Error('its crc32c checksum does not match');
      return body;
    },
    computeEncodedSize: (decoded: number) => decoded + 4,
  }),
};

let registered = false;

/** Puts our codecs in zarrita's registry, once a process. */
export function registerCodecs(): void {
  if (registered) return;
  registered = true;
  const ours = new Map<string, Parameters<typeof registry.set>[1]>([
    ['gzip', async () => decompressor(gunzip)],
    ['zlib', async () => decompressor(inflate)],
    ['crc32c', async () => checksum],
  ]);
  if (nativeZstd) ours.set('zstd', async () => decompressor(promisify(zlib.zstdDecompress)));
  for (const [name, load] of ours) {
    registry.set(name, load);
    registry.set(`numcodecs.${name}`, load); // Zarr v2 metadata
  }
}
