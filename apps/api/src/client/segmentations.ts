import { answerOf, expectSuccess, withSignal, type RawClient } from './calls.ts';
import type { components } from './generated/api.ts';
import { pages, type ListOptions } from './pages.ts';
import type { CallOptions } from './volumes.ts';

export type SegmentationJob = components['schemas']['Segmentation'];
export type NewSegmentation = components['schemas']['NewSegmentation'];
export type Relabel = components['schemas']['Relabel'];
export type SegmentationState = SegmentationJob['state'];

/** What a job is asked for; everything but the input has a default. */
export type SegmentationRequest = Omit<NewSegmentation, 'voxelSizeCheck'> &
  Partial<Pick<NewSegmentation, 'voxelSizeCheck'>>;

export interface SubmitOptions extends CallOptions {
  /**
   * The same key with the same request is the same job, however often it is sent. One is made unless given, so that a
   * connection that breaks makes no second job; give one of your own to be safe beyond this process.
   */
  readonly idempotencyKey?: string;
  /** Answer when the job has finished, or after so many seconds, at most 60. */
  readonly waitSeconds?: number;
}

/** Jobs. Every method throws ApiError, ApiConnectionError, or the signal's reason. */
export interface SegmentationCalls {
  /** Queues a job. */
  createSegmentation(request: SegmentationRequest, options?: SubmitOptions): Promise<SegmentationJob>;
  /** How a job stands. */
  segmentation(id: string, options?: CallOptions): Promise<SegmentationJob>;
  /** Jobs, newest first, page by page as they are asked for. */
  listSegmentations(
    options?: ListOptions & { readonly state?: SegmentationState },
  ): AsyncGenerator<SegmentationJob, void, void>;
  /** Stops a job; what is finished of it stays. Again changes nothing. */
  cancelSegmentation(id: string, options?: CallOptions): Promise<SegmentationJob>;
  /** Goes on with a job that failed or was canceled. */
  resumeSegmentation(id: string, options?: CallOptions): Promise<SegmentationJob>;
  /** A new job that agglomerates the fragments of a finished one again. */
  relabelSegmentation(id: string, change: Relabel, options?: SubmitOptions): Promise<SegmentationJob>;
  /** Deletes a finished job and its result. */
  deleteSegmentation(id: string, options?: CallOptions): Promise<void>;
}

export function segmentationCalls(raw: RawClient, newKey: () => string): SegmentationCalls {
  const headers = ({ idempotencyKey = newKey(), waitSeconds }: SubmitOptions) => ({
    'idempotency-key': idempotencyKey,
    ...(waitSeconds !== undefined && { prefer: `wait=${waitSeconds}` }),
  });
  return {
    createSegmentation: (request, options = {}) =>
      answerOf(
        'POST',
        raw.POST('/v1/segmentations', {
          params: { header: headers(options) },
          // the default of voxelSizeCheck is the server's, though the generated type asks for it
          body: request as NewSegmentation,
          ...withSignal(options.signal),
        }),
      ),
    segmentation: (id, { signal } = {}) =>
      answerOf('GET', raw.GET('/v1/segmentations/{id}', { params: { path: { id } }, ...withSignal(signal) })),
    listSegmentations: ({ limit, state, signal } = {}) =>
      pages<SegmentationJob>((cursor) => {
        const query = {
          ...(limit !== undefined && { limit }),
          ...(state !== undefined && { state }),
          ...cursor,
        };
        return answerOf('GET', raw.GET('/v1/segmentations', { params: { query }, ...withSignal(signal) }));
      }),
    cancelSegmentation: (id, { signal } = {}) =>
      answerOf(
        'POST',
        raw.POST('/v1/segmentations/{id}/cancel', { params: { path: { id } }, ...withSignal(signal) }),
      ),
    resumeSegmentation: (id, { signal } = {}) =>
      answerOf(
        'POST',
        raw.POST('/v1/segmentations/{id}/resume', { params: { path: { id } }, ...withSignal(signal) }),
      ),
    relabelSegmentation: (id, change, options = {}) =>
      answerOf(
        'POST',
        raw.POST('/v1/segmentations/{id}/relabel', {
          params: { path: { id }, header: headers(options) },
          body: change,
          ...withSignal(options.signal),
        }),
      ),
    deleteSegmentation: (id, { signal } = {}) =>
      expectSuccess(
        'DELETE',
        raw.DELETE('/v1/segmentations/{id}', { params: { path: { id } }, ...withSignal(signal) }),
      ),
  };
}
