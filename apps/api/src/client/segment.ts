import { failure, withSignal, type RawClient } from './calls.ts';
import type { operations } from './generated/api.ts';

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

export async function segment(
  raw: RawClient,
  npy: Uint8Array,
  { signal, requestId, ...query }: SegmentOptions,
): Promise<Segmentation> {
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
    ...withSignal(signal),
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
}

function parseTimings(header: string): Record<string, number> {
  const entries = header.split(',').map((entry) => /^\s*([\w-]+);dur=([\d.]+)/.exec(entry));
  return Object.fromEntries(entries.flatMap((match) => (match ? [[match[1], Number(match[2])]] : [])));
}
