import { CommandError } from '../../../errors.ts';

/** A failure of the file system in words that name the file and what to do. */
export function systemError(error: unknown, file: string): unknown {
  if (!(error instanceof Error && 'code' in error)) return error;
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT')
    return new CommandError(
      'trainer/data',
      `There is no room left for ${file}; free some, and try again.`,
      error,
    );
  return new CommandError('trainer/data', `${file} cannot be written (${String(error.code)}).`, error);
}
