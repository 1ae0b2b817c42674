import { createMiddleware } from 'hono/factory';
import type { Env } from './environment.ts';

export interface RequestLog {
  readonly requestId: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly ms: number;
  /** With a status of 500 and above: what was thrown, which the caller is not told in full. */
  readonly error?: unknown;
}

/** A caller's id is taken over when it can go into a log line as it is. */
const ACCEPTABLE = /^[A-Za-z0-9._:-]{1,128}$/;

export function requestIdOf(given: string | null | undefined): string {
  return given && ACCEPTABLE.test(given) ? given : crypto.randomUUID();
}

/** Gives every request an id, every response the header, and the log one entry. */
export const observe = <E extends Env>(log: ((entry: RequestLog) => void) | undefined, now: () => number) =>
  createMiddleware<E>(async (c, next) => {
    const start = now();
    const requestId = requestIdOf(c.req.header('x-request-id'));
    c.set('requestId', requestId);
    await next();
    c.res.headers.set('x-request-id', requestId);
    const { status } = c.res;
    const error = status >= 500 && c.error !== undefined ? { error: c.error } : {};
    log?.({ requestId, method: c.req.method, path: c.req.path, status, ms: now() - start, ...error });
  });
