import { spawn } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface CommandResult {
  /** Exit code; 127 when there is no such command. */
  readonly code: number;
  readonly signal?: string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export type Run = (
  command: string,
  args: readonly string[],
  options?: CommandOptions,
) => Promise<CommandResult>;

/** All that the set-up touches of the machine, so that tests can play another one. */
export interface World {
  readonly platform: string;
  /** Version of glibc, undefined on musl. */
  readonly glibc: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly node: string;
  /** Repository root. */
  readonly repository: string;
  /** Where the installation is to be. */
  readonly root: string;
  /** Where downloads are kept. */
  readonly cache: string;
  readonly run: Run;
  readonly freeBytes: (directory: string) => number;
  readonly now: () => number;
  readonly print: (line: string) => void;
}

/** This machine. Set `TOKENUNIFY_TENSORFLOW` to install elsewhere, `TOKENUNIFY_CACHE` to keep downloads elsewhere. */
export function thisMachine(env: Readonly<Record<string, string | undefined>> = process.env): World {
  const repository = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
  const set = (name: string) => (env[name] === '' ? undefined : env[name]);
  return {
    platform: `${process.platform}-${process.arch}`,
    glibc: glibcVersion(),
    env,
    node: process.execPath,
    repository,
    root: set('TOKENUNIFY_TENSORFLOW') ?? join(repository, '.tensorflow'),
    cache: set('TOKENUNIFY_CACHE') ?? join(set('XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'tokenunify'),
    run: (command, args, options) => run(command, args, env, options),
    freeBytes: (directory) => {
      const { bavail, bsize } = statfsSync(directory);
      return bavail * bsize;
    },
    now: () => performance.now(),
    print: (line) => console.log(line),
  };
}

function glibcVersion(): string | undefined {
  // The report's type is `object`: its fields are documented, not typed.
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime;
}

function run(
  command: string,
  args: readonly string[],
  base: Readonly<Record<string, string | undefined>>,
  { cwd, env = {}, signal }: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      ...(cwd === undefined ? {} : { cwd }),
      ...(signal === undefined ? {} : { signal }),
      env: { ...withoutOuterNpm(base), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        output[stream] += text;
      });
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve({ code: 127, ...output });
      else reject(error);
    });
    child.on('close', (code, killed) =>
      resolve({ code: code ?? 1, ...(killed === null ? {} : { signal: killed }), ...output }),
    );
  });
}

/**
 * `npm run` tells its children about the outer project and the outer command line (`--dry-run`, `--workspace`): the npm
 * started here must hear of neither.
 */
export function withoutOuterNpm(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const outer =
    /^npm_(package_|lifecycle_|command$|config_(local_prefix|prefix|dry_run|force|workspaces?|include_workspace_root|global|omit)$)/i;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !outer.test(name)));
}
