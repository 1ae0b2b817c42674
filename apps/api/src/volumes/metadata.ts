import { isEmIoError, readZarrLayout, type ZarrLayout } from '@tokenunify/em-io/zarr-layout';
import { ApiProblem } from '../problem.ts';
import { shown } from './key.ts';

export { isZarrMetadataKey } from '@tokenunify/em-io/zarr-layout';

/** What is kept in memory of the documents of an open volume: nothing that a caller can make large. */
const FIELDS = [
  'zarr_format',
  'node_type',
  'shape',
  'data_type',
  'dtype',
  'chunk_grid',
  'chunks',
  'chunk_key_encoding',
  'dimension_separator',
  'storage_transformers',
] as const;
const MOST_CHARACTERS = 65_536;
const MOST_ARRAYS = 1_000;

/**
 * What a metadata document says about an array.
 *
 * @returns its fields that lay out chunks; undefined for groups and attributes
 * @throws ApiProblem `metadata-invalid`
 */
export function parseMetadata(key: string, bytes: Uint8Array): Record<string, unknown> | undefined {
  const document = parseObject(key, bytes);
  if (layoutOf(new Map([[key, document]])).arrays.length === 0) return undefined;
  const kept = Object.fromEntries(
    FIELDS.filter((field) => field in document).map((field) => [field, document[field]]),
  );
  if (lengthOf(kept) > MOST_CHARACTERS) {
    throw invalid(
      `The Zarr metadata ${shown(key)} describes its chunks in more than ${MOST_CHARACTERS} characters; write a plain array.`,
      key,
    );
  }
  return kept;
}

/** Of its JSON; what is nested too deeply to be written as JSON again has no length. */
function lengthOf(value: unknown): number {
  try {
    return JSON.stringify(value).length;
  } catch (error) {
    if (error instanceof RangeError) return Infinity;
    throw error;
  }
}

function parseObject(key: string, bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw invalid(`The Zarr metadata ${shown(key)} is not JSON in UTF-8; write it again.`, key, cause);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>; // an object of JSON
  }
  throw invalid(`The Zarr metadata ${shown(key)} is not a JSON object; write it again.`, key);
}

/** @throws ApiProblem `metadata-invalid`: documents that do not go together, or each alone makes no sense */
export function layoutOf(documents: ReadonlyMap<string, unknown>): ZarrLayout {
  if (documents.size > MOST_ARRAYS) {
    throw invalid(
      `The volume has more than ${MOST_ARRAYS} arrays; store them as several volumes.`,
      'zarr.json',
    );
  }
  try {
    return readZarrLayout(documents);
  } catch (error) {
    const last = [...documents.keys()].at(-1) ?? '';
    if (isEmIoError(error)) throw invalid(error.message, last, error);
    // its message would quote a field that is nested too deeply
    if (error instanceof RangeError)
      throw invalid(`The Zarr metadata ${shown(last)} is nested too deeply.`, last);
    throw error;
  }
}

const invalid = (message: string, field: string, cause?: unknown): ApiProblem =>
  new ApiProblem('metadata-invalid', message, { field: shown(field), cause });
