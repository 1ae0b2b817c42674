import type { Context } from 'hono';
import { PROBLEM_MEDIA_TYPE } from '../../contract/index.ts';
import { ApiProblem, isApiProblem } from '../../problem.ts';
import { bound, type WorkerEnv } from '../bindings.ts';
import { atMost, MAX_BODY_BYTES } from '../limits.ts';

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface Forwarding {
  /** With its query; default: what was asked for. */
  readonly path?: string;
  readonly method?: string;
  /** Default: the body of the request, as it comes. */
  readonly body?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** Beside the client's going away. */
  readonly signal?: AbortSignal;
}

/** What means the same to the container as to us. Authorization and Idempotency-Key do not: both belong to the caller. */
const PASSED = [
  'accept',
  'content-type',
  'content-encoding',
  'if-match',
  'if-none-match',
  'if-range',
  'last-event-id',
  'prefer',
  'range',
];

/** Of one connection (RFC 9110, 7.6.1), or of the container's own business. */
const NOT_PASSED_BACK = ['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'set-cookie', 'server'];

/**
 * Asks the container; bodies stream both ways, and the container hears it when the client goes away.
 *
 * @throws ApiProblem `upstream-failed` when it does not answer, or not in the contract's words
 */
export async function askContainer(
  c: Context<WorkerEnv>,
  fetch: Fetch,
  forwarding: Forwarding = {},
): Promise<Response> {
  const request = c.req.raw;
  const { pathname, search } = new URL(request.url);
  const base = bound(c.env, 'CONTAINER_URL').replace(/\/+$/, '');
  const method = forwarding.method ?? request.method;
  const broken = new AbortController();
  const signal = AbortSignal.any([
    request.signal,
    broken.signal,
    ...(forwarding.signal ? [forwarding.signal] : []),
  ]);
  let response: Response;
  try {
    response = await fetch(base + (forwarding.path ?? pathname + search), {
      method,
      headers: headersFor(c, forwarding.headers),
      body: bodyFor(request, method, forwarding, (reason) => broken.abort(reason)),
      redirect: 'manual',
      signal,
    });
  } catch (cause) {
    if (request.signal.aborted) throw new DOMException('The client has gone.', 'AbortError');
    if (isApiProblem(cause)) throw cause;
    if (isApiProblem(broken.signal.reason)) throw broken.signal.reason;
    throw new ApiProblem(
      'upstream-failed',
      'The segmentation server did not answer; send the request again in 10 s.',
      { headers: { 'retry-after': '10' }, cause },
    );
  }
  await refuseForeign(response);
  return response;
}

/** An answer of the container as ours. */
export function passBack(response: Response): Response {
  const headers = new Headers(response.headers);
  for (const name of NOT_PASSED_BACK) headers.delete(name);
  // Even an empty body with one of these is an error to a Response.
  const body = [204, 205, 304].includes(response.status) ? null : response.body;
  return new Response(body, { status: response.status, headers });
}

function headersFor(c: Context<WorkerEnv>, more: Forwarding['headers']): Headers {
  const headers = new Headers();
  for (const name of PASSED) {
    const value = c.req.header(name);
    if (value !== undefined) headers.set(name, value);
  }
  headers.set('authorization', `Bearer ${bound(c.env, 'CONTAINER_KEY')}`);
  headers.set('x-request-id', c.get('requestId'));
  headers.set('accept-encoding', 'identity');
  for (const [name, value] of Object.entries(more ?? {})) headers.set(name, value);
  return headers;
}

function bodyFor(
  request: Request,
  method: string,
  { body }: Forwarding,
  onFailure: (reason: unknown) => void,
): BodyInit | null {
  if (body !== undefined) return body;
  if (method === 'GET' || method === 'HEAD' || request.body === null) return null;
  if (request.headers.has('content-length')) return request.body;
  return atMost(request.body, MAX_BODY_BYTES, { url: request.url, onFailure });
}

/** Pages of proxies on the way, redirects, and the container's view of our own key are nothing a caller can act on. */
async function refuseForeign(response: Response): Promise<void> {
  const { status, headers } = response;
  const type = headers.get('content-type') ?? '';
  const refused = status === 401 || status === 403;
  const foreign = status >= 500 && !type.startsWith(PROBLEM_MEDIA_TYPE);
  if (!refused && !foreign && !(status >= 301 && status <= 308 && status !== 304)) return;
  await response.body?.cancel();
  const retryAfter = headers.get('retry-after');
  throw new ApiProblem(
    'upstream-failed',
    refused
      ? 'The segmentation server refused the key of this Worker; its operator must set CONTAINER_KEY to one with every scope.'
      : `The segmentation server answered with the status ${status}; send the request again in ${retryAfter ?? '10'} s.`,
    { value: status, ...(!refused && { headers: { 'retry-after': retryAfter ?? '10' } }) },
  );
}
