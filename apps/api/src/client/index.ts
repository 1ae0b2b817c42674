/**
 * A typed client of the API, from the same contract as the server. It runs wherever fetch does.
 *
 *     import { createClient, isApiError } from '@tokenunify/api/client';
 *     const api = createClient('http://127.0.0.1:8787', { apiKey });
 *     const { npy, labelCount } = await api.segment(npyBytes, { threshold: 0.4 });
 *
 *     const job = await api.createSegmentation({ input: { volume: id } });
 *     for await (const { progress } of api.follow(job.id)) console.log(progress?.fraction);
 *
 *     const { model } = await api.uploadModel(zip);
 *     await api.promoteModel(model.digest, { expected: (await api.deployment()).champion.digest });
 *
 * @module
 */
import { answerOf, rawClient, singleClient, withSignal, type RawClient } from './calls.ts';
import { follow, type FollowedEvent, type FollowOptions } from './follow.ts';
import type { components } from './generated/api.ts';
import { modelCalls, type ModelCalls } from './models.ts';
import { settingsOf, type ClientOptions } from './options.ts';
import { segment, type Segmentation, type SegmentOptions } from './segment.ts';
import { segmentationCalls, type SegmentationCalls, type SegmentationJob } from './segmentations.ts';
import { volumeCalls, type CallOptions, type VolumeCalls } from './volumes.ts';

export * from './errors.ts';
export type { FollowedEvent, FollowOptions } from './follow.ts';
export type { components, operations, paths } from './generated/api.ts';
export type {
  AliasChangeOptions,
  Comparison,
  Deployment,
  DeploymentChange,
  ModelState,
  ModelVersion,
  UploadedModel,
} from './models.ts';
export type { ClientOptions } from './options.ts';
export type { ListOptions } from './pages.ts';
export type { Segmentation, SegmentOptions, SegmentParameters } from './segment.ts';
export type {
  NewSegmentation,
  Relabel,
  SegmentationJob,
  SegmentationRequest,
  SegmentationState,
  SubmitOptions,
} from './segmentations.ts';
export type { CallOptions, StoredVolume } from './volumes.ts';

export type Health = components['schemas']['Health'];

export interface ApiClient extends VolumeCalls, SegmentationCalls, ModelCalls {
  /** Every operation of the contract, typed: `api.raw.GET('/healthz')`. */
  readonly raw: RawClient;
  /**
   * Segments a small volume.
   *
   * @param npy an npy file of shape [z, y, x], uint8, or float32 from 0 to 255
   * @param options `model`: a digest, alias or name; default: the champion
   * @throws ApiError, ApiConnectionError; the signal's reason after an abort, which also ends the work on the server
   */
  segment(npy: Uint8Array, options?: SegmentOptions): Promise<Segmentation>;
  health(options?: CallOptions): Promise<Health>;
  /**
   * Events of a job as they come, over connections that may break; returns the job when it has finished, however it ended.
   *
   * @throws ApiError for what waiting does not mend; ApiConnectionError after a long silence; the signal's reason
   */
  follow(id: string, options?: FollowOptions): AsyncGenerator<FollowedEvent, SegmentationJob, void>;
}

/** @throws TypeError for an address or a key that cannot be used */
export function createClient(baseUrl: string, options: ClientOptions = {}): ApiClient {
  const settings = settingsOf(baseUrl, options);
  const raw = rawClient(settings);
  const single = singleClient(settings);
  return {
    raw,
    ...volumeCalls(raw, settings),
    ...segmentationCalls(raw, settings.newKey),
    ...modelCalls(raw, settings),
    segment: (npy, parameters = {}) => segment(raw, npy, parameters),
    health: ({ signal } = {}) => answerOf('GET', raw.GET('/healthz', { ...withSignal(signal) })),
    follow: (id, following = {}) => follow(settings, single, id, following),
  };
}
