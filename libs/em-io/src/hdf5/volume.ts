import { spacingFromAttributes, splitChannels } from '../axes.ts';
import { byteOffset, byteStrides, copyRegion } from '../copy-region.ts';
import { itemSize, type Dtype } from '../dtype.ts';
import { EmIoError } from '../errors.ts';
import { elementCount, toVec3 } from '../geometry.ts';
import { regionShape, volumeOver, type Region, type Volume } from '../volume.ts';
import { readAttributes } from './attributes.ts';
import { checkFilters, checkSources, chooseDataset, dtypeOf, type OpenFile } from './datasets.ts';
import { loadHdf5 } from './library.ts';
import { chunkAlignedPieces } from './pieces.ts';
import { explainUnopenable } from './superblock.ts';

/** Bytes of WebAssembly memory that one piece of a read may take, unless a single chunk is larger. */
const pieceBytes = 32 * 2 ** 20;

/**
 * @internal Opens a dataset of an HDF5 file. Reads hold one piece of whole chunks at a time beside the result, and let
 * other work run between pieces.
 */
export async function openHdf5Volume(path: string, dataset?: string, maxReadBytes?: number): Promise<Volume> {
  const { library, Dataset } = await loadHdf5();
  const id = library.open(path, library.H5F_ACC_RDONLY, false, -1, -1);
  if (id < 0n) throw await explainUnopenable(path);
  const file: OpenFile = { library, id, path };
  try {
    const name = chooseDataset(file, dataset);
    const location = `${path}:/${name}`;
    const metadata = library.get_dataset_metadata(id, name);
    const dtype = dtypeOf(library, metadata);
    const shape = metadata.shape ?? [];
    const axes = splitChannels(shape, location);
    if (dtype === undefined) {
      throw new EmIoError(
        'em-io/dtype-unsupported',
        `${location} does not hold bool, integers, float32 or float64; convert it.`,
      );
    }
    checkFilters(file, name);
    await checkSources(file, name, metadata);
    const attributes = readAttributes(new Dataset(id, name));
    return volumeOver(
      {
        location,
        format: 'hdf5',
        dtype,
        ...axes,
        ...(metadata.chunks && { chunkShape: toVec3(metadata.chunks.slice(-3)) }),
        ...spacingFromAttributes(attributes),
        attributes,
      },
      {
        async readRegion(region, target, signal) {
          const chunk = metadata.chunks ?? shape.map(() => 1);
          for (const piece of chunkAlignedPieces(region, chunk, pieceBytes / itemSize(dtype))) {
            signal?.throwIfAborted();
            readPiece(file, name, dtype, piece, region, target);
            await new Promise(setImmediate);
          }
        },
        async close() {
          library.close_file(id);
        },
      },
      maxReadBytes,
    );
  } catch (error) {
    library.close_file(id);
    throw error;
  }
}

function readPiece(
  { library, id, path }: OpenFile,
  dataset: string,
  dtype: Dtype,
  piece: Region,
  region: Region,
  target: Uint8Array,
): void {
  const size = itemSize(dtype);
  const extent = regionShape(piece);
  const bytes = elementCount(extent) * size;
  const pointer = library._malloc(bytes);
  if (pointer === 0) {
    throw new EmIoError(
      'em-io/too-large',
      `A piece of ${bytes} bytes of /${dataset} in ${path} does not fit the 2 GiB that HDF5 has here; ` +
        `store it in smaller chunks, e.g. with h5repack -l /${dataset}:CHUNK=64x64x64 ${path} converted.h5.`,
    );
  }
  try {
    const status = library.get_dataset_data(
      id,
      dataset,
      extent.map(BigInt),
      piece.start.map(BigInt),
      extent.map(() => 1n),
      BigInt(pointer),
    );
    if (status < 0) {
      throw new EmIoError(
        'em-io/chunk-unreadable',
        `/${dataset} in ${path} cannot be read between [${piece.start.join(', ')}] and [${piece.stop.join(', ')}]: ` +
          'a chunk there is damaged or too large for memory; copy or write the file again.',
      );
    }
    const whole = byteStrides(regionShape(region), size);
    copyRegion(
      { bytes: library.HEAPU8, offset: pointer, strides: byteStrides(extent, size) },
      {
        bytes: target,
        offset: byteOffset(
          piece.start.map((from, axis) => from - region.start[axis]),
          whole,
        ),
        strides: whole,
      },
      extent,
      size,
    );
  } finally {
    library._free(pointer);
  }
}
