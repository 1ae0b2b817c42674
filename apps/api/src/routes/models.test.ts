import { beforeEach, describe, expect, it } from 'vitest';
import { createApp, type AppOptions } from '../app.ts';
import { PROBLEM_MEDIA_TYPE, PROBLEMS, SCOPE_OF, type ProblemCode } from '../contract/index.ts';
import { authorizeWith, hashSecret } from '../keys/verify.ts';
import { newToken } from '../keys/token.ts';
import { ApiProblem } from '../problem.ts';
import { FakeSegmenter, registryOf } from '../testing.fixture.ts';
import { deployment, digest, FakeRegistry, version } from './models.fixture.ts';

let registry: FakeRegistry;
beforeEach(async () => {
  registry = await FakeRegistry.create();
});

const appOf = (options: Partial<AppOptions> = {}) => createApp({ registry, ...options });

const ask = async (path: string, init: RequestInit = {}, options: Partial<AppOptions> = {}) =>
  appOf(options).request(path, init);

const post = (body?: unknown, headers: Record<string, string> = {}): RequestInit =>
  body === undefined
    ? { method: 'POST', headers }
    : {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      };

const zip = (body = 'PK', headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/zip', ...headers },
  body,
});

async function problemOf(answer: Response | Promise<Response>, code: ProblemCode) {
  const response = await answer;
  const body = (await response.json()) as { readonly code: string; readonly detail: string };
  expect(body.code).toBe(code);
  expect(response.status).toBe(PROBLEMS[code][0]);
  expect(response.headers.get('content-type')).toBe(PROBLEM_MEDIA_TYPE);
  return body;
}

describe('versions', () => {
  it('are listed by state and page', async () => {
    const response = await ask('/v1/models?state=retired&limit=2&cursor=abc');
    expect(await response.json()).toEqual({ items: [version], next: digest });
    expect(registry.calls).toEqual([['list', { state: 'retired', limit: 2, cursor: 'abc' }]]);
  });

  it.each([
    [`/v1/models/${digest}`, digest],
    [`/v1/models/${encodeURIComponent(digest)}`, digest],
    ['/v1/models/champion', 'champion'],
    ['/v1/models/TokenUnify%20nano', 'TokenUnify nano'],
  ])('are found by digest, alias and name, percent-encoded or not: %s', async (path, reference) => {
    expect(await (await ask(path)).json()).toEqual(version);
    expect(registry.calls).toEqual([['get', reference]]);
  });

  it.each(['/v1/models/a%2Fb', '/v1/models/%zz', `/v1/models/${'x'.repeat(5000)}`])(
    'that there are not are not found',
    async (path) => {
      await problemOf(ask(path), 'model-not-found');
    },
  );

  it('are retired and deleted', async () => {
    const retired = await ask(`/v1/models/${digest}/retire`, { method: 'POST' });
    expect(await retired.json()).toMatchObject({ state: 'retired' });
    const deleted = await ask(`/v1/models/${digest}`, { method: 'DELETE' });
    expect([deleted.status, await deleted.text()]).toEqual([204, '']);
    expect(registry.calls).toEqual([
      ['retire', digest],
      ['delete', digest],
    ]);
  });

  it('answer HEAD as GET, without a body', async () => {
    const response = await ask('/v1/models/champion', { method: 'HEAD' });
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      'application/json',
      '',
    ]);
  });
});

describe('aliases', () => {
  it.each(['promote', 'challenge'] as const)('move with what was said, and who said it: %s', async (verb) => {
    const response = await ask(
      `/v1/models/${digest}/${verb}`,
      post({ expected: 'sha256:00', reason: 'better' }),
    );
    expect(await response.json()).toEqual(deployment);
    expect(registry.calls).toEqual([
      [verb, digest, { expected: 'sha256:00', reason: 'better', by: 'anonymous' }],
    ]);
  });

  it('go back', async () => {
    await ask('/v1/deployment/rollback', post({ reason: 'worse' }));
    expect(registry.calls).toEqual([['rollBack', { reason: 'worse', by: 'anonymous' }]]);
  });

  it('move without a body too', async () => {
    expect((await ask('/v1/deployment/rollback', post())).status).toBe(200);
    expect((await ask('/v1/deployment/rollback', post(undefined, { 'content-length': '0' }))).status).toBe(
      200,
    );
    expect((await ask('/v1/models/challenger/promote', post())).status).toBe(200);
    expect(registry.calls).toEqual([
      ['rollBack', { by: 'anonymous' }],
      ['rollBack', { by: 'anonymous' }],
      ['promote', 'challenger', { by: 'anonymous' }],
    ]);
  });

  it('do not move when the body cannot be understood', async () => {
    const promote = `/v1/models/${digest}/promote`;
    for (const [request, code] of [
      [{ method: 'POST', body: '{"expected":"x"}' }, 'unsupported-content-type'],
      [post({ expcted: 'x' }), 'invalid-body'],
      [post({ expected: 1 }), 'invalid-body'],
      [post({ reason: '' }), 'invalid-body'],
      [post({ reason: 'x'.repeat(1001) }), 'invalid-body'],
      [{ ...post({}), body: '{' }, 'invalid-body'],
      [post({ reason: 'x'.repeat(2 ** 20) }), 'body-too-large'],
      [post({}, { 'content-encoding': 'gzip' }), 'unsupported-content-encoding'],
    ] as const)
      await problemOf(ask(promote, request), code);
    expect(registry.calls).toEqual([]);
  });
});

