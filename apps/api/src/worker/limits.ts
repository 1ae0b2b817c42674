import { ApiProblem } from '../problem.ts';

/** Cloudflare ends request bodies here on small plans; larger ones never arrive whole. */
export const MAX_BODY_BYTES = 100_000_000;

/** @throws ApiProblem `body-too-large`, before a byte of the body is read; JSON has a lower limit, in the contract */
export function refuseLargeBody({ headers }: Request): void {
  const length = Number(headers.get('content-length') ?? 0);
  if (length > MAX_BODY_BYTES) throw tooLarge(MAX_BODY_BYTES, length);
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
