import type { Vec3 } from '@tokenunify/em-io';
import { SegmentationError, type PostProcessing } from '@tokenunify/segmentation';

/** What a request may change of what the model package says. */
export interface Overrides {
  readonly threshold?: number | undefined;
  readonly scoring?: string | undefined;
  readonly minimumSize?: number | undefined;
  /** Voxels of a cell, (z, y, x). */
  readonly cell?: Vec3 | undefined;
}

/**
 * The post-processing of a model package with a request's changes. Its own fields are checked where they are used, by
 * @tokenunify/segmentation.
 */
export function withOverrides(
  postprocessing: unknown,
  { threshold, scoring, minimumSize, cell }: Overrides,
): PostProcessing {
  const given = postprocessing as PostProcessing | null | undefined; // JSON of a model package
  if (typeof given?.agglomeration !== 'object') {
    throw new SegmentationError(
      'segmentation/bad-option',
      'The model package says nothing of agglomeration; export the model again with `tokenunify export`.',
    );
  }
  return {
    ...given,
    agglomeration: {
      ...given.agglomeration,
      ...(threshold !== undefined && { threshold }),
      ...(scoring !== undefined && { scoring: scoring as PostProcessing['agglomeration']['scoring'] }),
    },
    ...(minimumSize !== undefined && { minimumSize }),
    ...(cell && { watershed: { ...given.watershed, cell } }),
  };
}
