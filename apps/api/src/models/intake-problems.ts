import { isModelError } from '@tokenunify/model';
import { ApiProblem } from '../problem.ts';
import { isOutOfSpace } from '../unforeseen.ts';

export interface Place {
  readonly zip: string;
  readonly unpacked: string;
  readonly maxBytes: number;
}

/** What went wrong with an upload, without the paths of the server. Anything else is passed on. */
export function inWordsOfUploads(error: unknown, { zip, unpacked, maxBytes }: Place): unknown {
  if (isOutOfSpace(error))
    return new ApiProblem(
      'insufficient-storage',
      'The server has no room left on its disk, and nothing of the package was kept; delete retired versions, volumes or jobs, or give it more room, and upload it again.',
      { cause: error },
    );
  if (!isModelError(error)) return error;
  const message = error.message
    .replaceAll(`Archive ${zip}`, 'The archive')
    .replaceAll(`${unpacked}/`, '')
    .replaceAll(unpacked, 'The archive');
  if (error.details['reason'] === 'too-large')
    return new ApiProblem('body-too-large', message, { field: 'body', limit: maxBytes, cause: error });
  const failed = error.details['reason'] === 'test-tile' || error.code === 'model/inference';
  return new ApiProblem(failed ? 'model-failed-test' : 'package-invalid', message, {
    field: 'body',
    cause: error,
  });
}
