import type { Box } from '@tokenunify/em-io';
import type { JobSpec } from '@tokenunify/segmentation';
import type { problemSchema } from '../contract/index.ts';
import type { z } from '@hono/zod-openapi';
import type { NewSegmentation, SegmentationJson, State } from './types.ts';

export type Input = NewSegmentation['input'];
export type Warning = SegmentationJson['warnings'][number];
export type Progress = NonNullable<SegmentationJson['progress']>;
export type Result = NonNullable<SegmentationJson['result']>;
/** The version, and the alias that it was chosen by. */
export type ModelRef = SegmentationJson['model'];
export type Failure = Pick<z.infer<typeof problemSchema>, 'type' | 'title' | 'code' | 'detail'>;

/** A spec whose box is written out. */
export type StoredSpec = JobSpec & { readonly box: Box };

/** A job as it is stored. Everything its result depends on was resolved when it was made, and never changes. */
export interface JobRecord {
  readonly id: string;
  readonly name?: string;
  readonly owner: string;
  readonly parent?: string;
  readonly state: State;
  readonly input: Input;
  /** nm, (z, y, x); goes into the result. */
  readonly voxelSize?: readonly [number, number, number];
  readonly spec: StoredSpec;
  readonly model: ModelRef;
  readonly createdAt: number;
  readonly queuedAt: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  /** Milliseconds of work, interruptions left out. */
  readonly workedMs: number;
  readonly progress?: Progress;
  readonly warnings: readonly Warning[];
  readonly result?: Result;
  readonly error?: Failure;
}

/** What a job is made from. */
export type NewRecord = Pick<
  JobRecord,
  'id' | 'name' | 'owner' | 'parent' | 'input' | 'voxelSize' | 'spec' | 'model' | 'createdAt' | 'warnings'
>;

const FINISHED: readonly State[] = ['succeeded', 'failed', 'canceled'];

export const hasFinished = ({ state }: { readonly state: State }): boolean => FINISHED.includes(state);

/** A job as the contract shows it. */
export function toJson(job: JobRecord): SegmentationJson {
  const self = `/v1/segmentations/${job.id}`;
  const { box } = job.spec;
  return {
    id: job.id,
    ...(job.name !== undefined && { name: job.name }),
    state: job.state,
    ...(job.parent !== undefined && { parent: job.parent }),
    input: shownInput(job.input),
    box: { start: [...box.start], stop: [...box.stop] },
    model: job.model,
    createdAt: iso(job.createdAt),
    ...(job.startedAt !== undefined && { startedAt: iso(job.startedAt) }),
    ...(job.finishedAt !== undefined && { finishedAt: iso(job.finishedAt) }),
    ...(job.progress && { progress: job.progress }),
    warnings: [...job.warnings],
    ...(job.result && { result: job.result }),
    ...(job.error && { error: job.error }),
    links: {
      self,
      events: `${self}/events`,
      cancel: `${self}/cancel`,
      resume: `${self}/resume`,
      relabel: `${self}/relabel`,
      ...(job.result && { result: job.result.url }),
    },
  };
}

/** The query of a signed URL is a secret of whoever made the job, and not of everybody who may read it. */
function shownInput(input: Input): Input {
  if (!('url' in input)) return input;
  const url = new URL(input.url);
  url.search = '';
  return { ...input, url: url.href };
}

export const iso = (ms: number): string => new Date(ms).toISOString();
