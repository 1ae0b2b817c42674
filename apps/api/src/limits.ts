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
  /** Values that are received at once. */
  readonly uploads: number;
  /** Clients that follow or wait for jobs at once. */
  readonly followers: number;
}

export const DEFAULT_LIMITS: Limits = {
  maxVoxels: 256 ** 3,
  // float32 voxels and a header
  maxBodyBytes: 4 * 256 ** 3 + 4096,
  concurrency: 1,
  queue: 4,
  bodyIdleMs: 30_000,
  uploads: 64,
  followers: 256,
};

/** What jobs may take, and how many there may be. */
export interface JobLimits {
  /** Jobs that run at once. */
  readonly jobs: number;
  /** Jobs that may wait. */
  readonly queue: number;
  /** Threads of one job for what follows the model. */
  readonly workers: number;
  /** Bytes of one job: bounds its threads, and agglomeration refuses a graph that needs more. */
  readonly memoryBytes: number;
  /** Voxels along a side of a block, in whole cells: what a thread holds at once. */
  readonly blockSide: number;
  /** Voxels of the part that one job segments. */
  readonly maxVoxels: number;
}

/** What stored volumes may take. */
export interface StorageLimits {
  /** Bytes of one stored value: a chunk, or metadata. */
  readonly maxValueBytes: number;
  /** Bytes of all stored volumes; undefined: as much as the disk holds. */
  readonly maxStorageBytes?: number;
}

/** What versions of models may take. */
export interface ModelLimits {
  /** With a process at once; a promotion takes one more for a moment. */
  readonly loaded: number;
  /** Those that are neither champion nor a challenger with work are closed when nobody has held them for so long. */
  readonly idleMs: number;
  /** Bytes of an archive, and of the files in it. */
  readonly maxBytes: number;
  /** For the start of a version's process and its test tile. */
  readonly testMs: number;
}

/** The machine that limits are made for. */
export interface Machine {
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
}

export const defaultJobLimits = ({ cores, memory }: Machine): JobLimits => ({
  jobs: 1,
  queue: 100,
  // More than four wait for the disk.
  workers: Math.max(1, Math.min(4, cores)),
  memoryBytes: Math.max(1, Math.floor(memory / 2)),
  blockSide: 128,
  // 26 GB of affinities and 34 GB of labels on disk
  maxVoxels: 2048 ** 3,
});

export const DEFAULT_STORAGE_LIMITS: StorageLimits = {
  // A chunk of 256^3 uint64 labels is half of it.
  maxValueBytes: 256 * 1024 ** 2,
};

export const DEFAULT_MODEL_LIMITS: ModelLimits = {
  loaded: 4,
  idleMs: 5 * 60_000,
  maxBytes: 2 * 1024 ** 3,
  // a network of a billion parameters takes a minute to read
  testMs: 120_000,
};
