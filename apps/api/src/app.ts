import { OpenAPIHono } from '@hono/zod-openapi';
import { Admission } from './admission.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { wrongParameter } from './parameters.ts';
import { ApiProblem } from './problem.ts';
import { documentOf } from './openapi.ts';
import { observe, type RequestLog } from './observe.ts';
import { methodsAt, toProblem } from './failures.ts';
import { mountSegment } from './routes/segment.ts';
import { mountService } from './routes/service.ts';
import type { Segmenter } from './segmenter/types.ts';

export interface Env {
  Variables: { requestId: string };
}

export interface AppOptions {
  readonly segmenter: Segmenter;
  readonly limits?: Partial<Limits>;
  /** Called once a request is answered. */
  readonly log?: (entry: RequestLog) => void;
  readonly now?: () => number;
}

/**
 * The API as a function from Request to Response: it opens no port and reads no environment.
 *
 * @example
 *     const app = createApp({ segmenter });
 *     const response = await app.request('/healthz');
 */
export function createApp(options: AppOptions): OpenAPIHono<Env> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const now = options.now ?? (() => performance.now());
  const admission = new Admission(limits);
  const app = new OpenAPIHono<Env>({
    defaultHook: (result, c) => {
      if (result.success) return;
      throw wrongParameter(result.error.issues[0], (name) => c.req.queries(name)?.join(',') ?? '');
    },
  });
  app.use(observe(options.log, now));
  app.onError((error, c) => toProblem(error).toResponse(c.get('requestId')));
  app.notFound((c) => {
    const methods = methodsAt(app, c.req.path);
    const problem =
      methods.length === 0
        ? new ApiProblem(
            'not-found',
            `There is nothing at ${c.req.path}; see /openapi.json for what there is.`,
            {
              field: 'path',
              value: c.req.path,
            },
          )
        : new ApiProblem(
            'method-not-allowed',
            `${c.req.path} has no ${c.req.method}; use ${methods.join(' or ')}.`,
            {
              field: 'method',
              value: c.req.method,
              limit: methods,
              headers: { allow: methods.join(', ') },
            },
          );
    return problem.toResponse(c.get('requestId'));
  });
  mountService(app, { segmenter: options.segmenter, admission, now });
  mountSegment(app, { segmenter: options.segmenter, limits, admission });
  app.get('/openapi.json', (c) => c.json(documentOf(app)));
  return app;
}
