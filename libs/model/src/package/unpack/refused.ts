import { ModelError } from '../../errors.ts';

/** Why an archive is not unpacked, as data. */
export type Refusal = 'archive' | 'entry' | 'too-large' | 'missing' | 'directory';

/** @param what goes on after "Archive FILE" */
export function refused(
  archive: string,
  reason: Refusal,
  what: string,
  { cause, ...details }: Readonly<Record<string, unknown>> = {},
): ModelError {
  return new ModelError('model/package', `Archive ${archive} ${what}; ${REMEDY[reason]}.`, {
    details: { file: archive, reason, ...details },
    cause,
  });
}

const REMEDY: Readonly<Record<Refusal, string>> = {
  archive: 'send the whole of a zip with the files of one model package',
  entry: 'zip the files of one model package and nothing else, without folders in it, links or a password',
  'too-large': 'leave out what is not of the package, or ask the operator for a higher limit',
  missing: 'zip the directory that `tokenunify export` made',
  directory: 'name an empty or a new one',
};

/** Of the file system (a full disk), in contrast to what an archive says. */
export const isSystemError = (error: unknown): boolean => error instanceof Error && 'syscall' in error;
