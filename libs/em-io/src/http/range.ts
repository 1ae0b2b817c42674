/** Byte ranges, as they are asked for and answered (RFC 9110, 14). */
import type { FetchResponse } from './options.ts';

/** `length` of 1 or more. */
export type ByteRange =
  { readonly offset: number; readonly length: number } | { readonly suffixLength: number };

export function rangeHeader(range: ByteRange): string {
  if ('suffixLength' in range) return `bytes=-${range.suffixLength}`;
  return `bytes=${range.offset}-${range.offset + range.length - 1}`;
}

/** What `Content-Range` says, half-open; undefined where it is missing or not understood. */
export function readContentRange(
  response: FetchResponse,
): { start?: number; stop?: number; total?: number } | undefined {
  const header = response.headers.get('content-range') ?? '';
  const match = /^\s*bytes\s+(?:(\d{1,15})-(\d{1,15})|\*)\/(?:(\d{1,15})|\*)\s*$/i.exec(header);
  if (!match) return undefined;
  const [, first, last, total] = match;
  return {
    ...(first !== undefined && last !== undefined && { start: Number(first), stop: Number(last) + 1 }),
    ...(total !== undefined && { total: Number(total) }),
  };
}
