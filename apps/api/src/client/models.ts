import {
  answerOf,
  expectSuccess,
  failure,
  repeatableClient,
  singleClient,
  withSignal,
  type RawClient,
} from './calls.ts';
import type { components } from './generated/api.ts';
import type { Settings } from './options.ts';
import { pages, type ListOptions } from './pages.ts';
import { send } from './transport.ts';
import type { CallOptions } from './volumes.ts';

export type ModelVersion = components['schemas']['ModelVersion'];
export type ModelState = ModelVersion['state'];
export type Deployment = components['schemas']['Deployment'];
export type DeploymentChange = components['schemas']['DeploymentChange'];
export type Comparison = components['schemas']['Comparison'];

export interface AliasChangeOptions extends CallOptions {
  /** Digest that must be champion now; when another one is, nothing changes, and the problem is `alias-moved`. */
  readonly expected?: string;
  /** For people; kept in the history. */
  readonly reason?: string;
}

export interface UploadedModel {
  readonly model: ModelVersion;
  /** False when the package was there already. */
  readonly created: boolean;
}

/**
 * Versions of models, and which of them does the work. A reference is a digest, an alias (`champion`, `challenger`), or a
 * name that only one version that is ready has. Every method throws ApiError, ApiConnectionError, or the signal's reason.
 */
export interface ModelCalls {
  /** All versions, newest first, page by page as they are asked for. */
  models(options?: ListOptions & { readonly state?: ModelState }): AsyncGenerator<ModelVersion, void, void>;
  /** What a version is. */
  model(reference: string, options?: CallOptions): Promise<ModelVersion>;
  /**
   * Uploads a package, which is verified and run on its test tile before it is there. It takes as long as it takes: no
   * timeout but the signal's. Sent again when that can help, except a stream, which can be read only once.
   *
   * @param archive a zip of a model package
   * @example
   *     const { model } = await api.uploadModel(await openAsBlob('model.zip'));
   *     await api.promoteModel(model.digest, { expected: before.champion.digest, reason: 'night 17' });
   */
  uploadModel(
    archive: Blob | Uint8Array | ReadableStream<Uint8Array>,
    options?: CallOptions,
  ): Promise<UploadedModel>;
  /**
   * A file of a package, as `files` of the version names it. Its body is to be read to its end or canceled.
   *
   * @example
   *     const card = await (await api.modelFile('champion', 'README.md')).text();
   */
  modelFile(reference: string, name: string, options?: CallOptions): Promise<Response>;
  /**
   * Makes a version champion; the one that is already stays it, whatever is expected. Sent again when that can help if it
   * is named by its digest: an alias may have moved by the first request, whose answer was lost.
   */
  promoteModel(reference: string, options?: AliasChangeOptions): Promise<Deployment>;
  /** Makes a version challenger; the one that is already stays it. Sent again as `promoteModel` is. */
  challengeModel(reference: string, options?: AliasChangeOptions): Promise<Deployment>;
  /** Takes a version out of use, which needs that it has no alias and no job; its files stay. */
  retireModel(reference: string, options?: CallOptions): Promise<ModelVersion>;
  /** Deletes the files of a retired version. */
  deleteModel(reference: string, options?: CallOptions): Promise<void>;
  /** Which version does what, and how that came. */
  deployment(options?: CallOptions): Promise<Deployment>;
  /**
   * Changes the shares of canary and shadow, or takes the challenger away.
   *
   * @example
   *     await api.changeDeployment({ canaryPercent: 5, shadowPercent: 20 });
   */
  changeDeployment(change: DeploymentChange, options?: CallOptions): Promise<Deployment>;
  /**
   * Makes the champion before this one champion again. Sent again when that can help if `expected` says which one is to
   * be rolled back; without it a second request would go one champion further back.
   */
  rollBack(options?: AliasChangeOptions): Promise<Deployment>;
  /** Shadow runs, newest first: how far the labels of both versions agree. */
  comparisons(
    options?: ListOptions & { readonly challenger?: string },
  ): AsyncGenerator<Comparison, void, void>;
}

