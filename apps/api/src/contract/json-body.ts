import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { ApiProblem } from '../problem.ts';

/** A request says what to do in a few hundred bytes; volumes do not come as JSON. */
const MOST_BYTES = 2 ** 20;

/** What must be right of a JSON body before it is parsed: the validator takes another type for no body at all. */
const checkHeaders =
  (required: boolean): MiddlewareHandler =>
  async (c, next) => {
    if (!required && sendsNothing(c.req.raw.headers)) return next();
    const type = c.req.header('content-type');
    const essence = type?.split(';')[0]?.trim().toLowerCase();
    if (essence !== 'application/json')
      throw new ApiProblem(
        'unsupported-content-type',
        `The content type is ${type ?? 'missing'}; send JSON as application/json.`,
        {
          field: 'content-type',
          value: type,
          limit: 'application/json',
          headers: { accept: 'application/json' },
        },
      );
    const encoding = c.req.header('content-encoding')?.trim().toLowerCase();
    if (encoding !== undefined && encoding !== 'identity')
      throw new ApiProblem(
        'unsupported-content-encoding',
        `The content encoding is ${encoding}; send the JSON without compression.`,
        { field: 'content-encoding', value: encoding, limit: 'identity' },
      );
    await next();
  };

const sendsNothing = (headers: Headers): boolean =>
  !headers.has('content-type') && !headers.has('transfer-encoding') && !Number(headers.get('content-length'));

const checkSize = bodyLimit({
  maxSize: MOST_BYTES,
  onError: () => {
    throw new ApiProblem(
      'body-too-large',
      `The JSON body has more than ${MOST_BYTES} bytes; a request needs a few hundred.`,
      { field: 'body', limit: MOST_BYTES },
    );
  },
});

/** To be run before a route with a JSON body, which may be left out unless it is required. */
export const jsonBody = ({ required }: { readonly required: boolean }): readonly MiddlewareHandler[] => [
  checkHeaders(required),
  checkSize,
];
