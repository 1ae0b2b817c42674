import { LAST, untilIdle } from './idle.ts';
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
  const bytes = new Collector(Number.isNaN(stated) ? undefined : stated);
  try {
    for (;;) {
      const { done, value } = await untilIdle(reader.read(), limits.bodyIdleMs, signal);
      if (done) break;
      if (bytes.size + value.length > limits.maxBodyBytes) {
        throw tooLarge(`more than ${limits.maxBodyBytes} bytes`, undefined, limits);
      }
      bytes.add(value);
    }
  } catch (error) {
    // Not awaited: a sender that has stalled may never let the stream end.
    reader.cancel(error).catch(() => {});
    throw error;
  }
  if (bytes.size === 0) throw missing();
  return bytes.finish();
}

/** Copies pieces into an array of its own: the pieces may share a buffer with other requests of the connection. */
class Collector {
  readonly #whole: Uint8Array | undefined;
  readonly #pieces: Uint8Array[] = [];
  #size = 0;

  /** @param length when it is known, nothing is held twice */
  constructor(length: number | undefined) {
    this.#whole = length === undefined ? undefined : new Uint8Array(length);
  }

  get size(): number {
    return this.#size;
  }

  add(piece: Uint8Array): void {
    if (this.#whole) this.#whole.set(piece, this.#size);
    else this.#pieces.push(piece);
    this.#size += piece.length;
  }

  finish(): Uint8Array {
    if (this.#whole) return this.#whole.subarray(0, this.#size);
    const bytes = new Uint8Array(this.#size);
    let offset = 0;
    for (const piece of this.#pieces) {
      bytes.set(piece, offset);
      offset += piece.length;
    }
    return bytes;
  }
}

const missing = (): ApiProblem =>
  new ApiProblem('body-missing', 'The body is empty; send the volume as an npy file of shape [z, y, x].', {
    field: 'body',
  });

const tooLarge = (what: string, value: number | undefined, { maxBodyBytes }: BodyLimits): ApiProblem =>
  new ApiProblem(
    'body-too-large',
    `The body has ${what}, the limit is ${maxBodyBytes} bytes; send a smaller volume, or raise the server's limit.`,
    { field: 'body', value, limit: maxBodyBytes, headers: LAST },
  );
