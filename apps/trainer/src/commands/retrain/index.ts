import { createClient } from '@tokenunify/api/client';
import { readManifest } from '../../annotations/index.ts';
import { claim, Claimed } from '../../claim.ts';
import { createReporter, type Reporter } from '../../progress/reporter.ts';
import { checkNight } from './check.ts';
import { readConfig, type RetrainConfig } from './config.ts';
import type { End } from './conclude.ts';
import type { NightTools } from './context.ts';
import { DeadlineReached, isFullDisk, messageOf, NightError, nightExitCodes, wrong } from './errors.ts';
import { runNight } from './night.ts';
import { NightDirectory } from './night-directory.ts';
import type { Registry } from './registry.ts';
import { segmentHere, testPackage } from './smoke.ts';

export interface RetrainCommand {
  readonly config: string;
  /** Say what the night would do, and do nothing. */
  readonly check: boolean;
  readonly json: boolean;
}

/** Of the program, in reports. */
const SOFTWARE = 'tokenunify 0.1.0';

/** `tokenunify retrain`: one night. Everything that a scheduler must know is in the exit code. */
export async function runRetrain(
  command: RetrainCommand,
  signal: AbortSignal,
  reporter: Reporter = createReporter(command),
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<number> {
  const config = await readConfig(command.config);
  const registry = clientOf(config, environment['TOKENUNIFY_API_KEY']);
  const directory = new NightDirectory(config.directory);
  if (command.check) {
    const end = await checkNight({ config, directory, registry, reporter, signal });
    reporter.result(end.reason, { command: 'retrain', check: true, ...end });
    return end.exitCode;
  }
  const release = await claimed(directory);
  const deadline = deadlineIn(config.deadlineMinutes);
  try {
    const tools = await nightTools();
    const end = await runNight({
      ...{ config, directory, registry, tools, reporter, signal, now: Date.now },
      software: SOFTWARE,
      deadline: deadline.signal,
    });
    tell(reporter, directory, end);
    return end.exitCode;
  } finally {
    deadline.clear();
    release();
  }
}

function clientOf({ file, server }: RetrainConfig, apiKey: string | undefined): Registry {
  try {
    return createClient(server.url, { retries: 1, ...(apiKey && { apiKey }) });
  } catch (error) {
    throw wrong(`${file}: server.url cannot be used: ${messageOf(error)}`, error);
  }
}

async function claimed(directory: NightDirectory): Promise<() => void> {
  try {
    return await claim(directory.lock);
  } catch (error) {
    if (error instanceof Claimed)
      throw new NightError(
        `Another night runs in ${directory.path} (${error.holder}); wait for it to end, or stop it.`,
        { exitCode: nightExitCodes.claimed, resumable: true, cause: error },
      );
    throw new NightError(
      isFullDisk(error)
        ? `There is no room left in ${directory.path}; free some, and run the same command again: nothing was promoted, and the champion keeps serving.`
        : `${directory.path} cannot be used (${messageOf(error)}); name another directory in the configuration, or mend this one.`,
      { exitCode: isFullDisk(error) ? nightExitCodes.failed : nightExitCodes.wrong, cause: error },
    );
  }
}

function deadlineIn(minutes: number | undefined): { readonly signal: AbortSignal; clear(): void } {
  const controller = new AbortController();
  if (minutes === undefined) return { signal: controller.signal, clear: () => undefined };
  const late = () => controller.abort(new DeadlineReached(`${minutes} minutes are over`));
  // a timer of more than 2^31 ms would ring at once
  const timer = setTimeout(late, Math.min(minutes * 60_000, 2 ** 31 - 1));
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
}

/** What trains, exports, compares and reports. Loaded when a night needs it: TensorFlow.js takes a second. */
async function nightTools(): Promise<NightTools> {
  const [{ exportChallenger, trainChallenger }, { compareModels }, { writeReport }] = await Promise.all([
    import('./train/index.ts'),
    import('./evaluate/index.ts'),
    import('./report/index.ts'),
  ]);
  return {
    readManifest,
    trainChallenger,
    exportChallenger,
    compareModels,
    writeReport,
    segmentHere,
    testPackage,
  };
}

function tell(reporter: Reporter, directory: NightDirectory, end: End): void {
  const { outcome, reason, exitCode, ended } = end;
  const report = `${directory.path}/latest.html`;
  // on stderr, too, where schedulers look for what went wrong
  if (exitCode !== 0) reporter.note(`tokenunify: ${reason}`);
  reporter.result(`${outcome}: ${reason}\nReport: ${report}`, {
    ...{ command: 'retrain', outcome, reason, exitCode, resumable: !ended, report },
  });
}
