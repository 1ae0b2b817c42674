import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { DevCloudError } from './errors.ts';

export interface ChildOptions {
  /** For people, in messages and before each line of output. */
  readonly name: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What it understands as a wish to end. */
  readonly signal: NodeJS.Signals;
  readonly onLine: (line: string) => void;
}

export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Rejects when it ends without having been asked to. Never resolves before `stop`. */
  readonly ended: Promise<void>;
  /** Asks it to end, waits, and ends what is left of it and of its children. */
  stop(): Promise<void>;
}

const PATIENCE_MS = 10_000;
/** For what it started, once it has ended itself. */
const REST_MS = 2_000;
/** Enough to see why it ended. */
const LINES_KEPT = 20;

/**
 * A Node process in a process group of its own: Ctrl-C in a terminal reaches us alone, and what it starts itself
 * (wrangler starts workerd) can be ended with it.
 */
export function startChild({ name, args, cwd, env, signal, onLine }: ChildOptions): Child {
  const child = spawn(process.execPath, [...args], {
    cwd,
    env: { ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const last: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      const text = stripVTControlCharacters(line).trim();
      if (text !== '') last.push(text);
      if (last.length > LINES_KEPT) last.shift();
      onLine(line);
    });
  }
  let asked = false;
  const exited = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
  const ended = new Promise<void>((resolve, reject) => {
    const failed = (how: string, cause?: unknown) =>
      asked ? resolve() : reject(new DevCloudError(`The ${name} ${how}${reasonIn(last)}`, { cause }));
    child.once('error', (error) => failed('cannot be started', error));
    child.once('exit', (code, by) => {
      const how = code === null ? `was ended by ${by}` : `stopped with exit code ${code}`;
      // What it said last comes with `close`; that never comes while a process it started holds its output open.
      child.once('close', () => failed(how));
      setTimeout(() => failed(how), 500).unref();
    });
  });
  ended.catch(() => {});
  const pid = child.pid ?? 0;
  const stop = async (): Promise<void> => {
    asked = true;
    if (pid === 0) return;
    const lives = child.exitCode === null && child.signalCode === null;
    if (lives) {
      child.kill(signal);
      await Promise.race([exited, sleep(PATIENCE_MS, undefined, { ref: false })]);
    } else if (groupLives(pid)) process.kill(-pid, signal); // what it left behind
    // Not for long: what has ended still counts as there where nobody reaps it, as in many containers.
    const end = Date.now() + REST_MS;
    while (groupLives(pid) && Date.now() < end) await sleep(50);
    if (groupLives(pid)) process.kill(-pid, 'SIGKILL');
    if (lives) await ended.catch(() => {});
    child.stdout.destroy();
    child.stderr.destroy();
  };
  return { name, pid, ended, stop };
}

function groupLives(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** What it said last that is neither part of a stack nor where wrangler keeps its logs. */
function reasonIn(lines: readonly string[]): string {
  const line = lines.findLast((text) => !/^(at |\(|🪵|\})/u.test(text));
  return line === undefined ? '.' : `: ${line}`;
}
