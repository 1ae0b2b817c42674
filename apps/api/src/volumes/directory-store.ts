import type { DatabaseSync } from 'node:sqlite';
import type { Files } from './files.ts';
import type { VolumeLimits } from './limits.ts';
import type { VolumeJson, VolumeStore } from './types.ts';

export interface VolumeStoreOptions {
  readonly db: DatabaseSync;
  /** Of all volumes; made when there is something to put there. One process at a time writes to it. */
  readonly directory: string;
  /** The unfinished job that reads a volume. Asked in the same turn as the volume is marked for deletion. */
  readonly usedBy: (id: string) => string | undefined;
  readonly limits?: Partial<VolumeLimits>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly files?: Files;
}

/** Stored volumes in a directory of this machine, and what jobs need of them. */
export interface DirectoryVolumeStore extends VolumeStore {
  /**
   * Finishes what a killed server left: deletions, and bodies that had not arrived. Call it before the first request.
   */
  recover(): Promise<void>;
  /**
   * The Zarr hierarchy of a volume, also of a result that is being written; its name ends in `.zarr`, as em-io wants.
   *
   * @throws ApiProblem `volume-not-found`
   */
  pathOf(id: string): string;
  /** Undefined: there is no such volume, or it is a result that is not published. */
  stateOf(id: string): VolumeJson['state'] | undefined;
  /**
   * A place for the result of a job, which nobody sees until it is published. Asked again for the same job, as after a
   * restart, it gives the same place.
   *
   * @returns its id, and the path where the hierarchy is to be written; nothing is there at first
   */
  createResult(options: { readonly segmentation: string; readonly name?: string | undefined }): {
    readonly id: string;
    readonly path: string;
  };
  /**
   * Shows a result, sealed, from one moment to the next. Publishing again changes nothing.
   *
   * @throws ApiProblem `volume-not-found`, `metadata-invalid`
   */
  publishResult(id: string): Promise<VolumeJson>;
  /** Deletes a result, published or not; one that is not there is no error. */
  removeResult(id: string): Promise<void>;
  /** The same for the result of a job, whatever its id. */
  removeResultOf(segmentation: string): Promise<void>;
}
