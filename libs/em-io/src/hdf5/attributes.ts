import type { Dataset } from 'h5wasm/node';

/** The attributes of a dataset as JSON; those of a type that has no JSON form are left out. */
export function readAttributes(dataset: Dataset): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, attribute] of Object.entries(dataset.attrs)) {
    try {
      const value = toJson(attribute.value);
      if (value !== undefined) out[name] = value;
    } catch {
      // An attribute of a type h5wasm cannot decode (float16, opaque) is no reason to refuse the voxels.
    }
  }
  return out;
}

function toJson(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map(toJson);
  if (ArrayBuffer.isView(value) && Symbol.iterator in value) {
    // Every iterable view is a typed array of numbers or bigints.
    return Array.from(value as Iterable<number | bigint>, toJson);
  }
  return undefined;
}
