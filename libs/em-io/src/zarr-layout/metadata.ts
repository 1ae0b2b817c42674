/** From a metadata document to the grid of its chunks. Documents come from anyone: nothing in them is believed. */
import { numpyKinds } from '../dtype.ts';
import { EmIoError } from '../errors.ts';
import { maxKeys, type ArrayGrid } from './grid.ts';

/** numpy allows 32 axes, and so does every implementation that rests on it. */
const maxAxes = 32;

/**
 * @internal The grid of an array; undefined for a group.
 * @param key names the document in messages
 * @param name `zarr.json` or `.zarray`
 */
export function parseArrayMetadata(key: string, name: string, document: unknown): ArrayGrid | undefined {
  const refuse: Refuse = (problem) => {
    throw new EmIoError('em-io/damaged', `The Zarr metadata ${key} ${problem}; write it again.`);
  };
  if (!isRecord(document)) return refuse('is not a JSON object');
  return name === 'zarr.json' ? parseV3(document, refuse) : parseV2(document, refuse);
}

type Refuse = (problem: string) => never;
type Fields = Record<string, unknown>;

function parseV3(fields: Fields, refuse: Refuse): ArrayGrid | undefined {
  if (fields['zarr_format'] !== 3) refuse(`has zarr_format ${quote(fields['zarr_format'])} instead of 3`);
  if (fields['node_type'] === 'group') return undefined;
  if (fields['node_type'] !== 'array') {
    refuse(`has node_type ${quote(fields['node_type'])} instead of "array" or "group"`);
  }
  const transformers = fields['storage_transformers'];
  if (transformers !== undefined && !(Array.isArray(transformers) && transformers.length === 0)) {
    refuse('has storage_transformers, which may rename chunks and are not supported here');
  }
  const grid = named(fields['chunk_grid'], 'chunk_grid', refuse);
  if (grid.name !== 'regular') refuse(`has the chunk_grid ${quote(grid.name)} instead of "regular"`);
  const encoding = named(fields['chunk_key_encoding'], 'chunk_key_encoding', refuse);
  if (encoding.name !== 'default' && encoding.name !== 'v2') {
    return refuse(`has the chunk_key_encoding ${quote(encoding.name)} instead of "default" or "v2"`);
  }
  const fallback = encoding.name === 'default' ? '/' : '.';
  const separator = separatorOf(encoding.configuration['separator'] ?? fallback, 'separator', refuse);
  const type = fields['data_type'];
  const dtype = typeof type === 'string' ? type : isRecord(type) ? type['name'] : undefined;
  if (typeof dtype !== 'string') return refuse(`has the data_type ${quote(type)}`);
  return {
    zarrFormat: 3,
    dtype: dtype.slice(0, maxQuoted),
    encoding: encoding.name,
    separator,
    ...extent(fields['shape'], grid.configuration['chunk_shape'], 'chunk_shape', refuse),
  };
}

function parseV2(fields: Fields, refuse: Refuse): ArrayGrid {
  if (fields['zarr_format'] !== 2) refuse(`has zarr_format ${quote(fields['zarr_format'])} instead of 2`);
  const type = fields['dtype'];
  if (typeof type !== 'string' && !Array.isArray(type)) refuse(`has the dtype ${quote(type)}`);
  const kind = typeof type === 'string' ? /^[<>|=](.*)$/.exec(type)?.[1] : undefined;
  const ours = kind !== undefined && Object.hasOwn(numpyKinds, kind) ? numpyKinds[kind] : undefined;
  const raw = typeof type === 'string' ? type.slice(0, maxQuoted) : quote(type);
  return {
    zarrFormat: 2,
    dtype: ours ?? raw,
    encoding: 'v2',
    separator: separatorOf(fields['dimension_separator'] ?? '.', 'dimension_separator', refuse),
    ...extent(fields['shape'], fields['chunks'], 'chunks', refuse),
  };
}

function extent(
  shape: unknown,
  chunks: unknown,
  field: string,
  refuse: Refuse,
): Pick<ArrayGrid, 'shape' | 'chunkShape' | 'counts'> {
  if (!isIntegers(shape, 0)) {
    return refuse(`has shape ${quote(shape)} instead of at most ${maxAxes} integers of 0 or more`);
  }
  if (!isIntegers(chunks, 1) || chunks.length !== shape.length) {
    return refuse(`has ${field} ${quote(chunks)} instead of ${shape.length} integers of 1 or more`);
  }
  const counts = shape.map((length, axis) => Math.ceil(length / chunks[axis]));
  // An empty axis first: otherwise 0 chunks could pass for too many on the way.
  const keys = counts.includes(0) ? 0 : counts.reduce((product, count) => product * count, 1);
  if (keys > maxKeys) {
    throw new EmIoError(
      'em-io/too-large',
      `An array of shape ${quote(shape)} in chunks of ${quote(chunks)} has ${keys} chunks, more than the limit of ${maxKeys}; store larger chunks.`,
    );
  }
  return { shape: [...shape], chunkShape: [...chunks], counts };
}

/** Zarr v3 writes `"regular"` for `{"name": "regular"}` where there is nothing to configure. */
function named(value: unknown, field: string, refuse: Refuse): { name: string; configuration: Fields } {
  if (typeof value === 'string') return { name: value, configuration: {} };
  if (!isRecord(value) || typeof value['name'] !== 'string') return refuse(`has no ${field}`);
  const configuration = value['configuration'];
  return { name: value['name'], configuration: isRecord(configuration) ? configuration : {} };
}

function separatorOf(value: unknown, field: string, refuse: Refuse): '.' | '/' {
  if (value === '.' || value === '/') return value;
  return refuse(`has the ${field} ${quote(value)} instead of "." or "/"`);
}

function isIntegers(value: unknown, least: number): value is number[] {
  return (
    Array.isArray(value) &&
    value.length <= maxAxes &&
    value.every((item) => Number.isSafeInteger(item) && Number(item) >= least)
  );
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const maxQuoted = 100;

function quote(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > maxQuoted ? `${text.slice(0, maxQuoted)}...` : text;
}
