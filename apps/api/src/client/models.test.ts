import { describe, expect, expectTypeOf, it } from 'vitest';
import { clientOf, json, problem, refused, type Answer } from './answers.fixture.ts';
import {
  ApiConnectionError,
  isApiError,
  type ApiClient,
  type Deployment,
  type ModelVersion,
} from './index.ts';

const digest = `sha256:${'ab'.repeat(32)}`;
const path = `/v1/models/sha256%3A${'ab'.repeat(32)}`;

const name = { digest, name: 'nano', version: '1' };
const version: ModelVersion = {
  ...name,
  description: '',
  license: 'MIT',
  preset: 'nano',
  tileShape: [1, 1, 1],
  minimumShape: [1, 1, 1],
  state: 'ready',
  aliases: [],
  loaded: false,
  createdAt: '2026-01-01T00:00:00.000Z',
  bytes: 1,
  files: [],
  links: { self: path, promote: '', challenge: '', retire: '' },
};
const deployment: Deployment = { champion: name, canaryPercent: 0, shadowPercent: 0, history: [] };

const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error: unknown) => error,
  );

describe('versions of models', () => {
  it('are looked at, retired and deleted', async () => {
    const { api, asked } = clientOf([json(version), json(version), new Response(null, { status: 204 })]);
    expect(await api.model(digest)).toEqual(version);
    await api.retireModel(digest);
    await api.deleteModel('TokenUnify nano');
    expect(asked.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['GET', path, ''],
      ['POST', `${path}/retire`, ''],
      ['DELETE', '/v1/models/TokenUnify%20nano', ''],
    ]);
  });

  it('are listed by state, page by page', async () => {
    const { api, asked } = clientOf([json({ items: [version], next: 'c' }), json({ items: [version] })]);
    let count = 0;
    for await (const entry of api.models({ state: 'ready', limit: 1 })) count += entry === undefined ? 0 : 1;
    expect(count).toBe(2);
    expect(asked.map(({ path }) => path)).toEqual([
      '/v1/models?limit=1&state=ready',
      '/v1/models?limit=1&state=ready&cursor=c',
    ]);
  });

  it('give their files as they are, and say why when they do not', async () => {
    const { api, asked } = clientOf([
      new Response('name: nano', { headers: { 'content-type': 'application/yaml' } }),
      problem(404, 'model-file-not-found'),
    ]);
    expect(await (await api.modelFile(digest, 'rdf.yaml')).text()).toBe('name: nano');
    expect(asked[0]?.path).toBe(`${path}/files/rdf.yaml`);
    expect(isApiError(await caught(api.modelFile(digest, '../a b')), 'model-file-not-found')).toBe(true);
    expect(asked[1]?.path).toBe(`${path}/files/..%2Fa%20b`);
  });
});

describe('an upload', () => {
  it.each([
    ['bytes', () => new TextEncoder().encode('zip')],
    ['a blob', () => new Blob(['zip'])],
  ])('of %s is sent again, whole', async (_, archive) => {
    const { api, asked } = clientOf([refused(), problem(503, 'unavailable'), json(version, 201)]);
    expect(await api.uploadModel(archive())).toEqual({ model: version, created: true });
    expect(asked.map(({ method, path, body }) => [method, path, body])).toEqual(
      Array.from({ length: 3 }, () => ['POST', '/v1/models', 'zip']),
    );
    expect(asked[2]?.headers.get('content-type')).toBe('application/zip');
  });

  it('of a stream is sent once, since it can be read only once', async () => {
    const stream = () => new Blob(['zip']).stream() as ReadableStream<Uint8Array>;
    const there = clientOf([json(version)]);
    expect(await there.api.uploadModel(stream())).toEqual({ model: version, created: false });
    expect(there.asked[0]?.body).toBe('zip');
    const failing = clientOf([refused()]);
    expect(await caught(failing.api.uploadModel(stream()))).toBeInstanceOf(ApiConnectionError);
    expect(failing.asked).toHaveLength(1);
  });

  it('has no timeout, nor has what loads a model, and ends with its signal', async () => {
    const slow = clientOf(
      () => (request: Request) =>
        new Promise<Response>((resolve, reject) => {
          request.signal.addEventListener('abort', () => reject(request.signal.reason));
          setTimeout(() => resolve(json(version, 201)), 60);
        }),
      { timeoutMs: 10, retries: 0 },
    );
    expect(await caught(slow.api.model(digest))).toBeInstanceOf(ApiConnectionError);
    expect((await slow.api.uploadModel(new Uint8Array(1))).created).toBe(true);
    await slow.api.promoteModel(digest);
    await slow.api.rollBack();
    await slow.api.changeDeployment({ canaryPercent: 1 });
    const reason = new Error('enough');
    expect(await caught(slow.api.uploadModel(new Uint8Array(1), { signal: AbortSignal.abort(reason) }))).toBe(
      reason,
    );
  });

  it('that is refused says why, and is not sent again', async () => {
    const { api, asked } = clientOf([problem(422, 'package-invalid')]);
    const error = await caught(api.uploadModel(new Uint8Array(1)));
    expect(isApiError(error, 'package-invalid') && error.message).toBe('It is package-invalid.');
    expect(asked).toHaveLength(1);
  });
});

