import { z } from '@hono/zod-openapi';
import { pageQuery, problemSchema, SCORING, timestamp, triple } from './common.ts';
import { ALIASES } from './models.ts';

export const SEGMENTATION_ID = /^seg_[0-9a-z]{20}$/;

const voxels = triple(z.int().min(0)).openapi({ description: '(z, y, x) voxels.' });
const share = z.number().min(0).max(1);

export const boxSchema = z
  .strictObject({ start: voxels, stop: voxels })
  .openapi('Box', { description: 'Voxels v with start <= v < stop on every axis.' });

/** Three ways to name a volume; strict objects, so exactly one of them fits. */
export const inputSchema = z
  .union([
    z.strictObject({
      volume: z.string().openapi({ description: 'Id of a sealed stored volume.' }),
      dataset: z.string().optional().openapi({ description: 'The array inside it, if there are several.' }),
    }),
    z.strictObject({
      path: z.string().min(1).openapi({
        description:
          'A file or directory on the server, inside what its operator opened; `x.h5:/volumes/raw` names a dataset.',
      }),
    }),
    z.strictObject({
      url: z
        .url({ protocol: /^https?$/ })
        .openapi({ description: 'A Zarr hierarchy or an npy file on the web.' }),
      dataset: z.string().optional(),
    }),
  ])
  .openapi('SegmentationInput');

const agglomerationFields = {
  threshold: share.optional().openapi({ description: 'Agglomeration stops at this score.' }),
  scoring: z
    .string()
    .regex(SCORING, 'must be mean, max or hist1 to hist99')
    .optional()
    .openapi({ description: '`mean`, `max` or a percentile `hist1` to `hist99`.' }),
  minimumSize: z
    .int()
    .min(0)
    .optional()
    .openapi({ description: 'Labels with fewer voxels join the neighbour of highest affinity.' }),
};

export const newSegmentationSchema = z
  .strictObject({
    input: inputSchema,
    name: z.string().min(1).max(200).optional().openapi({ description: 'For people.' }),
    box: boxSchema.optional().openapi({ description: 'Part to segment; default: all.' }),
    model: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .openapi({
        description:
          'Digest, alias or name of a model; default: the champion, or the challenger for the share of the canary. ' +
          'The job is pinned to the digest.',
      }),
    rawRange: z
      .tuple([z.number(), z.number()])
      .optional()
      .openapi({ description: 'Needed unless the voxels are uint8: the values of black and white.' }),
    voxelSize: triple(z.number().positive())
      .optional()
      .openapi({ description: 'nm, (z, y, x); instead of what the volume says.' }),
    voxelSizeCheck: z.enum(['warn', 'refuse']).default('warn').openapi({
      description:
        'What follows when the voxel size is far from the model’s: a warning in the result, or 422.',
    }),
    postprocessing: z
      .strictObject({
        ...agglomerationFields,
        cell: triple(z.int().min(8).max(1024)).optional().openapi({
          description:
            'Voxels (z, y, x) of the pieces in which fragments are made; smaller ones need less memory.',
        }),
      })
      .optional()
      .openapi({ description: 'What to change of the post-processing that the model was validated with.' }),
  })
  .openapi('NewSegmentation');

export const relabelSchema = z.strictObject({ ...agglomerationFields }).openapi('Relabel');

export const STATES = ['queued', 'running', 'succeeded', 'failed', 'canceled'] as const;

const warningSchema = z.object({ code: z.string(), detail: z.string() }).openapi('Warning');

const progressSchema = z
  .object({
    stage: z.enum(['tiles', 'affinities', 'fragments', 'graph', 'agglomeration', 'labels']),
    done: z.int(),
    total: z.int(),
    unit: z.string(),
    fraction: share.openapi({ description: 'Of the whole job, by finished tasks.' }),
  })
  .openapi('Progress');

const resultSchema = z
  .object({
    volume: z
      .string()
      .openapi({ description: 'Id of the stored volume with the labels, uint32, 0 is background.' }),
    url: z.string().openapi({ description: 'Root of its Zarr array, relative to the server.' }),
    shape: triple(z.int()),
    labelCount: z.int(),
    fragmentCount: z.int(),
    voxelSize: triple(z.number()).optional(),
    postprocessing: z.unknown().openapi({ description: 'All of it, as it was applied.' }),
    seconds: z.number().openapi({ description: 'Of work, interruptions left out.' }),
  })
  .openapi('SegmentationResult');

export const segmentationSchema = z
  .object({
    id: z.string().openapi({ example: 'seg_01jd5yxq8f0000000000' }),
    name: z.string().optional(),
    state: z.enum(STATES),
    parent: z.string().optional().openapi({ description: 'The job that this one agglomerates again.' }),
    input: inputSchema,
    box: boxSchema,
    model: z.object({
      name: z.string(),
      version: z.string(),
      digest: z.string(),
      alias: z
        .enum(ALIASES)
        .optional()
        .openapi({ description: 'What it was chosen by; absent when the digest or name was given.' }),
    }),
    createdAt: timestamp,
    startedAt: timestamp.optional(),
    finishedAt: timestamp.optional(),
    progress: progressSchema.optional(),
    warnings: z.array(warningSchema),
    result: resultSchema.optional(),
    error: problemSchema
      .pick({ type: true, title: true, code: true, detail: true })
      .optional()
      .openapi({ description: 'Why it failed.' }),
    links: z.object({
      self: z.string(),
      events: z.string(),
      cancel: z.string(),
      resume: z.string(),
      relabel: z.string(),
      result: z.string().optional(),
    }),
  })
  .openapi('Segmentation');

export const segmentationListSchema = z
  .object({ items: z.array(segmentationSchema), next: z.string().optional() })
  .openapi('SegmentationList');

export const segmentationListQuerySchema = z.strictObject({
  ...pageQuery,
  state: z
    .enum(STATES)
    .optional()
    .openapi({ param: { name: 'state', in: 'query' }, description: 'Only jobs in this state.' }),
});

/** `data` of one server-sent event; its `id` is the number to send as Last-Event-ID. */
export const segmentationEventSchema = z
  .object({
    type: z
      .enum(['state', 'progress', 'warning'])
      .openapi({ description: 'Also the `event` of the stream.' }),
    at: timestamp,
    state: z.enum(STATES).optional(),
    progress: progressSchema.optional(),
    warning: warningSchema.optional(),
  })
  .openapi('SegmentationEvent');
