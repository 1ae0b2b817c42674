/**
 * Following a job to its end over connections that break. The stream of events is taken where it can be had, and the job
 * is polled where it cannot; servers that restart and proxies that hold streams back are both expected.
 */
import { answerOf, failure, withSignal, type RawClient } from './calls.ts';
import { ApiConnectionError, ApiError } from './errors.ts';
import { readEvents } from './events.ts';
import type { components } from './generated/api.ts';
import type { Settings } from './options.ts';
import { LONGEST_RETRY_AFTER, mayMend, retryDelay } from './retry.ts';
import type { SegmentationJob } from './segmentations.ts';
import { sendOnce } from './transport.ts';

/** `seq` is what to give as `after` to go on behind it; events made of polls have none. */
export type FollowedEvent = components['schemas']['SegmentationEvent'] & { readonly seq?: number };

export interface FollowOptions {
  /** Only events behind this `seq`. */
  readonly after?: number;
  readonly signal?: AbortSignal;
  /** ms without a useful answer after which to give up; 300 000 unless given. */
  readonly giveUpAfterMs?: number;
  /** A stream on which nothing comes for so long, ms, is opened anew; 60 000 unless given. */
  readonly idleMs?: number;
  /** Between polls, ms; 2000 unless given. */
  readonly pollMs?: number;
}

/** Streams in a row that gave nothing while polls were answered, after which only polls are used. */
const FRUITLESS = 3;

/** After a stream that gave events and ended before the job did, ms. */
const RECONNECT = 250;

const FINISHED: readonly SegmentationJob['state'][] = ['succeeded', 'failed', 'canceled'];

/**
 * Events of a job as they come; returns the job when it has finished, however it ended.
 *
 * @throws ApiError for an answer that waiting does not mend; ApiConnectionError after a long silence; the signal's reason
 */
export async function* follow(
  settings: Settings,
  single: RawClient,
  id: string,
  options: FollowOptions,
): AsyncGenerator<FollowedEvent, SegmentationJob, void> {
  const { signal, giveUpAfterMs = 300_000, idleMs = 60_000, pollMs = 2000 } = options;
  const { now, sleep, random } = settings;
  let seq = options.after ?? 0;
  let heardAt = now();
  const heard = () => void (heardAt = now());
  let failures = 0;
  let fruitless = 0;
  let polled: SegmentationJob | undefined;
  for (;;) {
    let useful = false;
    let retryAfter: number | undefined;
    try {
      if (fruitless < FRUITLESS) {
        for await (const event of openStream(settings, id, seq, { signal, idleMs, heard })) {
          useful = true;
          if (event.seq !== undefined) seq = Math.max(seq, event.seq);
          yield event;
        }
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (!isPassing(error) && !(error instanceof NoStream)) throw error;
      if (error instanceof NoStream) fruitless = FRUITLESS;
    }
    try {
      const job = await answerOf<SegmentationJob>(
        'GET',
        single.GET('/v1/segmentations/{id}', { params: { path: { id } }, ...withSignal(signal) }),
      );
      heard();
      failures = 0;
      fruitless = useful ? 0 : fruitless + 1;
      if (fruitless >= FRUITLESS) yield* changes(polled, job, new Date(now()).toISOString());
      polled = job;
      if (FINISHED.includes(job.state)) return job;
    } catch (error) {
      signal?.throwIfAborted();
      if (!isPassing(error) || now() - heardAt >= giveUpAfterMs) throw error;
      failures++;
      if (error instanceof ApiError && error.retryAfterSeconds !== undefined)
        retryAfter = 1000 * error.retryAfterSeconds;
    }
    const pause = failures > 0 ? retryDelay(failures - 1, retryAfter, random()) : useful ? RECONNECT : pollMs;
    await sleep(Math.min(pause, LONGEST_RETRY_AFTER), signal);
  }
}

/** The server answers, but not with a stream. */
class NoStream extends Error {}

interface StreamOptions {
  readonly signal: AbortSignal | undefined;
  readonly idleMs: number;
  readonly heard: () => void;
}

async function* openStream(
  settings: Settings,
  id: string,
  after: number,
  { signal, idleMs, heard }: StreamOptions,
): AsyncGenerator<FollowedEvent, void, void> {
  const controller = new AbortController();
  const forward = () => controller.abort(signal?.reason);
  signal?.addEventListener('abort', forward, { once: true });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const url = `${settings.baseUrl}/v1/segmentations/${encodeURIComponent(id)}/events`;
  const watch = () => {
    clearTimeout(timer);
    timer = setTimeout(() => controller.abort(new Error(`nothing came for ${idleMs / 1000} s`)), idleMs);
  };
  try {
    signal?.throwIfAborted();
    const headers = new Headers({ ...settings.headers, accept: 'text/event-stream' });
    if (after > 0) headers.set('last-event-id', String(after));
    const request = new Request(url, { headers, signal: controller.signal });
    const response = await sendOnce(settings, request, controller.signal);
    const { status, body } = response;
    if (!response.ok) {
      const problem: unknown = await response.json().catch(() => undefined);
      if (mayMend(status) || problem !== undefined) throw failure('GET', response, problem);
      throw new NoStream(`${url} was answered with ${status}`);
    }
    if (!body || !/^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '')) {
      await body?.cancel();
      throw new NoStream(`${url} is no stream of events`);
    }
    heard();
    watch();
    for await (const { id: eventId, data } of readEvents(body, () => (heard(), watch()), controller.signal)) {
      const seq = eventId === undefined || !/^\d+$/.test(eventId) ? undefined : Number(eventId);
      const event = JSON.parse(data) as FollowedEvent; // of the contract, as every answer of this API
      yield seq === undefined ? event : { ...event, seq };
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ApiError || error instanceof ApiConnectionError || error instanceof NoStream)
      throw error;
    throw new ApiConnectionError({ method: 'GET', url }, error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', forward);
  }
}

/** Failures that the same request may not meet again: the server is restarting, or the way to it is broken. */
function isPassing(error: unknown): boolean {
  return error instanceof ApiConnectionError || (error instanceof ApiError && mayMend(error.status));
}

/** What a poll found, as the events that a stream would have sent. */
function* changes(
  before: SegmentationJob | undefined,
  job: SegmentationJob,
  at: string,
): Generator<FollowedEvent, void, void> {
  for (const warning of job.warnings.slice(before?.warnings.length ?? 0))
    yield { type: 'warning', at, warning };
  if (job.state !== before?.state) yield { type: 'state', at, state: job.state };
  const { progress } = job;
  if (progress && JSON.stringify(progress) !== JSON.stringify(before?.progress))
    yield { type: 'progress', at, progress };
}
