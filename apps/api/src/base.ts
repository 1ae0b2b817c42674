import { OpenAPIHono } from '@hono/zod-openapi';
import { createMiddleware } from 'hono/factory';
import type { Env } from './environment.ts';
import { methodsAt } from './methods-at.ts';
import { observe, type RequestLog } from './observe.ts';
import { wrongBody, wrongHeader, wrongParameter } from './parameters.ts';
import { ApiProblem } from './problem.ts';

export interface BaseOptions {
  /** The one table from what this server's libraries throw to what callers see. */
  readonly toProblem: (error: unknown) => ApiProblem;
  /** Called once a request is answered. */
  readonly log?: (entry: RequestLog) => void;
  readonly now: () => number;
}

/**
 * An app without routes that answers as every server of the contract does: ids, logs, problems for what is refused,
 * for what is not there and for what goes wrong. Nothing of a runtime is in it.
 */
export function createBase<E extends Env>({ toProblem, log, now }: BaseOptions): OpenAPIHono<E> {
  const app = new OpenAPIHono<E>({
    defaultHook: (result, c) => {
      if (result.success) return;
      const [issue] = result.error.issues;
      if (result.target === 'json') throw wrongBody(issue);
      if (result.target === 'header') throw wrongHeader(issue, (name) => c.req.header(name) ?? '');
      throw wrongParameter(issue, (name) => c.req.queries(name)?.join(',') ?? '');
    },
  });
  app.use(observe<E>(log, now));
  app.use(throwErrors);
  app.onError((error, c) => toProblem(error).toResponse(c.get('requestId')));
  app.notFound((c) => {
    const methods = methodsAt(app.routes, c.req.path);
    const problem =
      methods.length === 0
        ? new ApiProblem(
            'not-found',
            `There is nothing at ${c.req.path}; see /openapi.json for what there is.`,
            { field: 'path', value: c.req.path },
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
  return app;
}

/**
 * Hono asks `onError` about errors only. Node's server aborts the signal of a client that went with a string, and who
 * waits for that signal throws it: such a request would be neither answered nor logged.
 */
const throwErrors = createMiddleware(async (_, next) => {
  try {
    await next();
  } catch (thrown) {
    if (thrown instanceof Error) throw thrown;
    throw new ApiProblem('client-closed-request', 'The client has gone.', { cause: thrown });
  }
});