describe('the deployment', () => {
  it('is promoted, challenged, rolled back and changed with what was said', async () => {
    const { api, asked } = clientOf(() => json(deployment));
    expect(await api.promoteModel(digest, { expected: 'sha256:0', reason: 'better' })).toEqual(deployment);
    await api.challengeModel(digest);
    await api.rollBack({ expected: digest });
    await api.changeDeployment({ canaryPercent: 5, challenger: null });
    await api.deployment();
    expect(asked.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['POST', `${path}/promote`, '{"expected":"sha256:0","reason":"better"}'],
      ['POST', `${path}/challenge`, '{}'],
      ['POST', '/v1/deployment/rollback', `{"expected":"${digest}"}`],
      ['PATCH', '/v1/deployment', '{"canaryPercent":5,"challenger":null}'],
      ['GET', '/v1/deployment', ''],
    ]);
  });

  it('has the comparisons of a challenger', async () => {
    const { api, asked } = clientOf([json({ items: [{ segmentation: 'seg_1' }] })]);
    for await (const { segmentation } of api.comparisons({ challenger: digest })) {
      expect(segmentation).toBe('seg_1');
    }
    expect(asked[0]?.path).toMatch(/^\/v1\/deployment\/comparisons\?challenger=sha256/);
  });

  /** The first answer is lost. */
  const lost = async (call: (api: ApiClient) => Promise<unknown>, second: Answer = json(deployment)) => {
    const { api, asked } = clientOf([refused(), second]);
    const outcome = await caught(call(api));
    return { outcome, times: asked.length, bodies: asked.map(({ body }) => body) };
  };

  it('is asked again when that can only be the same once more', async () => {
    for (const call of [
      (api: ApiClient) => api.promoteModel(digest, { expected: 'sha256:0' }),
      (api: ApiClient) => api.challengeModel(digest),
      (api: ApiClient) => api.rollBack({ expected: digest }),
      (api: ApiClient) => api.changeDeployment({ shadowPercent: 1 }),
    ]) {
      const { outcome, times, bodies } = await lost(call);
      expect({ outcome, times }).toEqual({ outcome: 'no error', times: 2 });
      expect(bodies[1]).toBe(bodies[0]);
    }
    expect(await lost((api) => api.retireModel(digest), json(version))).toMatchObject({ times: 2 });
  });

  it('is asked once when the first request may have moved what the second would mean', async () => {
    for (const call of [
      (api: ApiClient) => api.rollBack(),
      (api: ApiClient) => api.rollBack({ reason: 'worse' }),
      (api: ApiClient) => api.promoteModel('challenger', { expected: 'sha256:0' }),
      (api: ApiClient) => api.challengeModel('nano'),
      (api: ApiClient) => api.raw.POST('/v1/deployment/rollback', { body: { expected: digest } }),
    ]) {
      const { outcome, times } = await lost(call);
      expect(outcome).toBeInstanceOf(ApiConnectionError);
      expect(times).toBe(1);
    }
  });

  it('has the types of the contract', () => {
    expectTypeOf<Deployment['champion']['digest']>().toEqualTypeOf<string>();
    expectTypeOf<ModelVersion['tileShape']>().toEqualTypeOf<[number, number, number]>();
    const { api } = clientOf([]);
    // @ts-expect-error: only nothing can take its place
    void (() => api.changeDeployment({ challenger: digest }));
    void (() => api.segment(new Uint8Array(), { model: 'challenger' }));
  });
});
