import { ApiProblem } from '../problem.ts';

/** Cloudflare ends request bodies here on small plans; larger ones never arrive whole. */
export const MAX_BODY_BYTES = 100_000_000;

/** JSON is held whole while it is read, and no document of the contract comes near. */
export const MAX_JSON_BYTES = 1_000_000;

/** @throws ApiProblem `body-too-large`, before a byte of the body is read */
export function refuseLargeBody({ method, headers }: Request): void {
  const length = Number(headers.get('content-length') ?? 0);
  const json = method === 'POST' && /\bjson\b/i.test(headers.get('content-type') ?? '');
  const most = json ? MAX_JSON_BYTES : MAX_BODY_BYTES;
  if (length > most) throw tooLarge(most, length);
}

/** The same stream, which fails when it has more than `most` bytes: for bodies that do not say their length. */
export function atMost(body: ReadableStream<Uint8Array>, most: number): ReadableStream<Uint8Array> {
  let seen = 0;
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(bytes, controller) {
        seen += bytes.byteLength;
        if (seen > most) controller.error(tooLarge(most));
        else controller.enqueue(bytes);
      },
    }),
  );
}

function tooLarge(most: number, length?: number): ApiProblem {
  const has = length === undefined ? 'more' : `${length} bytes, more`;
  return new ApiProblem(
    'body-too-large',
    `The body has ${has} than the ${most} that fit into one request; make a stored volume and upload it in chunks.`,
    { field: 'body', ...(length !== undefined && { value: length }), limit: most },
  );
}
