import { CommandError } from '../../errors.ts';
import type { ModelName, Outcome } from './types.ts';

/** How `tokenunify retrain` ends; schedulers and runbooks rely on them. */
export const nightExitCodes = {
  /** Promoted, kept as challenger, or nothing new. */
  ended: 0,
  /** A step failed. */
  failed: 1,
  /** The configuration, the manifest or the key is wrong. */
  wrong: 2,
  /** The registry was not reached. */
  unreachable: 3,
  rolledBack: 4,
  /** Run again to go on. */
  deadline: 5,
  /** Another night runs. */
  claimed: 6,
} as const;

interface NightErrorOptions {
  readonly exitCode: number;
  readonly outcome?: Outcome;
  /** The same command may go on from here. Otherwise the night has ended. */
  readonly resumable?: boolean;
  /** Nothing is owed after a promotion any more: somebody else has decided who is champion. */
  readonly settled?: boolean;
  /** Who is champion, where that is not whom the night knows of. */
  readonly serving?: ModelName;
  readonly cause?: unknown;
}

/** Why a night does not go on, in one sentence that names what, the value and the remedy. */
export class NightError extends CommandError {
  readonly outcome: Outcome;
  readonly resumable: boolean;
  readonly settled: boolean;
  readonly serving: ModelName | undefined;

  constructor(message: string, options: NightErrorOptions) {
    const { exitCode, outcome = 'failed', resumable = false, settled = false, serving, cause } = options;
    super(exitCode === nightExitCodes.wrong ? 'trainer/data' : 'trainer/run', message, cause, exitCode);
    this.outcome = outcome;
    this.resumable = resumable;
    this.settled = settled;
    this.serving = serving;
  }
}

/** The same, and the night can be gone on with, or not. */
export const withResumable = (
  { message, exitCode, outcome, cause }: NightError,
  resumable: boolean,
): NightError => new NightError(message, { exitCode, outcome, resumable, cause });

/** The configuration, the manifest, the reference volume or the key is wrong. */
export const wrong = (message: string, cause?: unknown): NightError =>
  new NightError(message, { exitCode: nightExitCodes.wrong, cause });

/** Time is over; heard as the reason of a night's signal. */
export class DeadlineReached extends Error {
  override readonly name = 'DeadlineReached';
}

/** ENOSPC, a quota, or a library's word for them, however deep in the causes. */
export function isFullDisk(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    const { code } = at as { code?: unknown };
    if (['ENOSPC', 'EDQUOT', 'em-io/no-space', 'segmentation/no-space'].includes(String(code))) return true;
    if (/ENOSPC|no space left on device/i.test(at.message)) return true;
  }
  return false;
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