describe('the deployment', () => {
  it('is shown and changed', async () => {
    expect(await (await ask('/v1/deployment')).json()).toEqual(deployment);
    const change = { canaryPercent: 5, challenger: null };
    const response = await ask('/v1/deployment', { ...post(change), method: 'PATCH' });
    expect(response.status).toBe(200);
    expect(registry.calls.at(-1)).toEqual(['change', { ...change, by: 'anonymous' }]);
  });

  it.each([{ canaryPercent: 101 }, { canaryPercent: 1.5 }, { challenger: digest }, { canary: 1 }])(
    'is not changed to what makes no sense: %j',
    async (change) => {
      const { detail } = await problemOf(
        ask('/v1/deployment', { ...post(change), method: 'PATCH' }),
        'invalid-body',
      );
      expect(detail).toContain(Object.keys(change)[0]);
    },
  );

  it('is changed by a body only', async () => {
    await problemOf(ask('/v1/deployment', { method: 'PATCH' }), 'unsupported-content-type');
  });

  it('has comparisons', async () => {
    await ask(`/v1/deployment/comparisons?challenger=${digest}&limit=3`);
    expect(registry.calls).toEqual([['comparisons', { challenger: digest, limit: 3 }]]);
  });
});

describe('a query', () => {
  it.each([
    ['/v1/models?state=broken', 'give ready or retired.'],
    ['/v1/models?limit=0', 'give a whole number from 1 to 1000.'],
    ['/v1/models?sort=name', 'There is no query parameter sort'],
    [`/v1/deployment/comparisons?challenger=${'x'.repeat(300)}`, 'give the digest of a model.'],
    ['/v1/segmentations?state=ready', 'give queued, running, succeeded, failed or canceled.'],
  ])('that is wrong is told so: %s', async (path, words) => {
    expect((await problemOf(ask(path), 'invalid-parameter')).detail).toContain(words);
  });
});

describe('what the registry refuses', () => {
  it.each([
    'model-not-found',
    'model-retired',
    'alias-moved',
    'no-previous-champion',
    'inference-failed',
    'insufficient-storage',
    'unavailable',
  ] as const)('a change that is refused is answered as it is: %s', async (code) => {
    registry.problem = new ApiProblem(code, `It is ${code}.`);
    await problemOf(ask('/v1/models/challenger/promote', post()), code);
    await problemOf(ask('/v1/deployment/rollback', post()), code);
  });

  it.each([
    'package-invalid',
    'model-failed-test',
    'version-taken',
    'body-too-large',
    'insufficient-storage',
  ] as const)('an upload that is refused is answered as it is: %s', async (code) => {
    registry.problem = new ApiProblem(code, `It is ${code}.`);
    await problemOf(ask('/v1/models', zip()), code);
  });

  it('what nobody foresaw stays inside', async () => {
    registry.problem = new Error('/secret/path');
    const { detail } = await problemOf(ask('/v1/deployment'), 'internal');
    expect(detail).not.toContain('secret');
  });
});

