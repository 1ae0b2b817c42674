import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { CommandError } from '../errors.ts';

/** What `tokenunify evaluate` writes with --select or --report; further fields pass through. */
const measured = z.looseObject({
  box: z.string(),
  postprocessing: z.record(z.string(), z.unknown()),
  scores: z.array(
    z.looseObject({
      name: z.string(),
      voi: z.number(),
      voiSplit: z.number(),
      voiMerge: z.number(),
      adaptedRand: z.number().nullable(),
    }),
  ),
  command: z.string(),
});

export type Measured = z.infer<typeof measured>;

/** @throws CommandError `trainer/data` when the file is not what `evaluate` writes */
export async function readMeasured(file: string | undefined): Promise<Measured | undefined> {
  if (file === undefined) return undefined;
  try {
    return measured.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    const why = cause instanceof z.ZodError ? whyNot(cause) : 'is not readable JSON';
    throw new CommandError(
      'trainer/data',
      `${file} ${why}; name a file that \`tokenunify evaluate\` wrote.`,
      cause,
    );
  }
}

function whyNot({ issues }: z.ZodError): string {
  const first = issues[0];
  return `has no usable field '${first?.path.join('.') ?? ''}' (${first?.message ?? 'unknown'})`;
}
