import { ApiProblem } from './problem.ts';

export interface BodyLimits {
  readonly maxBodyBytes: number;
  readonly bodyIdleMs: number;
}

/**
 * The body as one array. Hono's `bodyLimit` buffers chunked bodies before it counts them; here no byte beyond the
 * limit is kept, and a body that says its length is refused before the first.
 *
 * @throws ApiProblem `body-too-large`, `body-missing`, `body-stalled`; the signal's reason
 */
export async function readBody(
  request: Request,
  limits: BodyLimits,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const stated = Number(request.headers.get('content-length') ?? NaN);
  if (stated > limits.maxBodyBytes) throw tooLarge(`${stated} bytes`, stated, limits);
  if (request.body === null || stated === 0) throw missing();
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await untilIdle(reader.read(), limits.bodyIdleMs, signal);
      if (done) break;
      size += value.length;
      if (size > limits.maxBodyBytes)
        throw tooLarge(`more than ${limits.maxBodyBytes} bytes`, undefined, limits);
      chunks.push(value);
    }
  } catch (error) {
    // Not awaited: a sender that has stalled may never let the stream end.
    reader.cancel(error).catch(() => {});
    throw error;
  }
  if (size === 0) throw missing();
  return chunks.length === 1 && chunks[0] ? chunks[0] : concatenate(chunks, size);
}

function concatenate(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

function untilIdle<T>(read: Promise<T>, idleMs: number, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    const timer = setTimeout(() => {
      const limit = idleMs / 1000;
      const what = `The body sent nothing for ${limit} s; send it without pauses longer than that.`;
      reject(new ApiProblem('body-stalled', what, { field: 'body', limit }));
    }, idleMs);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    read.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    });
  });
}

const missing = (): ApiProblem =>
  new ApiProblem('body-missing', 'The body is empty; send the volume as an npy file of shape [z, y, x].', {
    field: 'body',
  });

const tooLarge = (what: string, value: number | undefined, { maxBodyBytes }: BodyLimits): ApiProblem =>
  new ApiProblem(
    'body-too-large',
    `The body has ${what}, the limit is ${maxBodyBytes} bytes; send a smaller volume, or raise the server's limit.`,
    { field: 'body', value, limit: maxBodyBytes },
  );
