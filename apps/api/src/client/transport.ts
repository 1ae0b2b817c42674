/** One way for every request: sent again where that is safe and can help, and failing in words that hide credentials. */
import { ApiConnectionError, type RequestSummary } from './errors.ts';
import type { Settings } from './options.ts';
import { isRepeatable, LONGEST_RETRY_AFTER, mayMend, retryAfterMs, retryDelay } from './retry.ts';

/**
 * A request, tried as often as the settings say.
 *
 * @param source the request, or what makes it anew for each attempt
 * @param repeatable whether it may be sent twice; default: what its method and path say
 */
export async function send(
  settings: Settings,
  source: Request | (() => Request),
  repeatable?: boolean,
): Promise<Response> {
  const { retries, sleep, random, now } = settings;
  const first = source instanceof Request ? source : source();
  const { signal } = first;
  const attempts = (repeatable ?? isRepeatable(first)) ? retries : 0;
  for (let attempt = 0; ; attempt++) {
    // the last attempt may use up the body
    const last = attempt >= attempts;
    const request =
      source instanceof Request ? (last ? source : source.clone()) : attempt === 0 ? first : source();
    let after: number | undefined;
    try {
      const response = await sendOnce(settings, request, signal);
      if (last || !(mayMend(response.status) || (await isBeingHandled(response)))) return response;
      after = retryAfterMs(response.headers, now());
      if (after !== undefined && after > LONGEST_RETRY_AFTER) return response;
      await response.body?.cancel().catch(() => undefined); // of an answer that is given up
    } catch (error) {
      if (last || !(error instanceof ApiConnectionError)) throw error;
    }
    await sleep(retryDelay(attempt, after, random()), signal);
  }
}

/** What computes or loads a model before it answers; the server has limits of its own for it. */
const LONG = /\/v1\/(segment|models|models\/[^/]+\/(promote|challenge)|deployment(\/rollback)?)$/;

/**
 * One attempt. JSON is read to its end, so that an answer which breaks off counts as none; other bodies are passed on.
 *
 * @param signal of the request that was made first: that of a clone is followed weakly, and can be lost
 * @throws ApiConnectionError; the signal's reason
 */
export async function sendOnce(
  settings: Settings,
  request: Request,
  signal: AbortSignal = request.signal,
): Promise<Response> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const attempt = new Request(request, { signal: controller.signal });
  const forward = () => {
    // Node's fetch holds the request that it follows weakly: one that nobody else holds is collected, and an abort is
    // not heard any more. This listener holds it.
    void attempt;
    controller.abort(signal.reason);
  };
  signal.addEventListener('abort', forward, { once: true });
  const unlimited = request.method !== 'GET' && LONG.test(new URL(request.url).pathname);
  const timer = unlimited
    ? undefined
    : setTimeout(
        () => controller.abort(new Error(`nothing came for ${settings.timeoutMs / 1000} s`)),
        settings.timeoutMs,
      );
  let handedOn = false;
  try {
    const response = await settings.fetch(attempt);
    if (/\bjson\b/i.test(response.headers.get('content-type') ?? '')) return await whole(response);
    // the body of this one is still to be read, under the caller's signal
    handedOn = true;
    return response;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const cause: unknown = controller.signal.aborted ? controller.signal.reason : error;
    throw new ApiConnectionError(summaryOf(request), withoutSecrets(cause, settings.secrets));
  } finally {
    clearTimeout(timer);
    if (!handedOn) signal.removeEventListener('abort', forward);
  }
}

export const summaryOf = ({ method, url }: Request): RequestSummary => ({ method, url });

async function whole(response: Response): Promise<Response> {
  const { status, statusText, headers, url } = response;
  const copy = new Response(await response.arrayBuffer(), { status, statusText, headers });
  // a Response that was made has no URL, and errors name it
  Object.defineProperty(copy, 'url', { value: url });
  return copy;
}

/** The first request with this Idempotency-Key has not been answered: its answer is what the second one waits for. */
async function isBeingHandled(response: Response): Promise<boolean> {
  if (response.status !== 409) return false;
  return (await response.clone().text()).includes('"request-in-progress"');
}

function withoutSecrets(cause: unknown, secrets: readonly string[]): unknown {
  const told: string[] = [];
  for (let at: unknown = cause, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++)
    told.push(at.message, at.stack ?? '');
  const text = told.join('\n');
  if (!(cause instanceof Error) || !secrets.some((secret) => text.includes(secret))) return cause;
  const inner = cause.cause instanceof Error ? cause.cause.message : cause.message;
  return new Error(secrets.reduce((clean, secret) => clean.replaceAll(secret, '[redacted]'), inner));
}
