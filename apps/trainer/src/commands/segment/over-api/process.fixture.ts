/** `tokenunify segment --api` in a process of its own, which can be killed. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { until, type Bench } from './command.fixture.ts';

const BIN = fileURLToPath(new URL('../../../../bin/tokenunify.js', import.meta.url));

export interface Exit {
  /** Null when it was killed. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

export interface Process {
  /** What it said on stderr so far. */
  said(): string;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<Exit>;
}

/**
 * @param options of the command, behind input and output
 * @param preloaded URL of a module that is loaded before it
 */
export function start(
  own: Bench,
  output: string,
  options: readonly string[] = [],
  preloaded?: string,
): Process {
  const began = performance.now();
  const args = ['segment', own.at('raw.zarr'), own.at(output), '--api', own.server.url, ...options];
  const before = preloaded === undefined ? [] : ['--import', preloaded];
  const child = spawn(process.execPath, [...before, BIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => (said[name] += text));
  const ended = new Promise<Exit>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      // what it had sent is still done, as by any server
      void own.server.idle().then(() => resolve({ code, ...said, ms: performance.now() - began }));
    });
  });
  return { said: () => said.stderr, kill: (signal) => void child.kill(signal), ended };
}

/** When to kill a command: steps are counted in requests, since a machine may be slow at any time. */
export interface Moment {
  readonly afterRequests: number;
  readonly thenMs: number;
}

/** Runs it, or kills it then; a command that has ended before has ended. */
export async function runOrKill(own: Bench, output: string, moment?: Moment): Promise<Exit> {
  const { requests } = own.server;
  const before = requests.length;
  const command = start(own, output, ['--json']);
  if (!moment) return command.ended;
  let over = false;
  const ended = command.ended.finally(() => (over = true));
  await until(() => over || requests.length - before >= moment.afterRequests);
  await Promise.race([ended, sleep(moment.thenMs)]);
  command.kill('SIGKILL');
  return ended;
}

/** Fails with what the command said. */
export function expectSuccess({ code, stderr }: Exit, what: string): void {
  expect({ code, stderr: code === 0 ? '' : stderr }, what).toEqual({ code: 0, stderr: '' });
}

/**
 * Whether a command that was killed had done everything: its state goes last, and between that and the end of a process is
 * always a moment. It is then as after any other success: the same command does not replace the output.
 */
export const hadDone = (own: Bench, output: string): boolean =>
  existsSync(own.at(output)) && !existsSync(own.at(`${output}.segment.json`));

/** Checks that, with one more command; it also takes away a claim that was left. */
export async function expectRefusal(own: Bench, output: string): Promise<void> {
  const { code, stderr } = await runOrKill(own, output);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `tokenunify: ${own.at(output)} exists already; choose another name or pass --overwrite.\n`,
  });
}