export function modelCalls(raw: RawClient, settings: Settings): ModelCalls {
  const single = singleClient(settings);
  const repeatable = repeatableClient(settings);
  const at = (model: string) => ({ params: { path: { model } } });
  return {
    models: ({ limit, state, signal } = {}) =>
      pages<ModelVersion>((cursor) => {
        const query = {
          ...(limit !== undefined && { limit }),
          ...(state !== undefined && { state }),
          ...cursor,
        };
        return answerOf('GET', raw.GET('/v1/models', { params: { query }, ...withSignal(signal) }));
      }),
    model: (reference, { signal } = {}) =>
      answerOf('GET', raw.GET('/v1/models/{model}', { ...at(reference), ...withSignal(signal) })),
    uploadModel: (archive, { signal } = {}) => uploadModel(settings, archive, signal),
    async modelFile(reference, name, { signal } = {}) {
      const path = `/v1/models/${encodeURIComponent(reference)}/files/${encodeURIComponent(name)}`;
      const { baseUrl, headers } = settings;
      const request = new Request(baseUrl + path, { headers: { ...headers }, ...withSignal(signal) });
      const response = await send(settings, request);
      if (!response.ok) throw failure('GET', response, await jsonOf(response));
      return response;
    },
    promoteModel: (reference, { signal, ...change } = {}) =>
      answerOf(
        'POST',
        raw.POST('/v1/models/{model}/promote', { ...at(reference), body: change, ...withSignal(signal) }),
      ),
    challengeModel: (reference, { signal, ...change } = {}) =>
      answerOf(
        'POST',
        raw.POST('/v1/models/{model}/challenge', { ...at(reference), body: change, ...withSignal(signal) }),
      ),
    retireModel: (reference, { signal } = {}) =>
      answerOf('POST', raw.POST('/v1/models/{model}/retire', { ...at(reference), ...withSignal(signal) })),
    deleteModel: (reference, { signal } = {}) =>
      expectSuccess('DELETE', raw.DELETE('/v1/models/{model}', { ...at(reference), ...withSignal(signal) })),
    deployment: ({ signal } = {}) => answerOf('GET', raw.GET('/v1/deployment', { ...withSignal(signal) })),
    changeDeployment: (change, { signal } = {}) =>
      answerOf(
        'PATCH',
        raw.PATCH('/v1/deployment', {
          // openapi-fetch's mapped type turns null into never
          body: change as never,
          ...withSignal(signal),
        }),
      ),
    rollBack: ({ signal, ...change } = {}) =>
      answerOf(
        'POST',
        (change.expected === undefined ? single : repeatable).POST('/v1/deployment/rollback', {
          body: change,
          ...withSignal(signal),
        }),
      ),
    comparisons: ({ limit, challenger, signal } = {}) =>
      pages<Comparison>((cursor) => {
        const query = {
          ...(limit !== undefined && { limit }),
          ...(challenger !== undefined && { challenger }),
          ...cursor,
        };
        return answerOf(
          'GET',
          raw.GET('/v1/deployment/comparisons', { params: { query }, ...withSignal(signal) }),
        );
      }),
  };
}

async function uploadModel(
  settings: Settings,
  archive: Blob | Uint8Array | ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<UploadedModel> {
  const isStream = archive instanceof ReadableStream;
  // Made anew for each attempt: the copy of a request would keep in memory all of a body that may be gigabytes.
  const request = () =>
    new Request(`${settings.baseUrl}/v1/models`, {
      method: 'POST',
      headers: { ...settings.headers, 'content-type': 'application/zip' },
      body: archive as Blob, // or bytes or a stream, which are bodies too unless the bytes are shared
      ...(isStream && { duplex: 'half' }),
      ...withSignal(signal),
    });
  const response = await send(settings, request, !isStream);
  const body: unknown = await jsonOf(response);
  if (!response.ok || body === undefined) throw failure('POST', response, body);
  return { model: body as ModelVersion, created: response.status === 201 }; // of the contract, as every answer of this API
}

/** The JSON of an answer; undefined where something else than the API answered. */
async function jsonOf(response: Response): Promise<unknown> {
  return response.json().catch(() => undefined);
}
