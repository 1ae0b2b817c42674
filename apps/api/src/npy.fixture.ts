import { encodeNpy, ndArray, type Dtype } from '@tokenunify/em-io';

/** npy bytes of an array filled with one value. */
export function npyOf(dtype: Dtype, shape: readonly number[], value = 100): Uint8Array {
  const array = ndArray(dtype, shape);
  if (typeof array.data[0] === 'number') (array.data as Uint8Array).fill(value); // or another of numbers
  return encodeNpy(array);
}

/** npy bytes whose header says `shape` and whose data are what is given. */
export function lyingNpy(descr: string, shape: string, data: Uint8Array): Uint8Array {
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`;
  const header = text.padEnd(Math.ceil((11 + text.length) / 64) * 64 - 11) + '\n';
  const start = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8];
  return Uint8Array.from([...start, ...new TextEncoder().encode(header), ...data]);
}
