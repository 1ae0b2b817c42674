/** What stored volumes may take. */
export interface VolumeLimits {
  /** Of one value: a chunk or a shard. */
  readonly maxValueBytes: number;
  /** Of one metadata document, which is parsed in memory. */
  readonly maxMetadataBytes: number;
  /** Of all volumes together, with what is arriving. */
  readonly maxVolumeBytes: number;
  /** A body that sends nothing for so long is given up. */
  readonly bodyIdleMs: number;
}

export const DEFAULT_VOLUME_LIMITS: VolumeLimits = {
  maxValueBytes: 256 * 2 ** 20,
  maxMetadataBytes: 16 * 2 ** 20,
  maxVolumeBytes: Infinity,
  bodyIdleMs: 30_000,
};
