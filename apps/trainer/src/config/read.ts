import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { CommandError } from '../errors.ts';
import { complaintOf } from './complaint.ts';

/**
 * Reads the settings that a training is given in a file.
 *
 * @throws CommandError `trainer/usage` naming the file, the field, its value and what it must be
 * @example const { preset } = await readConfig('configs/paper.json', pretrainSchema);
 */
export async function readConfig<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
): Promise<z.infer<Schema>> {
  const content = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new CommandError(
      'trainer/usage',
      `--config ${file} cannot be read (${String(cause.code)}); name a file of settings, as configs/nano.json.`,
      cause,
    );
  });
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (cause) {
    throw new CommandError(
      'trainer/usage',
      `${file} is not JSON (${cause instanceof Error ? cause.message : String(cause)}); mend it there.`,
      cause,
    );
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success)
    throw new CommandError('trainer/usage', complaintOf(file, schema, parsed.error, value), parsed.error);
  return parsed.data;
}
