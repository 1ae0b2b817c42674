import { describe, expect, it } from 'vitest';
import { clientOf, event, job, json, problem, refused, stream, type Answer } from './answers.fixture.ts';
import { ApiConnectionError, isApiError, type FollowedEvent, type SegmentationJob } from './index.ts';

type Steps = AsyncGenerator<FollowedEvent, SegmentationJob, void>;

async function all(steps: Steps): Promise<{ events: FollowedEvent[]; job: SegmentationJob }> {
  const events: FollowedEvent[] = [];
  for (;;) {
    const { value, done } = await steps.next();
    if (done) return { events, job: value };
    events.push(value);
  }
}

const numbers = (events: readonly FollowedEvent[]) => events.map(({ seq }) => seq);
const running = () => json(job('running'));
const finished = () => json(job('succeeded'));

/** Streams and polls answered from two lists; the last of a list stays. */
function serverOf(streams: readonly (() => Answer)[], polls: readonly (() => Answer)[]) {
  const at = { streams: 0, polls: 0 };
  return clientOf(({ url }) => {
    const kind = url.endsWith('/events') ? 'streams' : 'polls';
    const answers = kind === 'streams' ? streams : polls;
    return answers[Math.min(at[kind]++, answers.length - 1)]!();
  });
}
const streamRequests = ({ asked }: ReturnType<typeof clientOf>) =>
  asked.filter(({ path }) => path.endsWith('/events'));

describe('following a job', () => {
  it('gives its events as they come, and the job at the end', async () => {
    const server = serverOf(
      [() => stream([event(1) + event(2).slice(0, 20), event(2).slice(20)])],
      [finished],
    );
    const followed = await all(server.api.follow('seg_1'));
    expect(numbers(followed.events)).toEqual([1, 2]);
    expect(followed.events[1]).toMatchObject({ type: 'progress', progress: { done: 2, total: 9 } });
    expect(followed.job.state).toBe('succeeded');
    expect(server.asked.map(({ path }) => path)).toEqual([
      '/v1/segmentations/seg_1/events',
      '/v1/segmentations/seg_1',
    ]);
  });

  it('goes on behind the last event when the stream breaks', async () => {
    const server = serverOf(
      [
        () => stream([': hello\n\n', event(1), event(2), 'id: 3\ndata: {"ty'], 'breaks'),
        () => stream([event(3)]),
      ],
      [running, finished],
    );
    expect(numbers((await all(server.api.follow('seg_1', { after: 0 }))).events)).toEqual([1, 2, 3]);
    expect(streamRequests(server).map(({ headers }) => headers.get('last-event-id'))).toEqual([null, '2']);
  });

  it('starts where it is told to', async () => {
    const server = serverOf([() => stream([event(6)])], [finished]);
    await all(server.api.follow('seg_1', { after: 5 }));
    expect(streamRequests(server)[0]?.headers.get('last-event-id')).toBe('5');
  });

  it('lives through a restart of the server', async () => {
    let down = 0;
    const server = clientOf(({ url }) => {
      if (down > 0 && down < 12) return down++ % 2 ? refused() : problem(503, 'unavailable');
      if (!url.endsWith('/events')) return down > 0 ? finished() : running();
      if (down > 0) return stream([event(2)]);
      down = 1;
      return stream([event(1)], 'breaks');
    });
    expect(numbers((await all(server.api.follow('seg_1'))).events)).toEqual([1, 2]);
  });

  it('gives up after a long silence, and only then', async () => {
    const { api, pauses } = clientOf(() => refused());
    const silent = all(api.follow('seg_1', { giveUpAfterMs: 60_000 }));
    await expect(silent).rejects.toBeInstanceOf(ApiConnectionError);
    const silence = pauses.reduce((sum, ms) => sum + ms);
    expect(silence).toBeGreaterThanOrEqual(60_000);
    expect(silence).toBeLessThan(80_000);
  });

  it('with pauses that grow', async () => {
    const { api, pauses } = clientOf(() => refused());
    await expect(all(api.follow('seg_1', { giveUpAfterMs: 20_000 }))).rejects.toThrow(/ECONNREFUSED/);
    expect(pauses.slice(0, 4)).toEqual([187.5, 375, 750, 1500]);
  });

  it('as long as the server wants', async () => {
    const server = serverOf(
      [() => problem(503, 'unavailable'), () => stream([event(1)])],
      [() => problem(503, 'unavailable', { 'retry-after': '9' }), finished],
    );
    await all(server.api.follow('seg_1'));
    expect(server.pauses).toEqual([9000]);
  });

  it('opens a stream anew on which nothing comes', async () => {
    const server = serverOf(
      [() => stream([event(1)], 'hangs'), () => stream([event(2)])],
      [running, finished],
    );
    expect(numbers((await all(server.api.follow('seg_1', { idleMs: 20 }))).events)).toEqual([1, 2]);
  });

  it('ends with the reason of its signal, in the middle of a stream too', async () => {
    const controller = new AbortController();
    const server = serverOf([() => stream([event(1)], 'hangs')], [running]);
    const steps = server.api.follow('seg_1', { signal: controller.signal });
    await steps.next();
    const next = steps.next();
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(next).rejects.toBe(reason);
  });

  it('closes the stream when its reader leaves', async () => {
    let canceled = false;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode(event(1))),
      cancel: () => void (canceled = true),
    });
    const server = serverOf(
      [() => new Response(body, { headers: { 'content-type': 'text/event-stream' } })],
      [running],
    );
    for await (const { seq } of server.api.follow('seg_1')) {
      expect(seq).toBe(1);
      break;
    }
    expect(canceled).toBe(true);
  });

  it.each([
    [404, 'segmentation-not-found'],
    [401, 'unauthorized'],
    [403, 'forbidden'],
  ] as const)('says at once what waiting does not mend: %i', async (status, code) => {
    const server = serverOf([() => problem(status, code)], [() => problem(status, code)]);
    const error: unknown = await all(server.api.follow('seg_1')).catch((caught: unknown) => caught);
    expect(isApiError(error, code)).toBe(true);
    expect(server.asked).toHaveLength(1);
  });
});

