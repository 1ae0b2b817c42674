import { SegmentationError, type PostProcessing } from '@tokenunify/segmentation';

/** What a request may change of what the model package says. */
export interface Overrides {
  readonly threshold?: number;
  readonly scoring?: string;
}

/**
 * The post-processing of a model package with a request's changes. Its own fields are checked where they are used, by
 * @tokenunify/segmentation.
 */
export function withOverrides(postprocessing: unknown, { threshold, scoring }: Overrides): PostProcessing {
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
  };
}
