import { ApiProblem } from '../problem.ts';

/** Cloudflare ends request bodies here on small plans; larger ones never arrive whole. */
export const MAX_BODY_BYTES = 100_000_000;

/** @throws ApiProblem `body-too-large`, before a byte of the body is read; JSON has a lower limit, in the contract */
export function refuseLargeBody({ headers, url }: Request): void {
  const length = Number(headers.get('content-length') ?? 0);
  if (length > MAX_BODY_BYTES) throw tooLarge(url, MAX_BODY_BYTES, length);
}

/**
 * The same stream, which fails when it has more than `most` bytes: for bodies that do not say their length.
 *
 * @param url where it was sent, for the remedy
 * @param onFailure called before the stream fails, with the reason: whoever sends it on must break off himself, since
 *   workerd ends a chunked body that fails as if it were complete
 */
export function atMost(
  body: ReadableStream<Uint8Array>,
  most: number,
  { url, onFailure }: { readonly url: string; readonly onFailure: (reason: unknown) => void },
): ReadableStream<Uint8Array> {
  let seen = 0;
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>({
    transform(bytes, controller) {
      seen += bytes.byteLength;
      if (seen <= most) return controller.enqueue(bytes);
      const reason = tooLarge(url, most);
      onFailure(reason);
      controller.error(reason);
    },
  });
  const fail = (reason: unknown) => {
    onFailure(reason);
    return writable.abort(reason);
  };
  void body
    .pipeTo(writable, { preventAbort: true })
    .catch(fail)
    .catch(() => {});
  return readable;
}

function tooLarge(url: string, most: number, length?: number): ApiProblem {
  const has = length === undefined ? 'more' : `${length} bytes, more`;
  const remedy =
    new URL(url).pathname === '/v1/models'
      ? 'upload the package at the address of the segmentation server itself, which its operator has in CONTAINER_URL'
      : 'make a stored volume and upload it in chunks';
  return new ApiProblem(
    'body-too-large',
    `The body has ${has} than the ${most} that fit into one request here; ${remedy}.`,
    { field: 'body', ...(length !== undefined && { value: length }), limit: most },
  );
}
