import { z } from '@hono/zod-openapi';
import { PROBLEM_CODES } from './problems.ts';

const triple = <T extends z.ZodType>(of: T) => z.tuple([of, of, of]);

export const problemSchema = z
  .object({
    type: z.string().openapi({ example: 'urn:tokenunify:problem:unsupported-dtype' }),
    title: z.string(),
    status: z.int(),
    code: z.enum(PROBLEM_CODES),
    detail: z.string().openapi({ description: 'One sentence: what is wrong, the limit, and what to do.' }),
    requestId: z.string(),
    field: z.string().optional().openapi({ description: 'The parameter, header or part of the body.' }),
    value: z.unknown().optional().openapi({ description: 'What was sent.' }),
    limit: z.unknown().optional().openapi({ description: 'What would have been right.' }),
  })
  .openapi('Problem', { description: 'RFC 9457 problem details.' });

export const modelSchema = z
  .object({
    name: z.string(),
    version: z.string(),
    digest: z
      .string()
      .openapi({ description: 'sha256 of the model package, which covers each of its files.' }),
    preset: z.string(),
    tileShape: triple(z.int()).openapi({ description: '(z, y, x) voxels.' }),
    minimumShape: triple(z.int()).openapi({ description: 'The smallest volume, (z, y, x) voxels.' }),
    voxelSize: triple(z.number()).optional().openapi({ description: 'nm, (z, y, x), of the training data.' }),
  })
  .openapi('Model');

export const healthSchema = z
  .object({
    status: z.literal('ok'),
    version: z.string(),
    uptimeSeconds: z.number(),
    model: modelSchema,
    running: z.int().openapi({ description: 'Requests being segmented.' }),
    waiting: z.int().openapi({ description: 'Requests being received or waiting for their turn.' }),
  })
  .openapi('Health');

export const readySchema = z.object({ status: z.literal('ready') }).openapi('Ready');

export const indexSchema = z
  .object({ name: z.string(), version: z.string(), links: z.record(z.string(), z.string()) })
  .openapi('Index');

/** A number from 0 to 1 as a query has it. JavaScript takes an empty text for 0, which here would be a threshold. */
const shareOfQuery = z.preprocess(
  (text) => (typeof text === 'string' && text.trim() === '' ? NaN : text),
  z.coerce.number().min(0).max(1).optional(),
);

// strict: a misspelt parameter would silently mean its default
export const segmentQuerySchema = z.strictObject({
  output: z
    .enum(['labels', 'affinities'])
    .default('labels')
    .openapi({
      param: { name: 'output', in: 'query' },
      description:
        '`labels`: uint32 [z, y, x], 0 is background. `affinities`: float32 [3, z, y, x] in [0, 1], in steps of ' +
        '1/255; channel d at voxel v is the link between v and v - e_d, in the order z, y, x.',
    }),
  threshold: shareOfQuery.openapi({
    param: { name: 'threshold', in: 'query' },
    description: 'Agglomeration stops at this score; default: what validation chose for the model.',
  }),
  scoring: z
    .string()
    .regex(/^(mean|max|hist[1-9]\d?)$/, 'must be mean, max or hist1 to hist99')
    .optional()
    .openapi({
      param: { name: 'scoring', in: 'query' },
      description: 'How the affinities between two fragments become one score; default: what the model says.',
      example: 'mean',
    }),
});

/** Headers of a segmentation; every response has x-request-id beside them. */
export const segmentHeadersSchema = z.object({
  'x-request-id': z.string(),
  'tokenunify-model': z.string().openapi({ description: 'Digest of the model that made the result.' }),
  'tokenunify-label-count': z
    .string()
    .optional()
    .openapi({ description: 'Labels but the background; with output=labels.' }),
  'server-timing': z.string().openapi({ description: 'Milliseconds of each stage, as `tiles;dur=120`.' }),
});
