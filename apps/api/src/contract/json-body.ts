import type { MiddlewareHandler } from 'hono';
import { ApiProblem } from '../problem.ts';

/** A request says what to do in a few hundred bytes; volumes do not come as JSON. */
const MOST_BYTES = 2 ** 20;

/**
 * To be run before a route with a JSON body: what must be right of it before it is parsed. The validator takes another
 * type for no body at all.
 *
 * @param options `required`: false for a body that may be left out
 */
export const jsonBody =
  ({ required }: { readonly required: boolean }): MiddlewareHandler =>
  async (c, next) => {
    const { headers, body } = c.req.raw;
    if (!required && sendsNothing(headers)) return next();
    checkHeaders(headers);
    const length = headers.get('content-length');
    if (length !== null && !headers.has('transfer-encoding')) {
      if (Number(length) > MOST_BYTES) throw tooLarge();
    } else if (body !== null) {
      // Hono's `bodyLimit` makes a new Request of this one, which Node's server does not let it.
      // What it has read it keeps as a promise, whatever the type says.
      c.req.bodyCache.text = Promise.resolve(await textOf(body)) as unknown as string;
    }
    await next();
  };

const sendsNothing = (headers: Headers): boolean =>
  !headers.has('content-type') && !headers.has('transfer-encoding') && !Number(headers.get('content-length'));

function checkHeaders(headers: Headers): void {
  const type = headers.get('content-type');
  const essence = type?.split(';')[0]?.trim().toLowerCase();
  if (essence !== 'application/json')
    throw new ApiProblem(
      'unsupported-content-type',
      `The content type is ${type ?? 'missing'}; send JSON as application/json.`,
      {
        field: 'content-type',
        value: type ?? undefined,
        limit: 'application/json',
        headers: { accept: 'application/json' },
      },
    );
  const encoding = headers.get('content-encoding')?.trim().toLowerCase();
  if (encoding !== undefined && encoding !== 'identity')
    throw new ApiProblem(
      'unsupported-content-encoding',
      `The content encoding is ${encoding}; send the JSON without compression.`,
      { field: 'content-encoding', value: encoding, limit: 'identity' },
    );
}

/** A body that does not say its length, no more of it than is allowed. */
async function textOf(body: ReadableStream<Uint8Array>): Promise<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let [text, size] = ['', 0];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.length;
    if (size > MOST_BYTES) {
      // Not awaited: a sender may never let the stream end.
      reader.cancel().catch(() => {});
      throw tooLarge();
    }
    text += decoder.decode(value, { stream: true });
  }
}

const tooLarge = (): ApiProblem =>
  new ApiProblem(
    'body-too-large',
    `The JSON body has more than ${MOST_BYTES} bytes; a request needs a few hundred.`,
    { field: 'body', limit: MOST_BYTES },
  );
