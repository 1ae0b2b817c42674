import { decodeNpy } from '@tokenunify/em-io';
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import { npyOf } from '../npy.fixture.ts';
import { heldWork, serve, until, type TestServer } from '../testing.fixture.ts';
import {
  ApiConnectionError,
  createClient,
  isApiError,
  type ApiError,
  type Health,
  type SegmentOptions,
} from './index.ts';

let server: TestServer;
beforeAll(async () => {
  server = await serve(undefined, { maxVoxels: 1000, queue: 0 });
});
afterAll(() => server.close());

const failure = async (promise: Promise<unknown>): Promise<ApiError> => {
  const error: unknown = await promise.then(
    () => 'no error',
    (caught: unknown) => caught,
  );
  if (!isApiError(error)) throw error;
  return error;
};

describe('the typed client', () => {
  it('segments, and gives the headers as values', async () => {
    const api = createClient(`${server.url}/`);
    const result = await api.segment(npyOf('uint8', [4, 8, 8]), { threshold: 0.5, requestId: 'mine' });
    expect(decodeNpy(result.npy)).toMatchObject({ dtype: 'uint32', shape: [4, 8, 8] });
    expect(result).toMatchObject({
      labelCount: 1,
      model: 'sha256:00',
      requestId: 'mine',
      timings: { tiles: 1.3, labels: 2 },
    });
    expect(server.segmenter.requests.at(-1)).toMatchObject({ output: 'labels', threshold: 0.5 });
  });

  it('knows the health of the server, typed by the contract', async () => {
    const health = await createClient(server.url).health();
    expectTypeOf(health).toEqualTypeOf<Health>();
    expectTypeOf(health.model.tileShape).toEqualTypeOf<[number, number, number]>();
    expect(health).toMatchObject({ status: 'ok', model: { name: 'fake', tileShape: [4, 8, 8] } });
  });

  it('throws what the server says, with status, request id and problem', async () => {
    const error = await failure(createClient(server.url).segment(npyOf('uint16', [4, 8, 8])));
    expect(error).toMatchObject({ status: 422, code: 'unsupported-dtype', retryAfterSeconds: undefined });
    expect(error.requestId).toBe(error.problem?.requestId);
    expect(error.message).toBe(error.problem?.detail);
    expect(error.request).toMatchObject({ method: 'POST', url: expect.stringMatching(/\/v1\/segment/) });
    expect(isApiError(error, 'unsupported-dtype')).toBe(true);
    expect(isApiError(error, 'busy')).toBe(false);
  });

  it('says when to come back', async () => {
    const held = heldWork();
    server.segmenter.work = held.work;
    const api = createClient(server.url);
    const first = api.segment(npyOf('uint8', [4, 8, 8]));
    await until(() => server.segmenter.running === 1);
    const error = await failure(api.segment(npyOf('uint8', [4, 8, 8])));
    expect(error.code).toBe('busy');
    expect(error.retryAfterSeconds).toBeGreaterThanOrEqual(1);
    held.release();
    await first;
  });

  it('tells no answer from a bad one, and an abort from both', async () => {
    const nobody = createClient('http://127.0.0.1:1', { retries: 0 });
    await expect(nobody.health()).rejects.toBeInstanceOf(ApiConnectionError);
    const reason = new Error('changed my mind');
    const signal = AbortSignal.abort(reason);
    await expect(createClient(server.url).segment(npyOf('uint8', [4, 8, 8]), { signal })).rejects.toBe(
      reason,
    );
  });

  it('keeps the status when something else than the API answers', async () => {
    const api = createClient('http://proxy.test', {
      fetch: async () => new Response('<html>', { status: 502 }),
      retries: 0,
    });
    expect(await failure(api.health())).toMatchObject({ status: 502, problem: undefined, code: undefined });
  });

  it('sends its headers with each request', async () => {
    const seen: (string | null)[] = [];
    const api = createClient(server.url, {
      headers: { authorization: 'Bearer x' },
      fetch: (request) => {
        seen.push(request.headers.get('authorization'), request.headers.get('content-type'));
        return fetch(request);
      },
    });
    await api.segment(npyOf('uint8', [4, 8, 8]));
    expect(seen).toEqual(['Bearer x', 'application/x-npy']);
  });

  it('lets nothing through that the contract does not have', () => {
    expectTypeOf<SegmentOptions['output']>().toEqualTypeOf<'labels' | 'affinities' | undefined>();
    const api = createClient(server.url);
    // @ts-expect-error: no such path
    void (() => api.raw.GET('/v1/nothing'));
    // @ts-expect-error: no such output
    void (() => api.segment(new Uint8Array(), { output: 'meshes' }));
  });
});
