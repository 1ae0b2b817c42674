/** Which dataset of a file is the volume, and whether its voxels can be read. */
import { access } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Dtype } from '../dtype.ts';
import { EmIoError } from '../errors.ts';
import { formatShape } from '../geometry.ts';
import type { DatasetMetadata, Library } from './library.ts';

/** Names that mean the image where a file holds several datasets, most specific first. */
export const conventionalNames: readonly string[] = ['volumes/raw', 'main', 'raw'];

/** @internal An open file: the library and HDF5's handle of it. */
export interface OpenFile {
  readonly library: Library;
  readonly id: bigint;
  readonly path: string;
}

/**
 * The dataset asked for, or the one that is meant: the only three- or four-dimensional numeric one, else the first that
 * has a conventional name.
 */
export function chooseDataset(file: OpenFile, wanted: string | undefined): string {
  if (wanted !== undefined) {
    const name = wanted.replace(/^\/+|\/+$/g, '');
    const kind = file.library.get_type(file.id, name || '/');
    if (kind === file.library.H5G_DATASET) return name;
    const what =
      kind === file.library.H5G_GROUP
        ? 'is a group, not a dataset'
        : kind === file.library.H5G_UDLINK
          ? 'is a link to another file, which is not followed'
          : kind === file.library.H5G_LINK
            ? 'is a link to nothing'
            : 'does not exist';
    throw new EmIoError('em-io/dataset-missing', `/${name} in ${file.path} ${what}; ${listing(file)}.`);
  }
  const candidates = listDatasets(file).filter(
    ({ shape, dtype }) => dtype !== undefined && (shape.length === 3 || shape.length === 4),
  );
  const [first] = candidates;
  if (first && candidates.length === 1) return first.name;
  const conventional = conventionalNames.find((name) =>
    candidates.some((candidate) => candidate.name === name),
  );
  if (conventional !== undefined) return conventional;
  if (first) {
    throw new EmIoError(
      'em-io/dataset-ambiguous',
      `${file.path} has several datasets that could be the volume; name one, as in ${file.path}:/${first.name}; ${listing(file)}.`,
    );
  }
  throw new EmIoError(
    'em-io/dataset-missing',
    `${file.path} has no dataset with the axes (z, y, x) or (channel, z, y, x); ${listing(file)}.`,
  );
}

interface Listed {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: Dtype | undefined;
}

function listDatasets({ library, id }: OpenFile): Listed[] {
  return library
    .get_names(id, '/', true)
    .filter((name) => library.get_type(id, name) === library.H5G_DATASET)
    .map((name) => {
      const metadata = library.get_dataset_metadata(id, name);
      return { name, shape: metadata.shape ?? [], dtype: dtypeOf(library, metadata) };
    });
}

function listing(file: OpenFile): string {
  const datasets = listDatasets(file);
  if (datasets.length === 0) return 'the file has no datasets';
  const shown = datasets
    .slice(0, 20)
    .map(({ name, shape, dtype }) => `/${name} (${dtype ?? 'not numeric'}, ${formatShape(shape)})`);
  if (datasets.length > shown.length) shown.push(`${datasets.length - shown.length} more`);
  return `the file has ${shown.join(', ')}`;
}

/** undefined for what a volume cannot hold. h5py stores booleans as an enumeration of FALSE and TRUE. */
export function dtypeOf(library: Library, metadata: DatasetMetadata): Dtype | undefined {
  const { type, size, signed, enum_type: enumeration } = metadata;
  const classes = library.H5T_class_t;
  if (type === classes.H5T_INTEGER.value) {
    const names: Record<number, Dtype> = signed
      ? { 1: 'int8', 2: 'int16', 4: 'int32', 8: 'int64' }
      : { 1: 'uint8', 2: 'uint16', 4: 'uint32', 8: 'uint64' };
    return names[size];
  }
  if (type === classes.H5T_FLOAT.value) return size === 4 ? 'float32' : size === 8 ? 'float64' : undefined;
  const members = enumeration?.members;
  if (type === classes.H5T_ENUM.value && size === 1 && members?.['FALSE'] === 0 && members['TRUE'] === 1) {
    return 'bool';
  }
  return undefined;
}

/** What the compiled library decodes: deflate, shuffle, fletcher32, nbit, scale-offset. */
const readableFilters = new Set([1, 2, 3, 5, 6]);

const filterNames: Record<number, string> = {
  4: 'szip',
  305: 'LZO',
  307: 'bzip2',
  32000: 'LZF',
  32001: 'Blosc',
  32004: 'LZ4',
  32008: 'bitshuffle',
  32013: 'ZFP',
  32015: 'Zstandard',
  32026: 'Blosc2',
};

/**
 * Must run before any read: for a filter it lacks, h5wasm hands back whatever lay in memory instead of failing.
 * @throws `em-io/filter-unsupported`
 */
export function checkFilters({ library, id, path }: OpenFile, dataset: string): void {
  const unknown = library.get_dataset_filters(id, dataset).find((filter) => !readableFilters.has(filter.id));
  if (!unknown) return;
  const name = filterNames[unknown.id] ?? (unknown.name || 'an unknown filter');
  throw new EmIoError(
    'em-io/filter-unsupported',
    `/${dataset} in ${path} is compressed with ${name} (HDF5 filter ${unknown.id}), which cannot be read here; ` +
      `convert it, e.g. with h5repack -f /${dataset}:GZIP=4 ${path} converted.h5.`,
  );
}

/**
 * A virtual dataset is assembled from other files; HDF5 fills in for those that are missing without a word.
 * @throws `em-io/dataset-missing` naming the first that is not there.
 */
export async function checkSources(
  { path }: OpenFile,
  dataset: string,
  metadata: DatasetMetadata,
): Promise<void> {
  for (const source of metadata.virtual_sources ?? []) {
    if (source.file_name === '.' || source.file_name.includes('%')) continue; // this file, or a pattern of names
    const place = resolve(dirname(path), source.file_name);
    await access(place).catch((error: unknown) => {
      throw new EmIoError(
        'em-io/dataset-missing',
        `/${dataset} in ${path} is assembled from ${source.file_name}, which is not at ${place}; put it there.`,
        { cause: error },
      );
    });
  }
}
