/**
 * A typed client of the API, from the same contract as the server. It runs wherever fetch does.
 *
 *     import { createClient, isApiError } from '@tokenunify/api/client';
 *     const api = createClient('http://127.0.0.1:8787');
 *     const { npy, labelCount } = await api.segment(npyBytes, { threshold: 0.4 });
 *
 * @module
 */
import createFetchClient, { type Client } from 'openapi-fetch';
import { ApiConnectionError, ApiError, type Problem } from './errors.ts';
import type { components, operations, paths } from './generated/api.ts';

export * from './errors.ts';
export type { components, operations, paths } from './generated/api.ts';

export type Health = components['schemas']['Health'];
export type SegmentParameters = NonNullable<operations['segment']['parameters']['query']>;

export interface SegmentOptions extends SegmentParameters {
  readonly signal?: AbortSignal;
  /** Sent as x-request-id, and found again in the server's log. */
  readonly requestId?: string;
}

export interface Segmentation {
  /** An npy file: labels uint32 [z, y, x], or affinities float32 [3, z, y, x]. */
  readonly npy: Uint8Array;
  /** Labels but the background; with output=labels. */
  readonly labelCount: number | undefined;
  /** Digest of the model package that made it. */
  readonly model: string;
  readonly requestId: string;
  /** Milliseconds by stage. */
  readonly timings: Readonly<Record<string, number>>;
}

export interface ApiClient {
  /** Every operation of the contract, typed: `api.raw.GET('/healthz')`. */
  readonly raw: Client<paths>;
  /**
   * Segments a small volume.
   *
   * @param npy an npy file of shape [z, y, x], uint8, or float32 from 0 to 255
   * @throws ApiError, ApiConnectionError; the signal's reason after an abort, which also ends the work on the server
   */
  segment(npy: Uint8Array, options?: SegmentOptions): Promise<Segmentation>;
  health(options?: { readonly signal?: AbortSignal }): Promise<Health>;
}

export interface ClientOptions {
  readonly fetch?: (request: Request) => Promise<Response>;
  readonly headers?: Readonly<Record<string, string>>;
}

export function createClient(baseUrl: string, options: ClientOptions = {}): ApiClient {
  const send = options.fetch ?? ((request: Request) => fetch(request));
  const raw = createFetchClient<paths>({
    baseUrl: baseUrl.replace(/\/+$/, ''),
    headers: { ...options.headers },
    fetch: async (request) => {
      try {
        return await send(request);
      } catch (cause) {
        if (request.signal.aborted) throw request.signal.reason;
        throw new ApiConnectionError({ method: request.method, url: request.url }, cause);
      }
    },
  });
  return {
    raw,
    async segment(npy, { signal, requestId, ...query } = {}) {
      const { data, error, response } = await raw.POST('/v1/segment', {
        params: { query },
        headers: {
          'content-type': 'application/x-npy',
          ...(requestId !== undefined && { 'x-request-id': requestId }),
        },
        // The contract's type of a binary body is string; the serializer passes the bytes on.
        body: npy as never,
        bodySerializer: (bytes: unknown) => bytes,
        parseAs: 'arrayBuffer',
        ...(signal && { signal }),
      });
      if (data === undefined) throw failure('POST', response, error);
      const count = response.headers.get('tokenunify-label-count');
      return {
        npy: new Uint8Array(data),
        labelCount: count === null ? undefined : Number(count),
        model: response.headers.get('tokenunify-model') ?? '',
        requestId: response.headers.get('x-request-id') ?? '',
        timings: parseTimings(response.headers.get('server-timing') ?? ''),
      };
    },
    async health({ signal } = {}) {
      const { data, error, response } = await raw.GET('/healthz', { ...(signal && { signal }) });
      if (data === undefined) throw failure('GET', response, error);
      // openapi-fetch's mapped type turns the tuples of the contract into arrays.
      return data as Health;
    },
  };
}

function failure(method: string, response: Response, body: unknown): ApiError {
  const problem = isProblem(body) ? body : undefined;
  return new ApiError(response, problem, { method, url: response.url });
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && 'detail' in body;
}

function parseTimings(header: string): Record<string, number> {
  const entries = header.split(',').map((entry) => /^\s*([\w-]+);dur=([\d.]+)/.exec(entry));
  return Object.fromEntries(entries.flatMap((match) => (match ? [[match[1], Number(match[2])]] : [])));
}
