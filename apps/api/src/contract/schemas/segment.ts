import { z } from '@hono/zod-openapi';
import { SCORING } from './common.ts';

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
    .regex(SCORING, 'must be mean, max or hist1 to hist99')
    .optional()
    .openapi({
      param: { name: 'scoring', in: 'query' },
      description: 'How the affinities between two fragments become one score; default: what the model says.',
      example: 'mean',
    }),
  model: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .openapi({
      param: { name: 'model', in: 'query' },
      description: 'Digest, alias or name of a model; default: the champion.',
      example: 'champion',
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
