/** Where the metadata of an array that is there first differs from that of the array to be written. */

/** @internal Values as JSON, shortened. */
export interface Difference {
  readonly field: string;
  readonly there: string;
  readonly wanted: string;
}

/**
 * @internal Compares two parsed zarr.json. Members that only the one there has are passed over at the top (a tool may have
 * added some), except those that change how chunks are read.
 */
export function firstDifference(there: unknown, wanted: Record<string, unknown>): Difference | undefined {
  if (!isRecord(there)) return differ('zarr.json', there, wanted);
  for (const field of [...Object.keys(wanted), 'storage_transformers']) {
    const difference = compare(field, there[field], wanted[field]);
    if (difference) return difference;
  }
  return undefined;
}

function compare(field: string, there: unknown, wanted: unknown): Difference | undefined {
  if (isRecord(there) && isRecord(wanted)) {
    for (const key of new Set([...Object.keys(wanted), ...Object.keys(there)])) {
      const difference = compare(`${field}.${key}`, there[key], wanted[key]);
      if (difference) return difference;
    }
    return undefined;
  }
  const lists = Array.isArray(there) && Array.isArray(wanted) && there.length === wanted.length;
  if (lists && wanted.some(isRecord)) {
    return wanted
      .map((item: unknown, at) => compare(`${field}[${at}]`, there[at], item))
      .find((difference) => difference !== undefined);
  }
  const same = JSON.stringify(there) === JSON.stringify(wanted) || isEmpty(there, wanted);
  return same ? undefined : differ(field, there, wanted);
}

/** `storage_transformers: []` says as much as leaving it out. */
function isEmpty(there: unknown, wanted: unknown): boolean {
  return wanted === undefined && Array.isArray(there) && there.length === 0;
}

function differ(field: string, there: unknown, wanted: unknown): Difference {
  return { field, there: quote(there), wanted: quote(wanted) };
}

function quote(value: unknown): string {
  const text = value === undefined ? 'absent' : JSON.stringify(value);
  return text.length > 160 ? `${text.slice(0, 160)}...` : text;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
