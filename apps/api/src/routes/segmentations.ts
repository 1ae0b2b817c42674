import { streamSSE } from 'hono/streaming';
import type { Context } from 'hono';
import type { Handlers } from '../contract/index.ts';
import type { Env } from '../environment.ts';
import type { Gate } from '../gate.ts';
import { ApiProblem } from '../problem.ts';
import { hasFinished } from '../segmentations/record.ts';
import type { SegmentationJson, Segmentations } from '../segmentations/types.ts';

type SegmentationHandlers<E extends Env> = Pick<
  Handlers<E>,
  | 'createSegmentation'
  | 'listSegmentations'
  | 'getSegmentation'
  | 'segmentationEvents'
  | 'cancelSegmentation'
  | 'resumeSegmentation'
  | 'relabelSegmentation'
  | 'deleteSegmentation'
>;

/** Proxies close a connection that is silent for a minute. */
const HEARTBEAT_MS = 15_000;
const MOST_WAIT_SECONDS = 60;

export function segmentationHandlers<E extends Env>(
  jobs: Segmentations,
  followers: Gate,
): SegmentationHandlers<E> {
  const answer = async (c: Context<E>, job: SegmentationJson) => {
    const wait = waitOf(c.req.header('prefer'));
    const now = wait === undefined || hasFinished(job) ? job : await waited(job, wait, c.req.raw.signal);
    const headers = {
      location: now.links.self,
      ...(wait !== undefined && { 'preference-applied': `wait=${wait}` }),
    };
    return c.json(now, hasFinished(now) ? 200 : 202, headers);
  };
  const waited = async (job: SegmentationJson, seconds: number, signal: AbortSignal) => {
    const leave = followers.enter();
    try {
      return await jobs.wait(job.id, seconds * 1000, signal);
    } finally {
      leave();
    }
  };
  const submission = (c: Context<E>) => ({
    owner: c.get('owner'),
    idempotencyKey: c.req.header('idempotency-key'),
    signal: c.req.raw.signal,
  });
  return {
    createSegmentation: async (c) => answer(c, await jobs.create(c.req.valid('json'), submission(c))),
    relabelSegmentation: async (c) =>
      answer(c, await jobs.relabel(c.req.valid('param').id, c.req.valid('json'), submission(c))),
    listSegmentations: (c) => c.json(jobs.list(c.req.valid('query')), 200),
    getSegmentation: (c) => c.json(jobs.get(c.req.valid('param').id), 200),
    cancelSegmentation: async (c) => c.json(await jobs.cancel(c.req.valid('param').id), 200),
    resumeSegmentation: async (c) => {
      const job = await jobs.resume(c.req.valid('param').id);
      return c.json(job, 202, { location: job.links.self });
    },
    deleteSegmentation: async (c) => {
      await jobs.delete(c.req.valid('param').id);
      return c.body(null, 204);
    },
    segmentationEvents: async (c) => {
      const { id } = c.req.valid('param');
      const after = lastEventId(c.req.header('last-event-id'));
      const job = jobs.get(id); // 404 before the stream begins
      c.header('cache-control', 'no-store');
      // Hono answers HEAD by dropping the body of GET, and nobody would ever end that one.
      if (c.req.method === 'HEAD') return c.body(null, 200, { 'content-type': 'text/event-stream' });
      // 204 is how an EventSource, which reconnects for ever, is told that there will be no more.
      if (hasFinished(job) && (await isSpent(jobs.events(id, after, c.req.raw.signal))))
        return c.body(null, 204);
      const gone = new AbortController();
      const leave = followers.enter();
      return streamSSE(c, async (stream) => {
        stream.onAbort(() => gone.abort());
        const heartbeat = setInterval(() => void stream.write(': still here\n\n'), HEARTBEAT_MS);
        try {
          for await (const { seq, event } of jobs.events(id, after, gone.signal))
            await stream.writeSSE({ id: String(seq), event: event.type, data: JSON.stringify(event) });
        } catch (error) {
          if (!gone.signal.aborted) throw error;
        } finally {
          clearInterval(heartbeat);
          leave();
        }
      });
    },
  };
}

async function isSpent(events: ReturnType<Segmentations['events']>): Promise<boolean> {
  const { done } = await events.next();
  await events.return();
  return done === true;
}

/** RFC 7240: `wait=10`, among other preferences; what is not understood is ignored. */
function waitOf(header: string | undefined): number | undefined {
  for (const preference of header?.split(',') ?? []) {
    const match = /^\s*wait\s*(?:=\s*"?(\d+)"?)?\s*(?:;.*)?$/i.exec(preference);
    if (match) return Math.min(MOST_WAIT_SECONDS, Number(match[1] ?? MOST_WAIT_SECONDS));
  }
  return undefined;
}

function lastEventId(header: string | undefined): number {
  if (header === undefined || header.trim() === '') return 0;
  if (/^\d{1,15}$/.test(header.trim())) return Number(header);
  throw new ApiProblem(
    'invalid-header',
    `Last-Event-ID is '${header.slice(0, 60)}'; send the id of an event.`,
    {
      field: 'last-event-id',
    },
  );
}
