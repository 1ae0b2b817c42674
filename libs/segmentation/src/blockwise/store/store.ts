/**
 * Where a job keeps what its tasks make. Small enough for an object store: names are keys with slashes, and the one thing
 * that must be atomic beside `put` is `putIfAbsent` (a conditional write).
 */
export interface ArtefactStore {
  /** Stores bytes (the parts one after the other) under a name, replacing what is there; nobody ever sees half of it. */
  put(name: string, parts: readonly Uint8Array[]): Promise<void>;
  /** The same unless the name is taken; false when it is. Of two at once, one wins. */
  putIfAbsent(name: string, bytes: Uint8Array): Promise<boolean>;
  /** Undefined when there is nothing of that name. */
  get(name: string): Promise<Uint8Array | undefined>;
  /**
   * Fills `target` with what is stored from `offset` on.
   * @throws {SegmentationError} `segmentation/artefact-missing` when the name, or part of the range, is not there
   */
  getRange(name: string, offset: number, target: Uint8Array): Promise<void>;
  /** Deleting what is not there is fine. */
  delete(name: string): Promise<void>;
  /** Everything whose name starts with a prefix that ends in a slash, in any order. */
  list(prefix: string): AsyncIterable<StoredName>;
  /** Takes over an object of another store without moving its bytes, where both can; false when they cannot. */
  adopt?(from: ArtefactStore, name: string): Promise<boolean>;
}

export interface StoredName {
  readonly name: string;
  /** When it was written, milliseconds since 1970. */
  readonly modified: number;
}

/** What is being written and has no name yet lies here; readers never look. */
export const temporaryPrefix = 'tmp/';
