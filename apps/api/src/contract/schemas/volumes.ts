import { z } from '@hono/zod-openapi';
import { pageQuery, timestamp } from './common.ts';

export const VOLUME_ID = /^vol_[0-9a-z]{20}$/;

export const volumeIdParam = z
  .string()
  .openapi({ param: { name: 'id', in: 'path' }, example: 'vol_01jd5yxq8f0000000000' });

export const newVolumeSchema = z
  .strictObject({
    name: z.string().min(1).max(200).optional().openapi({ description: 'For people; need not be unique.' }),
  })
  .openapi('NewVolume');

export const volumeArraySchema = z
  .object({
    path: z.string().openapi({ description: 'Inside the hierarchy; empty for an array at its root.' }),
    shape: z.array(z.int()),
    dtype: z.string(),
    chunkShape: z.array(z.int()).openapi({ description: 'Of what one key holds; of a shard when sharded.' }),
    chunks: z.int().openapi({ description: 'Keys that are stored.' }),
    chunksOfGrid: z.int().openapi({ description: 'Keys that a full array has.' }),
  })
  .openapi('VolumeArray');

export const volumeSchema = z
  .object({
    id: z.string(),
    name: z.string().optional(),
    state: z.enum(['open', 'sealed']).openapi({
      description:
        '`open`: keys may be written. `sealed`: complete and unchangeable; only then jobs take it.',
    }),
    url: z.string().openapi({ description: 'Root of the Zarr hierarchy, relative to the server.' }),
    createdAt: timestamp,
    sealedAt: timestamp.optional(),
    bytes: z.int().openapi({ description: 'Stored.' }),
    arrays: z.array(volumeArraySchema).openapi({ description: 'What the stored metadata describes.' }),
    segmentation: z
      .string()
      .optional()
      .openapi({ description: 'The job whose result it is; then it is deleted with the job.' }),
  })
  .openapi('Volume');

export const volumeListSchema = z
  .object({ items: z.array(volumeSchema), next: z.string().optional() })
  .openapi('VolumeList');

export const volumeListQuerySchema = z.strictObject({ ...pageQuery });

export const sealSchema = z
  .strictObject({
    chunks: z
      .int()
      .min(0)
      .optional()
      .openapi({
        description:
          'Chunk keys written, over all arrays. Default: every key of every array. Zarr writers may leave out chunks ' +
          'that hold only the fill value; then say how many were written, so that one lost on the way is noticed.',
      }),
  })
  .openapi('Seal');
