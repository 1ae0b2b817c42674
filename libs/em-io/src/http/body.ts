/** Reading answers piece by piece: never more than was asked for. */
import type { FetchResponse } from './options.ts';

/** The pieces of a body; leaving the loop early ends the transfer. */
export async function* pieces(response: FetchResponse, touch: () => void): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (!reader) return;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      touch();
      if (done) return;
      if (value) yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined); // of a stream that failed: the failure is on its way already
  }
}

/** The whole body; undefined where it has more than `limit` bytes. */
export async function readBody(
  response: FetchResponse,
  limit: number,
  touch: () => void,
): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces(response, touch)) {
    length += piece.length;
    if (length > limit) return undefined;
    parts.push(piece);
  }
  return join(parts, length);
}

/** Bytes `start` to `start + length` of a body, as many as there are; the rest is not read. */
export async function readPart(
  response: FetchResponse,
  start: number,
  length: number,
  touch: () => void,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let at = 0;
  let found = 0;
  for await (const piece of pieces(response, touch)) {
    const part = piece.subarray(Math.max(0, start - at), Math.max(0, start + length - at));
    at += piece.length;
    if (part.length > 0) parts.push(part);
    found += part.length;
    if (found === length) break;
  }
  return join(parts, found);
}

/** The last `length` bytes of a body, as many as there are, without holding more. */
export async function readTail(
  response: FetchResponse,
  length: number,
  touch: () => void,
): Promise<{ bytes: Uint8Array; total: number }> {
  const parts: Uint8Array[] = [];
  let held = 0;
  let total = 0;
  for await (const piece of pieces(response, touch)) {
    parts.push(piece);
    held += piece.length;
    total += piece.length;
    while (parts.length > 0 && held - parts[0].length >= length) held -= parts.shift()?.length ?? 0;
  }
  const joined = join(parts, held);
  return { bytes: joined.subarray(Math.max(0, held - length)), total };
}

/** Reads to the end of a short answer, so that its connection can be used again. */
export async function drain(response: FetchResponse, touch: () => void): Promise<void> {
  await readBody(response, 64 * 1024, touch).catch(() => undefined); // what it said does not matter
}

function join(parts: readonly Uint8Array[], length: number): Uint8Array {
  if (parts.length === 1) return parts[0];
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
