/**
 * What every format turns into. A format implements `RegionSource` (plain bytes of a region); boxes, limits, dtypes,
 * aborts and closing are checked here, once.
 */
import { allocate, bytesOf, itemSize, type Dtype } from './dtype.ts';
import { EmIoError } from './errors.ts';
import { boxShape, elementCount, formatBox, formatShape, type Box, type Vec3 } from './geometry.ts';
import { checkArray, type NdArray } from './ndarray.ts';

/** What is known about a volume without reading its voxels. */
export interface VolumeInfo {
  /** Where it is, in the form that opens it again: `/data/x.h5:/volumes/raw`. */
  readonly location: string;
  readonly format: 'hdf5' | 'zarr' | 'npy' | 'memory';
  readonly dtype: Dtype;
  /** Voxels along (z, y, x). */
  readonly shape: Vec3;
  /** Present for (c, z, y, x) arrays. */
  readonly channels?: number;
  /** Stored pieces, voxels along (z, y, x); absent where the data is contiguous. */
  readonly chunkShape?: Vec3;
  /** nm, (z, y, x); absent where the file does not say. */
  readonly voxelSize?: Vec3;
  /** Where voxel (0, 0, 0) lies, nm, (z, y, x). */
  readonly offset?: Vec3;
  /** All attributes of the array, as JSON. */
  readonly attributes: Record<string, unknown>;
}

export interface ReadOptions {
  readonly signal?: AbortSignal;
}

/** An open volume. */
export interface Volume extends VolumeInfo {
  /**
   * The voxels of a box: shape `[z, y, x]`, or `[c, z, y, x]` with all channels. Only the chunks that the box touches are read.
   * @throws `em-io/box-outside`, `em-io/too-large`, `em-io/chunk-unreadable`, `em-io/closed`, the signal's reason.
   */
  read(box: Box, options?: ReadOptions): Promise<NdArray>;
  /** Releases the file; closing twice is fine. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * A volume being written. `close()` says that it is complete: an npy file takes its name then, and is dropped when the
 * volume is disposed of (`await using`) without it. A Zarr array is there from the start and keeps what was written.
 */
export interface WritableVolume extends Volume {
  /**
   * Stores the voxels of a box; `array` has the volume's dtype and the box's shape (channels first, if any).
   * Boxes may be written in any order and concurrently; voxels never written are 0.
   */
  write(box: Box, array: NdArray, options?: ReadOptions): Promise<void>;
}

/** What a format implements. Positions have the array's full rank, channels included. */
export interface RegionSource {
  readRegion(region: Region, target: Uint8Array, signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface RegionSink extends RegionSource {
  /** For what exists only once it is complete: drops it. */
  discard?(): Promise<void>;
  writeRegion(region: Region, source: Uint8Array, signal?: AbortSignal): Promise<void>;
}

/** A half-open range on every axis of an array, channels included. */
export interface Region {
  readonly start: readonly number[];
  readonly stop: readonly number[];
}

export function regionShape(region: Region): number[] {
  return region.stop.map((to, axis) => to - region.start[axis]);
}

/** One read may not allocate more than this unless told otherwise: a hostile header must not take the machine. */
export const defaultMaxReadBytes = 16 * 2 ** 30;

/** @internal */
export function volumeOver(
  info: VolumeInfo,
  source: RegionSource,
  maxReadBytes = defaultMaxReadBytes,
): Volume {
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= source.close());
  return {
    ...info,
    async read(box, options = {}) {
      options.signal?.throwIfAborted();
      assertOpen(info, closed !== undefined);
      assertInside(info, box);
      const region = regionOf(info, box);
      const shape = regionShape(region);
      const bytes = elementCount(shape) * itemSize(info.dtype);
      if (bytes > maxReadBytes) {
        throw new EmIoError(
          'em-io/too-large',
          `Reading ${formatBox(box)} of ${info.location} takes ${bytes} bytes, more than the limit of ${maxReadBytes}; ` +
            'read smaller boxes or raise maxReadBytes.',
        );
      }
      const data = allocate(info.dtype, elementCount(shape));
      if (data.length > 0) await source.readRegion(region, bytesOf(data), options.signal);
      return { dtype: info.dtype, shape, data };
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** @internal */
export function writableOver(info: VolumeInfo, sink: RegionSink, maxReadBytes?: number): WritableVolume {
  let closed = false;
  const readable = volumeOver(info, sink, maxReadBytes);
  const close = () => {
    closed = true;
    return readable.close();
  };
  return {
    ...readable,
    async write(box, array, options = {}) {
      options.signal?.throwIfAborted();
      assertOpen(info, closed);
      assertInside(info, box);
      checkArray(array);
      const region = regionOf(info, box);
      const shape = regionShape(region);
      if (array.dtype !== info.dtype) {
        throw new EmIoError(
          'em-io/dtype-mismatch',
          `${info.location} holds ${info.dtype}, but the array to write is ${array.dtype}; convert it first.`,
        );
      }
      if (array.shape.length !== shape.length || array.shape.some((length, axis) => length !== shape[axis])) {
        throw new EmIoError(
          'em-io/shape-mismatch',
          `The array to write to ${formatBox(box)} of ${info.location} must be ${formatShape(shape)}, but is ${formatShape(array.shape)}.`,
        );
      }
      if (array.data.length > 0) await sink.writeRegion(region, bytesOf(array.data), options.signal);
    },
    close,
    async [Symbol.asyncDispose]() {
      if (closed) return;
      closed = true;
      await (sink.discard ? sink.discard() : sink.close());
    },
  };
}

function regionOf(info: VolumeInfo, box: Box): Region {
  if (info.channels === undefined) return box;
  return { start: [0, ...box.start], stop: [info.channels, ...box.stop] };
}

function assertOpen(info: VolumeInfo, closed: boolean): void {
  if (closed) throw new EmIoError('em-io/closed', `${info.location} was closed; open it again to use it.`);
}

function assertInside(info: VolumeInfo, box: Box): void {
  const valid = boxShape(box).every((length, axis) => {
    const start = box.start[axis];
    const stop = box.stop[axis];
    return (
      Number.isInteger(start) &&
      Number.isInteger(stop) &&
      start >= 0 &&
      length >= 0 &&
      stop <= info.shape[axis]
    );
  });
  if (valid) return;
  throw new EmIoError(
    'em-io/box-outside',
    `The box ${formatBox(box)} is not inside ${info.location}, whose shape is ${formatShape(info.shape)} (z, y, x); ` +
      'give integers with 0 <= start <= stop <= shape.',
  );
}
