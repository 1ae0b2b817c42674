import { isEmIoError } from '@tokenunify/em-io';
import { CommandError, isCommandError } from '../errors.ts';
import { shown } from './location.ts';

/** Which entry of which manifest something is wrong with. */
export interface Place {
  readonly file: string;
  /** Counted from 1. */
  readonly number: number;
  /** As the manifest writes it; absent where it is missing. */
  readonly raw?: string;
}

/** `Entry 3 (raw.h5:/raw) of annotations.json`. */
export const naming = ({ file, number, raw }: Place): string =>
  `Entry ${number}${raw === undefined ? '' : ` (${shown(raw)})`} of ${file}`;

/** What is wrong with the manifest; a command that needs it ends with 2, as for a wrong configuration. */
export const manifestProblem = (message: string, cause?: unknown): CommandError =>
  new CommandError('trainer/manifest', message, cause, 2);

export const entryProblem = (place: Place, why: string, cause?: unknown): CommandError =>
  manifestProblem(`${naming(place)} ${why}`, cause);

/** What may be another tomorrow with nothing changed in the manifest. */
const passing = ['em-io/unreachable', 'em-io/http', 'em-io/io', 'em-io/no-space'] as const;

/** What reading an entry threw, with the entry's name before it; an abort passes through unchanged. */
export function ofEntry(place: Place, error: unknown): unknown {
  const ours = isCommandError(error);
  if ((ours && error.code === 'trainer/manifest') || (!ours && !isEmIoError(error))) return error;
  const message = `${naming(place)} cannot be used: ${error.message}`;
  return isEmIoError(error, ...passing)
    ? new CommandError('trainer/data', message, error)
    : manifestProblem(message, error);
}
