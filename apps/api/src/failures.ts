import type { OpenAPIHono } from '@hono/zod-openapi';
import { isEmIoError } from '@tokenunify/em-io';
import { isModelError } from '@tokenunify/model';
import { isSegmentationError } from '@tokenunify/segmentation';
import type { Env } from './app.ts';
import { ApiProblem, isApiProblem } from './problem.ts';

/** The one table from what libraries throw to what callers see. Messages of unknown errors stay inside. */
export function toProblem(error: unknown): ApiProblem {
  if (isApiProblem(error)) return error;
  if (isAbort(error))
    return new ApiProblem('client-closed-request', 'The client has gone.', { cause: error });
  if (isModelError(error)) return new ApiProblem('inference-failed', error.message, { cause: error });
  if (isSegmentationError(error) || isEmIoError(error)) {
    return new ApiProblem('segmentation-failed', error.message, { cause: error });
  }
  return new ApiProblem(
    'internal',
    'Something unforeseen went wrong; report it with the requestId and what the server logged.',
    { cause: error },
  );
}

/** Node's server aborts with a string, a controller with whatever it was given, by default a DOMException. */
const isAbort = (error: unknown): boolean =>
  typeof error === 'string' || (error instanceof Error && error.name === 'AbortError');

/** The methods that are served at a path, for 405 and its Allow header. */
export function methodsAt(app: OpenAPIHono<Env>, path: string): string[] {
  const served = app.routes.filter((route) => route.method !== 'ALL' && route.path === path);
  return [...new Set(served.map((route) => route.method))];
}
