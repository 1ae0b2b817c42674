/**
 * Volumes: every file format, read and written box by box. Axes are always (z, y, x), x fastest.
 * @module
 */
export { createVolume, type CreateOptions } from './create.ts';
export { dtypes, isDtype, itemSize, type Dtype, type TypedArray } from './dtype.ts';
export { EmIoError, isEmIoError, type EmIoErrorCode } from './errors.ts';
export { boxShape, elementCount, intersectBoxes, wholeBox, type Box, type Vec3 } from './geometry.ts';
export type { FetchInit, FetchLike, FetchReader, FetchResponse, HttpOptions } from './http/options.ts';
export { volumeFromArray } from './memory.ts';
export { assertFinite, ndArray, toUint32, type NdArray } from './ndarray.ts';
export { decodeNpy, encodeNpy } from './npy/codec.ts';
export { openVolume, type OpenOptions } from './open.ts';
export type { ReadOptions, Volume, VolumeInfo, WritableVolume } from './volume.ts';
export type { Compressor } from './zarr/codecs.ts';