describe('where no stream can be had, the job is polled', () => {
  const progress = (done: number) =>
    ({ stage: 'tiles', done, total: 9, unit: 'tiles', fraction: done / 9 }) as const;
  const polls = [
    () => json(job('queued')),
    () => json(job('running', { progress: progress(1), warnings: [{ code: 'w', detail: 'Far.' }] })),
    () => json(job('running', { progress: progress(1), warnings: [{ code: 'w', detail: 'Far.' }] })),
    () => json(job('running', { progress: progress(5), warnings: [{ code: 'w', detail: 'Far.' }] })),
    () => json(job('failed', { warnings: [{ code: 'w', detail: 'Far.' }] })),
  ];
  const told = ({ type, state, progress, warning }: FollowedEvent) =>
    `${type} ${state ?? progress?.done ?? warning?.detail}`;

  it.each([
    [
      'a proxy answers with a page',
      () => new Response('<html>', { headers: { 'content-type': 'text/html' } }),
    ],
    ['a proxy knows no such path', () => new Response('<html>', { status: 404 })],
  ])('%s', async (_, page) => {
    const server = serverOf([page], polls);
    const followed = await all(server.api.follow('seg_1'));
    expect(followed.events.map(told)).toEqual([
      'state queued',
      'warning Far.',
      'state running',
      'progress 1',
      'progress 5',
      'state failed',
    ]);
    expect(followed.job.state).toBe('failed');
    expect(server.pauses).toEqual([2000, 2000, 2000, 2000]);
    expect(streamRequests(server)).toHaveLength(1);
  });

  it('a proxy holds streams back', async () => {
    const server = serverOf([() => stream([], 'hangs')], polls);
    const followed = await all(server.api.follow('seg_1', { idleMs: 10 }));
    expect(followed.events.map(told)).toContain('progress 5');
    expect(streamRequests(server)).toHaveLength(3);
  });
});
