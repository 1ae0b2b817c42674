import type { z } from '@hono/zod-openapi';
import type {
  newSegmentationSchema,
  relabelSchema,
  segmentationEventSchema,
  segmentationListSchema,
  segmentationSchema,
  STATES,
} from '../contract/index.ts';
import type { Page } from '../volumes/types.ts';

export type State = (typeof STATES)[number];
export type NewSegmentation = z.infer<typeof newSegmentationSchema>;
export type Relabel = z.infer<typeof relabelSchema>;
export type SegmentationJson = z.infer<typeof segmentationSchema>;
export type SegmentationPage = z.infer<typeof segmentationListSchema>;
export type SegmentationEvent = z.infer<typeof segmentationEventSchema>;

export interface NumberedEvent {
  /** 1, 2, ... within a job; the `id` of the server-sent event. */
  readonly seq: number;
  readonly event: SegmentationEvent;
}

export interface Submission {
  /** Whose idempotency key it is: id of the API key, or `anonymous`. */
  readonly owner: string;
  readonly idempotencyKey?: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * Jobs. Everything throws ApiProblem; `segmentation-not-found` wherever it fits.
 */
export interface Segmentations {
  /**
   * Checks everything that can be checked, and queues the job.
   *
   * @returns the job; an older one when the idempotency key says so
   * @throws `volume-not-found`, `volume-unsealed`, `unknown-model`, `model-retired`, `box-outside`, `unsupported-dtype`,
   *   `voxel-size-far`, `path-not-allowed`, `url-not-allowed`, `volume-unreadable`, `volume-too-large`, `volume-too-small`,
   *   `idempotency-key-reused`, `request-in-progress`, `queue-full`, `unavailable`
   */
  create(request: NewSegmentation, submission: Submission): Promise<SegmentationJson>;
  /** @throws `segmentation-not-succeeded`, and what `create` throws */
  relabel(id: string, request: Relabel, submission: Submission): Promise<SegmentationJson>;
  get(id: string): SegmentationJson;
  list(page: Page & { readonly state?: State | undefined }): SegmentationPage;
  /** Events behind `after`, first those that are stored, then as they come; ends when the job has finished. */
  events(id: string, after: number, signal: AbortSignal): AsyncGenerator<NumberedEvent, void, void>;
  /** Resolves when the job has finished, or after `ms`. */
  wait(id: string, ms: number, signal: AbortSignal): Promise<SegmentationJson>;
  /** @throws `segmentation-finished` */
  cancel(id: string): Promise<SegmentationJson>;
  /** @throws `segmentation-finished` when it succeeded, `segmentation-active`, `queue-full` */
  resume(id: string): Promise<SegmentationJson>;
  /** @throws `segmentation-active` */
  delete(id: string): Promise<void>;
}
