import { isZarrMetadataKey } from '@tokenunify/em-io/zarr-layout';
import { ApiProblem } from '../problem.ts';

const MOST_CHARACTERS = 512;
const MOST_SEGMENTS = 32;
/** Of the name of a file on every system that matters. */
const MOST_OF_SEGMENT = 255;

/** No dot in front: neither `..` nor a hidden file can be written. Metadata documents of Zarr v2 are the exception. */
const SEGMENT = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

/**
 * A key as it came, decoded; what passes can be joined to a directory without leaving it.
 *
 * @throws ApiProblem `invalid-key`
 * @example checkKey('raw/c/0/0/0')
 */
export function checkKey(key: string): void {
  const segments = key.split('/');
  const name = segments.at(-1) ?? '';
  if (key.length > MOST_CHARACTERS) throw invalid(key, `at most ${MOST_CHARACTERS} characters`);
  if (segments.length > MOST_SEGMENTS) throw invalid(key, `at most ${MOST_SEGMENTS} parts`);
  if (key.endsWith('/') || segments.includes('')) throw invalid(key, 'parts between single slashes');
  const parts = isZarrMetadataKey(name) ? segments.slice(0, -1) : segments;
  if (!parts.every((part) => SEGMENT.test(part) && part.length <= MOST_OF_SEGMENT)) {
    throw invalid(
      key,
      `parts of at most ${MOST_OF_SEGMENT} letters, digits, -, _ and dots, none of them in front`,
    );
  }
}

const invalid = (key: string, rule: string): ApiProblem =>
  new ApiProblem(
    'invalid-key',
    `The key '${shown(key)}' is not one of a Zarr hierarchy; use ${rule}, as in c/0/0/0.`,
    {
      field: 'key',
      value: shown(key),
      limit: rule,
    },
  );

/** A hostile key must not flood an answer or a log. */
export const shown = (key: string): string => (key.length > 80 ? `${key.slice(0, 80)}...` : key);
