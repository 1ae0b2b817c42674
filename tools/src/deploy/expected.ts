/** What the files of all schedulers must agree on. */
import { readRepositoryFile } from './files.ts';

/** Behind `npx`, or found in node_modules/.bin. */
export const nightCommand = ['tokenunify', 'retrain', '--config', '/etc/tokenunify/nightly.json'] as const;

/** Where volumes, manifest and state are; what a scheduler makes writable. */
export const stateDirectory = '/var/lib/tokenunify';

/** The variable that has the key of the server. */
export const keyVariable = 'TOKENUNIFY_API_KEY';

/** Minutes that a scheduler must leave a night beyond its own deadline, to end by itself. */
export const graceMinutes = 15;

/** What the program says of its exit codes; read as text, since this room does not import the trainer. */
export function nightExitCodes(
  source: string = readRepositoryFile('apps/trainer/src/commands/retrain/errors.ts'),
): Readonly<Record<string, number>> {
  const body = /nightExitCodes = \{(.*?)\}/s.exec(source)?.[1] ?? '';
  return Object.fromEntries(
    [...body.matchAll(/^\s*(\w+): (\d+),/gm)].map(([, name, code]) => [name, Number(code)]),
  );
}

/**
 * The codes after which the same night is not begun again at once: it ended, somebody must look, or its time is over. What
 * is left, a registry that was not reached and a killed process, is worth another try.
 */
export function finalExitCodes(): readonly number[] {
  const { ended: _success, unreachable: _again, ...final } = nightExitCodes();
  return Object.values(final).toSorted((a, b) => a - b);
}

/** Says when a command is not the one that all others run. */
export function commandProblems(command: readonly string[]): string[] {
  const found = command.join(' ');
  const wanted = nightCommand.join(' ');
  return found === wanted ? [] : [`runs '${found}' instead of '${wanted}'`];
}

/** Says when a time limit does not leave a night its deadline. */
export function limitProblems(what: string, minutes: number, deadlineMinutes: number): string[] {
  const least = deadlineMinutes + graceMinutes;
  return minutes >= least
    ? []
    : [`${what} is ${minutes} minutes, but must be ${least} or more (deadlineMinutes + ${graceMinutes})`];
}

/** Says which `npm run` scripts of a shell text are not there. */
export function scriptProblems(shell: string, scripts: ReadonlySet<string>): string[] {
  return [...shell.matchAll(/npm run ([\w:-]+)/g)]
    .map(([, script]) => script ?? '')
    .filter((script) => !scripts.has(script))
    .map((script) => `runs the script '${script}', which package.json does not have`);
}

export function deadlineOf(config: string): number {
  const { deadlineMinutes } = JSON.parse(config) as { deadlineMinutes: number };
  return deadlineMinutes;
}
