import type { RetrainConfig } from './config.ts';
import type { End } from './conclude.ts';
import { dataOf } from './context.ts';
import { isFullDisk, messageOf, NightError, nightExitCodes } from './errors.ts';
import { stepNames, type Night } from './types.ts';

export interface Failure {
  readonly night: Night;
  readonly config: Pick<RetrainConfig, 'deadlineMinutes'>;
  /** Of what nights leave behind. */
  readonly path: string;
  /** The deadline was reached. */
  readonly late: boolean;
}

/** What an error means for a night: how this call ends, and whether the next one goes on from there. */
export function explain(error: unknown, { night, config, path, late }: Failure): End {
  const promoted = dataOf(night, 'promote') !== undefined;
  // a registry that was not reached may be only late; another failure is another matter, and said
  if (
    late &&
    !night.promoting &&
    !(error instanceof NightError && error.exitCode !== nightExitCodes.unreachable)
  )
    return {
      outcome: 'deadline',
      reason: `Time was over after ${night.steps.at(-1)?.step ?? 'nothing'} (deadlineMinutes is ${String(config.deadlineMinutes)}), so nothing was promoted; run the same command again to go on.`,
      ...{ exitCode: nightExitCodes.deadline, ended: false },
    };
  if (isFullDisk(error)) {
    const { said, where = path } = fullDisk(error);
    return {
      outcome: 'failed',
      reason: `There is no room left in ${where} (${said}); free some, and run the same command again to go on. ${promoted ? 'The promotion was done before.' : 'Nothing was promoted, and the champion keeps serving.'}`,
      ...{ exitCode: nightExitCodes.failed, ended: false },
    };
  }
  // after a promotion a smoke test is owed, unless somebody else has decided who is champion
  const owes = promoted || (night.promoting !== undefined && !(error instanceof NightError));
  if (error instanceof NightError) {
    const { outcome, exitCode, resumable, settled, serving, message: reason } = error;
    // before there was a champion there is nothing to go on with: the manifest is read again
    const useless = !resumable || !dataOf(night, 'champion');
    const ended = settled || (useless && !owes);
    return { outcome, reason, exitCode, ended, ...(serving && { serving }) };
  }
  const next = stepNames.find((name) => dataOf(night, name) === undefined) ?? 'report';
  const reason = `Step ${next} failed: ${messageOf(error)}`;
  return { outcome: 'failed', reason, exitCode: nightExitCodes.failed, ended: !owes };
}

/** What the file system said, and where if it said so; libraries put sentences of their own around it. */
function fullDisk(error: unknown): { readonly said: string; readonly where?: string } {
  let found: { readonly said: string; readonly where?: string } = { said: messageOf(error) };
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    const { path, message } = at as { readonly path?: unknown; readonly message: string };
    found = { ...found, said: message, ...(typeof path === 'string' && { where: path }) };
  }
  return found;
}
