/**
 * What can go wrong here. The codes are stable: the API maps them to problem types in one table.
 *
 * The last three come from where a job keeps its artefacts, and only there a retry can help: after `no-space` when
 * there is room again, after `storage` perhaps. `artefact-missing` says that somebody removed what a manifest names.
 */
export type SegmentationErrorCode =
  | 'segmentation/shape-mismatch'
  | 'segmentation/bad-shape'
  | 'segmentation/bad-dtype'
  | 'segmentation/bad-affinity'
  | 'segmentation/bad-option'
  | 'segmentation/bad-prediction'
  | 'segmentation/nothing-to-compare'
  | 'segmentation/too-many-labels'
  | 'segmentation/too-large'
  | 'segmentation/too-small'
  | 'segmentation/memory-limit'
  | 'segmentation/artefact-missing'
  | 'segmentation/no-space'
  | 'segmentation/storage';

/**
 * The one error class of this library. `message` is one sentence that names the field, the value, the limit and the
 * remedy; a retry never helps unless the code says so.
 *
 * @example
 * try { variationOfInformation(truth, labels) } catch (error) {
 *   if (isSegmentationError(error, 'segmentation/shape-mismatch')) ...
 * }
 */
export class SegmentationError extends Error {
  readonly code: SegmentationErrorCode;

  constructor(code: SegmentationErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'SegmentationError';
    this.code = code;
  }
}

/** True when `error` comes from this library and, if codes are given, carries one of them. */
export function isSegmentationError(
  error: unknown,
  ...codes: readonly SegmentationErrorCode[]
): error is SegmentationError {
  return error instanceof SegmentationError && (codes.length === 0 || codes.includes(error.code));
}
