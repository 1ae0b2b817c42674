import { z } from '@hono/zod-openapi';
import { pageQuery, timestamp, triple } from './common.ts';

export const MODEL_DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Movable names for versions; every server has a champion, and at most one challenger. */
export const ALIASES = ['champion', 'challenger'] as const;
export const MODEL_STATES = ['ready', 'retired'] as const;

const alias = z.enum(ALIASES);

const modelNameSchema = z.object({ digest: z.string(), name: z.string(), version: z.string() });

export const modelVersionSchema = modelNameSchema
  .extend({
    description: z.string(),
    license: z.string(),
    preset: z.string(),
    tileShape: triple(z.int()).openapi({ description: '(z, y, x) voxels.' }),
    minimumShape: triple(z.int()).openapi({ description: 'The smallest volume, (z, y, x) voxels.' }),
    voxelSize: triple(z.number()).optional().openapi({ description: 'nm, (z, y, x), of the training data.' }),
    state: z.enum(MODEL_STATES).openapi({ description: 'A retired version takes no new work.' }),
    aliases: z.array(alias),
    loaded: z.boolean().openapi({ description: 'Its inference process runs.' }),
    createdAt: timestamp,
    retiredAt: timestamp.optional(),
    bytes: z.int().openapi({ description: 'Of its files; 0 once they are deleted.' }),
    files: z.array(z.object({ name: z.string(), bytes: z.int(), sha256: z.string() })),
    postprocessing: z.unknown().openapi({ description: 'What validation chose for it.' }),
    metrics: z.unknown().openapi({ description: 'Scores that its package carries.' }),
    links: z.object({ self: z.string(), promote: z.string(), challenge: z.string(), retire: z.string() }),
  })
  .openapi('ModelVersion');

export const modelListSchema = z
  .object({ items: z.array(modelVersionSchema), next: z.string().optional() })
  .openapi('ModelList');

export const modelListQuerySchema = z.strictObject({
  ...pageQuery,
  state: z
    .enum(MODEL_STATES)
    .optional()
    .openapi({ param: { name: 'state', in: 'query' }, description: 'Only versions in this state.' }),
});

/** `{model}` of a path; what no version can be called is not found, as anything else that is not there. */
export const modelParam = z.string().openapi({
  param: { name: 'model', in: 'path' },
  description:
    'A digest, `sha256:` and 64 hexadecimal digits; `champion` or `challenger`; or a name that only one version that ' +
    'is ready has. Percent-encoded or not.',
  example: 'champion',
});

export const modelFileParam = z
  .string()
  .openapi({ param: { name: 'file', in: 'path' }, example: 'rdf.yaml' });

const reason = z
  .string()
  .min(1)
  .max(1000)
  .optional()
  .openapi({ description: 'For people; kept in the history.' });
const expected = z.string().max(200).optional().openapi({
  description:
    'Digest that must be champion now; when another one is, nothing happens and the answer is 409.',
});

export const aliasChangeRequestSchema = z.strictObject({ expected, reason }).openapi('AliasChangeRequest');

export const aliasChangeSchema = z
  .object({
    at: timestamp,
    kind: z.enum(['start', 'promote', 'challenge', 'rollback', 'clear']),
    alias,
    from: modelNameSchema.optional(),
    to: modelNameSchema.optional().openapi({ description: 'Absent when the alias was taken away.' }),
    by: z.string().openapi({ description: 'Id of the API key, `anonymous`, or `server`.' }),
    reason: z.string().optional(),
  })
  .openapi('AliasChange');

const percent = z.int().min(0).max(100);

export const agreementSchema = z
  .object({
    runs: z.int().openapi({ description: 'Jobs that both have segmented.' }),
    voi: z
      .number()
      .optional()
      .openapi({ description: 'Mean of the runs, bits; 0 is the same segmentation.' }),
    voiSplit: z.number().optional(),
    voiMerge: z.number().optional(),
  })
  .openapi('Agreement');

export const deploymentSchema = z
  .object({
    champion: modelNameSchema,
    challenger: modelNameSchema.optional(),
    previous: modelNameSchema.optional().openapi({ description: 'What a roll back would make champion.' }),
    canaryPercent: percent.openapi({
      description: 'Of new jobs that name no model: the challenger does them.',
    }),
    shadowPercent: percent.openapi({
      description: 'Of jobs of the champion: the challenger does them too, and only the agreement is kept.',
    }),
    agreement: agreementSchema
      .optional()
      .openapi({ description: 'Of champion and challenger as they are now.' }),
    history: z.array(aliasChangeSchema).openapi({ description: 'Newest first, at most 100.' }),
  })
  .openapi('Deployment');

export const deploymentChangeSchema = z
  .strictObject({
    canaryPercent: percent.optional(),
    shadowPercent: percent.optional(),
    challenger: z.null().optional().openapi({ description: '`null`: no version is challenger any more.' }),
  })
  .openapi('DeploymentChange');

export const COMPARISON_STATES = ['waiting', 'done', 'failed', 'abandoned'] as const;

export const comparisonSchema = z
  .object({
    segmentation: z.string().openapi({ description: 'The job of the champion.' }),
    champion: modelNameSchema,
    challenger: modelNameSchema,
    state: z.enum(COMPARISON_STATES).openapi({
      description: '`abandoned`: the volume or the job was deleted before both were done.',
    }),
    createdAt: timestamp,
    finishedAt: timestamp.optional(),
    voxels: z.int().optional(),
    voi: z
      .number()
      .optional()
      .openapi({ description: 'Bits; the labels of the champion stand for the truth.' }),
    voiSplit: z.number().optional(),
    voiMerge: z.number().optional(),
    detail: z.string().optional().openapi({ description: 'Why it failed.' }),
  })
  .openapi('Comparison');

export const comparisonListSchema = z
  .object({ items: z.array(comparisonSchema), next: z.string().optional() })
  .openapi('ComparisonList');

export const comparisonListQuerySchema = z.strictObject({
  ...pageQuery,
  challenger: z
    .string()
    .max(200)
    .optional()
    .openapi({ param: { name: 'challenger', in: 'query' }, description: 'Only runs of this digest.' }),
});
