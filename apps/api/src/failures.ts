import { isEmIoError } from '@tokenunify/em-io';
import { isModelError } from '@tokenunify/model';
import { isSegmentationError } from '@tokenunify/segmentation';
import { ApiProblem, isApiProblem } from './problem.ts';
import { goneOrUnforeseen, isOutOfSpace, outOfSpace } from './unforeseen.ts';

/** The one table from what libraries throw to what callers see. Messages of unknown errors stay inside. */
export function toProblem(error: unknown): ApiProblem {
  if (isApiProblem(error)) return error;
  if (isOutOfSpace(error)) return outOfSpace(error);
  if (isModelError(error)) return new ApiProblem('inference-failed', error.message, { cause: error });
  if (isSegmentationError(error) || isEmIoError(error)) {
    return new ApiProblem('segmentation-failed', error.message, { cause: error });
  }
  return goneOrUnforeseen(error);
}
