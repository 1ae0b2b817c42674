/** The regular grid of one array's stored chunks, and how their keys are spelled. */

/** More chunks than this are taken for hostile metadata. */
export const maxKeys: number = 2 ** 40;

/** @internal */
export interface ArrayGrid {
  readonly zarrFormat: 2 | 3;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly chunkShape: readonly number[];
  /** Chunks along every axis. */
  readonly counts: readonly number[];
  /** `default` starts with `c` (Zarr v3); `v2` is the numbers alone, `0` for a scalar. */
  readonly encoding: 'default' | 'v2';
  readonly separator: '.' | '/';
}

/** @internal Whether a key below the array is one of its chunks', spelled as it is written: no leading zeros or signs. */
export function hasArrayKey(grid: ArrayGrid, key: string): boolean {
  const { counts, encoding, separator } = grid;
  if (counts.includes(0)) return false;
  if (counts.length === 0) return key === (encoding === 'default' ? 'c' : '0');
  if (key.length > 32 * 17) return false; // longer than any number of every axis: not worth splitting
  const parts = key.split(separator);
  if (encoding === 'default' && parts.shift() !== 'c') return false;
  return (
    parts.length === counts.length &&
    parts.every((part, axis) => /^(0|[1-9]\d{0,15})$/.test(part) && Number(part) < counts[axis])
  );
}

/** @internal The keys of all chunks in raster order, the last axis fastest. */
export function* arrayKeys(grid: ArrayGrid): Generator<string, void, void> {
  const { counts, encoding, separator } = grid;
  if (counts.includes(0)) return;
  const index = counts.map(() => 0);
  for (;;) {
    yield encoding === 'default' ? ['c', ...index].join(separator) : index.join(separator) || '0';
    let axis = counts.length - 1;
    for (; axis >= 0; axis--) {
      index[axis] += 1;
      if (index[axis] < counts[axis]) break;
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}
