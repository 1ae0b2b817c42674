/** A server of a few lines: each request is answered by the next of a list, or by one function for all. */
import { createClient, type ApiClient, type ClientOptions, type SegmentationJob } from './index.ts';

export type Answer = Response | Error | ((request: Request) => Response | Promise<Response>);

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

/** A client whose pauses take no time, the requests it made, and the pauses it would have made. */
export function clientOf(
  answers: readonly Answer[] | ((request: Request) => Answer),
  options: ClientOptions = {},
): { api: ApiClient; asked: Asked[]; pauses: number[] } {
  const asked: Asked[] = [];
  const pauses: number[] = [];
  const left = Array.isArray(answers) ? [...(answers as Answer[])] : undefined;
  let now = 0;
  const api = createClient('http://api.test', {
    random: () => 0.5,
    now: () => now,
    newKey: () => `key-${asked.length}`,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      pauses.push(ms);
      now += ms;
      await new Promise((resolve) => setImmediate(resolve)); // a loop of these must not starve the test
    },
    ...options,
    fetch: async (request) => {
      const { method, url, headers } = request;
      asked.push({ method, path: url.replace('http://api.test', ''), headers, body: await request.text() });
      const answer = left ? left.shift() : (answers as (request: Request) => Answer)(request);
      if (answer === undefined) throw new Error(`nobody expected ${method} ${url}`);
      if (answer instanceof Error) throw answer;
      return answer instanceof Response ? answer : answer(request);
    },
  });
  return { api, asked, pauses };
}

export const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });

export const problem = (status: number, code: string, headers: Record<string, string> = {}): Response =>
  json({ type: `urn:${code}`, title: code, status, code, detail: `It is ${code}.`, requestId: 'r' }, status, {
    'content-type': 'application/problem+json',
    ...headers,
  });

/** What fetch throws when nobody listens. */
export const refused = (): Error =>
  new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });

export function job(state: SegmentationJob['state'], more: Partial<SegmentationJob> = {}): SegmentationJob {
  const self = '/v1/segmentations/seg_1';
  return {
    id: 'seg_1',
    state,
    input: { volume: 'vol_1' },
    box: { start: [0, 0, 0], stop: [1, 1, 1] },
    model: { name: 'm', version: '1', digest: 'sha256:00' },
    createdAt: '2026-01-01T00:00:00.000Z',
    warnings: [],
    links: {
      self,
      events: `${self}/events`,
      cancel: `${self}/cancel`,
      resume: `${self}/resume`,
      relabel: `${self}/relabel`,
    },
    ...more,
  };
}

/** A stream of server-sent events that ends, breaks, or stays open and silent. */
export function stream(chunks: readonly string[], then: 'ends' | 'breaks' | 'hangs' = 'ends'): Response {
  const left = [...chunks];
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = left.shift();
      if (chunk !== undefined) controller.enqueue(new TextEncoder().encode(chunk));
      else if (then === 'ends') controller.close();
      else if (then === 'breaks') controller.error(new TypeError('terminated'));
      else return new Promise<void>(() => {});
      return undefined;
    },
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } });
}

/** Event number `seq`, which says that so many tiles are done. */
export function event(seq: number): string {
  const progress = { stage: 'tiles', done: seq, total: 9, unit: 'tiles', fraction: seq / 9 };
  return `event: progress\nid: ${seq}\ndata: ${JSON.stringify({ type: 'progress', at: '2026-01-01T00:00:00.000Z', progress })}\n\n`;
}