describe('files of a package', () => {
  const at = (file: string) => `/v1/models/champion/files/${file}`;
  const onnx = '84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882';

  it('come whole, with digest, length and a type that no browser runs', async () => {
    const response = await ask(at('model.onnx'));
    expect(Object.fromEntries(response.headers)).toMatchObject({
      etag: `"${onnx}"`,
      'content-length': '10',
      'content-type': 'application/octet-stream',
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
    });
    expect(await response.text()).toBe('0123456789');
    for (const [file, type] of [
      ['rdf.yaml', 'application/yaml'],
      ['page.html', 'application/octet-stream'],
    ] as const) {
      const { headers } = await ask(at(file), { method: 'HEAD' });
      expect([file, headers.get('content-type')]).toEqual([file, type]);
    }
    const empty = await ask(at('empty.bin'));
    expect([empty.status, empty.headers.get('content-length'), await empty.text()]).toEqual([200, '0', '']);
  });

  it.each([
    ['bytes=2-4', '234', 'bytes 2-4/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=8-99', '89', 'bytes 8-9/10'],
  ])('come in part: %s', async (range, text, contentRange) => {
    const response = await ask(at('model.onnx'), { headers: { range } });
    expect([response.status, response.headers.get('content-range'), await response.text()]).toEqual([
      206,
      contentRange,
      text,
    ]);
    expect(response.headers.get('content-length')).toBe(String(text.length));
  });

  it('come in part only of what the range was asked of', async () => {
    const range = async (etag: string) => {
      const headers = { range: 'bytes=0-0', 'if-range': etag };
      return (await ask(at('model.onnx'), { headers })).text();
    };
    expect(await range(`"${onnx}"`)).toBe('0');
    expect(await range('"other"')).toBe('0123456789');
  });

  it('do not come when they are known', async () => {
    for (const tag of [`"${onnx}"`, `W/"${onnx}"`, `"a", "${onnx}"`, '*']) {
      const response = await ask(at('model.onnx'), { headers: { 'if-none-match': tag } });
      expect([response.status, await response.text()]).toEqual([304, '']);
    }
    const other = await ask(at('model.onnx'), { headers: { 'if-none-match': '"other"' } });
    expect(await other.text()).toBe('0123456789');
  });

  it('answer HEAD with their length, and no range of it', async () => {
    const response = await ask(at('model.onnx'), { method: 'HEAD', headers: { range: 'bytes=2-4' } });
    expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([
      200,
      '10',
      '',
    ]);
  });

  it('are not there, or not there any more, or not so long', async () => {
    await problemOf(ask(at('..%2F..%2Fstate.sqlite')), 'model-file-not-found');
    const { detail } = await problemOf(ask(at('deleted.npy')), 'model-file-not-found');
    expect(detail).toContain('deleted.npy');
    await problemOf(ask(at('model.onnx'), { headers: { range: 'bytes=10-' } }), 'range-not-satisfiable');
  });
});

describe('without a registry', () => {
  it.each(['/v1/models', '/v1/deployment', '/v1/models/champion/files/rdf.yaml'])(
    '%s is unavailable, and says so',
    async (path) => {
      await problemOf(createApp({ registry: registryOf(new FakeSegmenter()) }).request(path), 'unavailable');
    },
  );
});

describe('keys', () => {
  const operations = [
    ['GET', '/v1/models', 'listModels'],
    ['POST', '/v1/models', 'uploadModel'],
    ['GET', '/v1/models/champion', 'getModel'],
    ['GET', '/v1/models/champion/files/rdf.yaml', 'getModelFile'],
    ['POST', '/v1/models/champion/promote', 'promoteModel'],
    ['POST', '/v1/models/champion/challenge', 'challengeModel'],
    ['POST', '/v1/models/champion/retire', 'retireModel'],
    ['DELETE', '/v1/models/champion', 'deleteModel'],
    ['GET', '/v1/deployment', 'getDeployment'],
    ['PATCH', '/v1/deployment', 'changeDeployment'],
    ['POST', '/v1/deployment/rollback', 'rollBack'],
    ['GET', '/v1/deployment/comparisons', 'listComparisons'],
  ] as const;

  const withKey = async (scopes: readonly string[]) => {
    const { id, secret, token } = newToken((bytes) => crypto.getRandomValues(bytes));
    const key = { id, name: 'lab', hash: await hashSecret(secret), scopes };
    const app = appOf({ authorize: authorizeWith((asked) => (asked === id ? key : undefined)) });
    const send = (method: string, path: string, init: RequestInit = {}) =>
      app.request(path, {
        ...init,
        method,
        headers: { ...(init.headers as Record<string, string>), authorization: `Bearer ${token}` },
      });
    return { id, app, send };
  };

  it.each(operations)('%s %s needs the scope that the contract says', async (method, path, operation) => {
    const { app } = await withKey([]);
    await problemOf(app.request(path, { method }), 'unauthorized');
    const scope = SCOPE_OF[operation] ?? 'none';
    expect(scope).toMatch(/^models:(read|write)$/);
    const other = await withKey(Object.values(SCOPE_OF).filter((one) => one !== scope));
    expect((await problemOf(other.send(method, path), 'forbidden')).detail).toContain(scope);
    const { send } = await withKey([scope]);
    const answer = await send(method, path);
    expect(answer.status).not.toBe(403);
    await answer.text();
    expect(registry.calls.length).toBeLessThanOrEqual(1); // of the one that was let in
  });

  it('are the authors of what they change', async () => {
    const { id, send } = await withKey(['models:write']);
    await send('POST', '/v1/models/challenger/promote');
    await send('POST', '/v1/deployment/rollback');
    await send('PATCH', '/v1/deployment', { ...post({ canaryPercent: 1 }) });
    await send('POST', '/v1/models', zip());
    expect(registry.calls.map((call) => call.at(-1))).toEqual([
      { by: id },
      { by: id },
      { canaryPercent: 1, by: id },
      { by: id, length: undefined },
    ]);
  });
});
