import { answerOf, expectSuccess, failure, withSignal, type RawClient } from './calls.ts';
import type { components } from './generated/api.ts';
import type { Settings } from './options.ts';
import { pages, type ListOptions } from './pages.ts';
import { send } from './transport.ts';

export type StoredVolume = components['schemas']['Volume'];

export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** Stored volumes. Every method throws ApiError, ApiConnectionError, or the signal's reason. */
export interface VolumeCalls {
  /** Makes a place for a volume. Not sent twice on its own: the second would be another place. */
  createVolume(volume?: { readonly name?: string }, options?: CallOptions): Promise<StoredVolume>;
  /** What a volume is, and how much of it is there. */
  volume(id: string, options?: CallOptions): Promise<StoredVolume>;
  /** All volumes, newest first, page by page as they are asked for. */
  listVolumes(options?: ListOptions): AsyncGenerator<StoredVolume, void, void>;
  /**
   * Says that a volume is complete; again changes nothing.
   *
   * @param seal `chunks`: how many were written, if not all of them
   */
  sealVolume(id: string, seal?: { readonly chunks?: number }, options?: CallOptions): Promise<StoredVolume>;
  deleteVolume(id: string, options?: CallOptions): Promise<void>;
  /** Whether anything is stored at a key of the hierarchy, as `c/0/0/0`. */
  hasKey(id: string, key: string, options?: CallOptions): Promise<boolean>;
  /** Root of the Zarr hierarchy, for a Zarr client or em-io. */
  volumeUrl(id: string): string;
}

export function volumeCalls(raw: RawClient, settings: Settings): VolumeCalls {
  const urlOf = (id: string) => `${settings.baseUrl}/v1/volumes/${encodeURIComponent(id)}`;
  return {
    createVolume: (volume = {}, { signal } = {}) =>
      answerOf('POST', raw.POST('/v1/volumes', { body: volume, ...withSignal(signal) })),
    volume: (id, { signal } = {}) =>
      answerOf('GET', raw.GET('/v1/volumes/{id}', { params: { path: { id } }, ...withSignal(signal) })),
    listVolumes: ({ limit, signal } = {}) =>
      pages<StoredVolume>((cursor) =>
        answerOf(
          'GET',
          raw.GET('/v1/volumes', {
            params: { query: { ...(limit !== undefined && { limit }), ...cursor } },
            ...withSignal(signal),
          }),
        ),
      ),
    sealVolume: (id, seal = {}, { signal } = {}) =>
      answerOf(
        'POST',
        raw.POST('/v1/volumes/{id}/seal', { params: { path: { id } }, body: seal, ...withSignal(signal) }),
      ),
    deleteVolume: (id, { signal } = {}) =>
      expectSuccess(
        'DELETE',
        raw.DELETE('/v1/volumes/{id}', { params: { path: { id } }, ...withSignal(signal) }),
      ),
    async hasKey(id, key, { signal } = {}) {
      // the slashes of a key stay, which a path parameter of openapi-fetch would lose
      const url = `${urlOf(id)}/${key.split('/').map(encodeURIComponent).join('/')}`;
      const { headers } = settings;
      const response = await send(
        settings,
        new Request(url, { method: 'HEAD', headers: { ...headers }, ...withSignal(signal) }),
      );
      if (response.ok) return true;
      if (response.status === 404) return false;
      throw failure('HEAD', response, undefined);
    },
    volumeUrl: urlOf,
  };
}
