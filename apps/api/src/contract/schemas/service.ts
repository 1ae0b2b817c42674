import { z } from '@hono/zod-openapi';
import { triple } from './common.ts';

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
