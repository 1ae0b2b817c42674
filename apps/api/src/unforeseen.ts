import { HTTPException } from 'hono/http-exception';
import { ApiProblem } from './problem.ts';

/** What is left when an error is none of a library's: the client went, the disk is full, or nobody foresaw it. */
export function goneOrUnforeseen(error: unknown): ApiProblem {
  if (isAbort(error))
    return new ApiProblem('client-closed-request', 'The client has gone.', { cause: error });
  if (isOutOfSpace(error)) return outOfSpace(error);
  // what Hono's validator throws for a body that it cannot parse
  if (error instanceof HTTPException && error.status === 400)
    return new ApiProblem('invalid-body', 'The body is not JSON; send what /openapi.json says.', {
      field: 'body',
      cause: error,
    });
  return new ApiProblem(
    'internal',
    'Something unforeseen went wrong; report it with the requestId and what the server logged.',
    { cause: error },
  );
}

export const outOfSpace = (cause?: unknown): ApiProblem =>
  new ApiProblem(
    'insufficient-storage',
    'The server has no room left on its disk; nothing of this request was kept. Delete volumes or jobs, or give it more room.',
    { cause },
  );

/** The disk's end as the database meets it. */
const SQLITE_FULL = 13;

/** ENOSPC, a quota, or a library's word for them, however deep in the causes. */
export function isOutOfSpace(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const code = 'code' in at ? at.code : undefined;
    if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'em-io/no-space') return true;
    if (code === 'insufficient-storage' || code === 'segmentation/no-space') return true;
    if ('errcode' in at && at.errcode === SQLITE_FULL) return true;
  }
  return false;
}

/** Node's server aborts with a string, a controller with whatever it was given, by default a DOMException. */
const isAbort = (error: unknown): boolean =>
  typeof error === 'string' || (error instanceof Error && error.name === 'AbortError');
