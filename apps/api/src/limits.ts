/** What one request, and all of them together, may take. Memory is bounded by `(concurrency + queue) * maxBodyBytes`
 *  for bodies, and about 30 bytes a voxel for each volume being segmented. */
export interface Limits {
  readonly maxBodyBytes: number;
  readonly maxVoxels: number;
  /** Volumes segmented at once. */
  readonly concurrency: number;
  /** Requests that may wait, or be received, beside those. */
  readonly queue: number;
  /** A body that sends nothing for so long is given up. */
  readonly bodyIdleMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  maxVoxels: 256 ** 3,
  // float32 voxels and a header
  maxBodyBytes: 4 * 256 ** 3 + 4096,
  concurrency: 1,
  queue: 4,
  bodyIdleMs: 30_000,
};
