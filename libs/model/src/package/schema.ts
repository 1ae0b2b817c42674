import { z } from 'zod';
import { ModelError } from '../errors.ts';

const vec3 = <T extends z.ZodType<number>>(of: T) => z.tuple([of, of, of]).readonly();
const extent = vec3(z.int().positive());
const sha = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits');
/** A plain file name: a package never reaches outside its own directory. */
export const FILE_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;
const fileName = z.string().regex(FILE_NAME, 'must be a file name inside the package');
const tensor = z.object({ test_tensor: z.object({ source: fileName, sha256: sha }) });

/** The parts of rdf.yaml this system reads; everything else in it is for other tools. */
export const rdfSchema = z.object({
  type: z.literal('model'),
  format_version: z.string().regex(/^0\.5\.\d+$/, 'must be 0.5.x'),
  name: z.string().min(1),
  version: z.coerce.string().min(1),
  description: z.string(),
  license: z.string().min(1),
  cite: z.unknown(),
  inputs: z.tuple([tensor]),
  outputs: z.tuple([tensor]),
  weights: z.object({
    onnx: z.object({
      source: fileName,
      sha256: sha,
      opset_version: z.int().min(7),
      external_data: z.object({ source: fileName, sha256: sha }).optional(),
    }),
  }),
  config: z.object({
    tokenunify: z
      .object({
        preset: z.string().min(1),
        dtype: z.literal('float16').optional(),
        tileShape: extent,
        minimumShape: extent,
        inputScale: z.object({ offset: z.number(), scale: z.number() }).readonly(),
        voxelSize: vec3(z.number().positive()).optional(),
        postprocessing: z.unknown(),
        metrics: z.unknown(),
        training: z.unknown(),
        files: z.record(fileName, sha),
        checkpoint: fileName.optional(),
      })
      .refine(({ checkpoint, files }) => checkpoint === undefined || checkpoint in files, {
        path: ['checkpoint'],
        error: 'must be one of config.tokenunify.files',
      }),
  }),
});

export type Rdf = z.infer<typeof rdfSchema>;

/** Checks parsed YAML; the error names the file, the first field that is wrong and what it must be. */
export function parseRdf(value: unknown, file: string): Rdf {
  const result = rdfSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path.join('.') || '(the whole file)';
  throw new ModelError(
    'model/package',
    `${file}: field ${field} is wrong (${issue?.message ?? 'invalid'}); export the model again with \`tokenunify export\`.`,
    { details: { file, field }, cause: result.error },
  );
}
