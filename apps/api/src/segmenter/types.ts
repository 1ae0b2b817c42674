import type { NdArray } from '@tokenunify/em-io';

/** The model behind a segmenter, as the API shows it. */
export interface ModelSummary {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly preset: string;
  readonly tileShape: readonly [number, number, number];
  readonly minimumShape: readonly [number, number, number];
  readonly voxelSize?: readonly [number, number, number];
}

export interface SegmentRequest {
  /** [z, y, x], uint8, or float32 with values from 0 to 255. */
  readonly raw: NdArray;
  readonly output: 'labels' | 'affinities';
  /** Both default to what the model package says. */
  readonly threshold?: number;
  readonly scoring?: string;
}

export interface SegmentResult {
  /** An npy file: labels uint32 [z, y, x], or affinities float32 [3, z, y, x]. */
  readonly npy: Uint8Array;
  /** Labels but the background; only with labels. */
  readonly labelCount?: number;
  /** Milliseconds by stage, in the order they ran. */
  readonly timings: Readonly<Record<string, number>>;
}

/** What turns a volume into labels. The API knows no more of segmentation than this. */
export interface Segmenter {
  readonly model: ModelSummary;
  /**
   * @throws ApiProblem; the signal's reason after an abort, when nothing of the work is left
   */
  segment(request: SegmentRequest, options: { readonly signal: AbortSignal }): Promise<SegmentResult>;
}
