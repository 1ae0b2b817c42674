import type { Box } from '@tokenunify/em-io';

/** What an annotation is for: to train on, or to compare models on. Never both. */
export const splits = ['train', 'held-out'] as const;
export type Split = (typeof splits)[number];

/** One entry of the manifest, read and checked: a labelled box of a volume. */
export interface Annotation {
  /** Its place in the manifest, counted from 1; messages name it. */
  readonly number: number;
  /** uint8 grey values (z, y, x), as em-io opens them from any working directory. */
  readonly raw: string;
  /** Neuron ids of the same shape, 0 = unlabelled. */
  readonly labels: string;
  /** Inside both volumes, never empty. */
  readonly box: Box;
  /** Of the voxels of the box: see `annotationDigest`. */
  readonly sha256: string;
  readonly split: Split;
  /**
   * Names the entry from one night to the next: sha256 of where it is (as the manifest writes it), its box and its voxels.
   * Another split makes no new entry of it.
   */
  readonly key: string;
}

/** `annotations.json`, read and checked. */
export interface Manifest {
  readonly file: string;
  /** In the manifest's order. */
  readonly entries: readonly Annotation[];
}
