import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { complaintOf } from '../../config/complaint.ts';
import { engineField, number, seed, text, triple, wholeNumber, yesOrNo } from '../../config/fields.ts';
import { wrong } from './errors.ts';

const modelName =
  'the name of the models, 5 to 128 letters, digits, spaces and _ + - ( ), as "TokenUnify nano"';

const metric = z
  .strictObject(
    { margin: number(-1, 1, 'a number from -1 to 1: the least relative improvement, as 0.01') },
    'an object as {"margin": 0.01}',
  )
  .optional();

const schema = z.strictObject(
  {
    server: z.strictObject(
      {
        url: text('the address of the API, as "http://127.0.0.1:8787"'),
        patienceSeconds: wholeNumber(0, 86_400).default(600),
      },
      'an object as {"url": "http://127.0.0.1:8787"}',
    ),
    directory: text('a directory for what nights leave behind, as "nightly"'),
    manifest: text('the file that lists the annotations, as "annotations.json"'),
    name: z
      .string(modelName)
      .regex(/^[A-Za-z0-9_+\- ()]{5,128}$/, modelName)
      .optional(),
    training: z
      .strictObject(
        {
          steps: wholeNumber(1, 10_000_000).default(500),
          rate: number(1e-9, 10, 'a learning rate above 0, at most 10').default(5e-4),
          crop: triple.default([64, 64, 64]),
          batch: wholeNumber(1, 4096).default(1),
          checkpointEvery: wholeNumber(1, 10_000_000).default(50),
          isotropic: yesOrNo.default(true),
          erode: yesOrNo.default(true),
          engine: engineField.default('auto'),
          seed: seed.default(1),
        },
        'an object as {"steps": 500}',
      )
      .prefault({}),
    gate: z
      .strictObject(
        { voi: metric, adaptedRand: metric, speed: metric },
        'an object as {"voi": {"margin": 0.01}}',
      )
      .refine(({ voi, adaptedRand }) => voi ?? adaptedRand, {
        error:
          'an object that names voi or adaptedRand, as {"voi": {"margin": 0.01}}: a model is not promoted for its speed alone',
      }),
    smokeTest: z.strictObject(
      {
        raw: text('a small volume of grey values, as "reference.npy"'),
        expected: text('the labels that are right for it, as "reference-labels.npy"'),
        maximumVoi: number(0, 64),
        patienceSeconds: wholeNumber(0, 86_400).default(60),
        timeoutSeconds: wholeNumber(1, 86_400).default(300),
      },
      'an object as {"raw": "reference.npy", "expected": "reference-labels.npy", "maximumVoi": 0.5}',
    ),
    deadlineMinutes: number(0.01, 100_000).optional(),
    threads: wholeNumber(1, 1024).optional(),
  },
  'an object',
);

/** nightly.json, with everything filled in. */
export type RetrainConfig = z.infer<typeof schema> & {
  /** Where it was read. */
  readonly file: string;
};
/**
 * Reads `nightly.json`. Relative paths in it are relative to its folder, and absolute in what is returned.
 *
 * @throws NightError with exit code 2, naming the field, its value and what it must be
 */
export async function readConfig(path: string): Promise<RetrainConfig> {
  const file = resolve(path);
  const content = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw wrong(
      `--config ${file} cannot be read (${String(cause.code)}); name the file with the settings of the night, see docs/how-to/run-a-nightly.md.`,
      cause,
    );
  });
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (cause) {
    throw wrong(
      `${file} is not JSON (${cause instanceof Error ? cause.message : String(cause)}); mend it there.`,
      cause,
    );
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw wrong(complaintOf(file, schema, parsed.error, value), parsed.error);
  const { data } = parsed;
  const at = (location: string) => locationFrom(dirname(file), location);
  const { smokeTest } = data;
  return {
    ...data,
    file,
    directory: resolve(dirname(file), data.directory),
    manifest: resolve(dirname(file), data.manifest),
    smokeTest: { ...smokeTest, raw: at(smokeTest.raw), expected: at(smokeTest.expected) },
  };
}

/** A URL is where it says; anything else is relative to the folder. */
const locationFrom = (folder: string, location: string): string =>
  /^[a-z][a-z0-9+.-]+:\/\//i.test(location) ? location : resolve(folder, location);
