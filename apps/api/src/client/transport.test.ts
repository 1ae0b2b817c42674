import { describe, expect, it } from 'vitest';
import { clientOf, job, json, problem, refused } from './answers.fixture.ts';
import { ApiConnectionError, createClient, isApiError } from './index.ts';

const volume = { id: 'vol_1', state: 'open', url: '/', createdAt: '', bytes: 0, arrays: [] };
const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error: unknown) => error,
  );

describe('a request is sent again', () => {
  it('when nothing answers, and when what answers is starting, each time after a longer pause', async () => {
    const { api, pauses } = clientOf([
      refused(),
      problem(503, 'unavailable'),
      new Response('<html>', { status: 502 }),
      json(volume),
    ]);
    expect(await api.volume('vol_1')).toEqual(volume);
    expect(pauses).toEqual([187.5, 375, 750]);
  });

  it('not sooner than the server wants, and not at all when that is long', async () => {
    const soon = clientOf([problem(429, 'queue-full', { 'retry-after': '7' }), json(job('queued'))]);
    await soon.api.createSegmentation({ input: { volume: 'vol_1' } });
    expect(soon.pauses).toEqual([7000]);
    const late = clientOf([problem(429, 'queue-full', { 'retry-after': '3600' })]);
    const error = await caught(late.api.createSegmentation({ input: { volume: 'vol_1' } }));
    expect(isApiError(error, 'queue-full') && error.retryAfterSeconds).toBe(3600);
  });

  it('when an answer breaks off', async () => {
    const half = () =>
      new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(new TextEncoder().encode('{"id":'));
            controller.error(new TypeError('terminated'));
          },
        }),
        { headers: { 'content-type': 'application/json' } },
      );
    const { api } = clientOf([half(), json(volume)]);
    expect(await api.volume('vol_1')).toEqual(volume);
  });

  it('with its body and the same Idempotency-Key', async () => {
    const { api, asked } = clientOf([
      refused(),
      problem(409, 'request-in-progress'),
      json(job('queued'), 202),
    ]);
    await api.createSegmentation({ input: { volume: 'vol_1' } }, { waitSeconds: 5 });
    expect(asked).toHaveLength(3);
    for (const { body, headers } of asked) {
      expect(body).toBe('{"input":{"volume":"vol_1"}}');
      expect([headers.get('idempotency-key'), headers.get('prefer')]).toEqual(['key-0', 'wait=5']);
    }
  });

  it('where the contract says that twice is once', async () => {
    const sealed = clientOf([refused(), json(volume)]);
    await sealed.api.sealVolume('vol_1', { chunks: 8 });
    expect(sealed.asked.map(({ body }) => body)).toEqual(['{"chunks":8}', '{"chunks":8}']);
    const canceled = clientOf([refused(), json(job('canceled'))]);
    expect((await canceled.api.cancelSegmentation('seg_1')).state).toBe('canceled');
  });

  it('never when it would do a thing twice', async () => {
    for (const call of ['createVolume', 'resumeSegmentation', 'segment'] as const) {
      const { api, asked } = clientOf([refused()]);
      const calls = {
        createVolume: () => api.createVolume({ name: 'x' }),
        resumeSegmentation: () => api.resumeSegmentation('seg_1'),
        segment: () => api.segment(new Uint8Array(4)),
      };
      expect(await caught(calls[call]()), call).toBeInstanceOf(ApiConnectionError);
      expect(asked).toHaveLength(1);
    }
  });

  it('never after an answer that would be the same again', async () => {
    for (const [status, code] of [
      [404, 'volume-not-found'],
      [409, 'volume-in-use'],
      [401, 'unauthorized'],
      [507, 'insufficient-storage'],
    ] as const) {
      const { api, asked } = clientOf([problem(status, code)]);
      expect(isApiError(await caught(api.deleteVolume('vol_1')), code), code).toBe(true);
      expect(asked).toHaveLength(1);
    }
  });

  it('as often as was said, and then the last failure is told', async () => {
    const { api, asked } = clientOf(() => refused(), { retries: 1 });
    const error = await caught(api.volume('vol_1'));
    expect(error).toBeInstanceOf(ApiConnectionError);
    expect(asked).toHaveLength(2);
  });

  it('but not after an abort', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const { api, asked } = clientOf(() => {
      controller.abort(reason);
      return refused();
    });
    expect(await caught(api.volume('vol_1', { signal: controller.signal }))).toBe(reason);
    expect(asked).toHaveLength(1);
  });
});

it('a server that takes a request and never answers is given up', async () => {
  const { api } = clientOf(
    () => (request: Request) =>
      new Promise((_, reject) =>
        request.signal.addEventListener('abort', () => reject(request.signal.reason)),
      ),
    { timeoutMs: 20, retries: 0 },
  );
  await expect(api.volume('vol_1')).rejects.toThrow(/got no answer \(nothing came for 0.02 s\)/);
});

describe('an API key', () => {
  const apiKey = 'tu_0123456789abcdef';

  it('goes with every request, and into no message, stack or cause', async () => {
    const { api, asked } = clientOf(() => new TypeError(`invalid header value "Bearer ${apiKey}"`), {
      apiKey,
      retries: 0,
    });
    const error = await caught(api.volume('vol_1'));
    expect(asked[0]?.headers.get('authorization')).toBe(`Bearer ${apiKey}`);
    for (let at: unknown = error; at instanceof Error; at = at.cause)
      expect(`${at.message}${at.stack}${JSON.stringify(at)}`).not.toContain(apiKey);
    expect((error as Error).message).toContain('[redacted]');
  });

  it.each(['', 'with space', 'line\n', 'schlüssel'])(
    'that HTTP cannot carry is refused without being told: %j',
    (bad) => {
      const attempt = () => createClient('http://api.test', { apiKey: bad });
      expect(attempt).toThrow(/^The API key is empty or has a character/);
      if (bad !== '') expect(attempt).not.toThrow(bad);
    },
  );

  it('has no place in the address', () => {
    expect(() => createClient('http://user:geheim@api.test')).toThrow(/give a key as apiKey/);
    expect(() => createClient('http://user:geheim@api.test')).not.toThrow(/geheim/);
    for (const address of ['api.test', 'ftp://api.test', ''])
      expect(() => createClient(address)).toThrow(/write it as https:\/\/host/);
  });
});
