/** What a start leaves behind when it is killed itself: it cannot end its children then, so the next one does. */
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const PATIENCE_MS = 8_000;

interface Listed {
  readonly pid: number;
  readonly group: number;
  readonly command: string;
}

interface Kept {
  readonly command: string;
  readonly groups: readonly number[];
}

/** Keeps which process groups belong to this process, in its data directory. */
export class Leftovers {
  readonly #directory: string;
  readonly #data: string;
  readonly #groups: number[] = [];

  constructor(data: string) {
    this.#data = data;
    this.#directory = join(data, 'processes');
  }

  /** Ends what others left behind that were killed. What belongs to one that still runs is left alone. */
  async end(): Promise<void> {
    for (const name of await readdir(this.#directory).catch(() => [])) {
      const file = join(this.#directory, name);
      const kept = parse(await readFile(file, 'utf8').catch(() => ''));
      const owner = Number.parseInt(name, 10);
      const listed = await processes();
      if (listed.some(({ pid, command }) => pid === owner && command === kept?.command)) continue;
      for (const group of kept?.groups ?? []) await endGroup(group, this.#data);
      await rm(file, { force: true });
    }
  }

  /** To be called as soon as a group has started. */
  async add(group: number): Promise<void> {
    this.#groups.push(group);
    const command = (await processes()).find(({ pid }) => pid === process.pid)?.command ?? '';
    await mkdir(this.#directory, { recursive: true });
    await writeFile(this.#file, JSON.stringify({ command, groups: this.#groups } satisfies Kept));
  }

  /** When all of them have ended. */
  async forget(): Promise<void> {
    await rm(this.#file, { force: true });
  }

  get #file(): string {
    return join(this.#directory, `${process.pid}.json`);
  }
}

/** Numbers of processes are used again: only a group that works with our data, or what is left of wrangler's, is ours. */
async function endGroup(group: number, data: string): Promise<void> {
  const members = async () => (await processes()).filter((process) => process.group === group);
  const found = await members();
  const leader = found.find(({ pid }) => pid === group);
  const ours = leader ? leader.command.includes(data) : found.some(({ command }) => WORKERD.test(command));
  if (!ours) return;
  signal(group, 'SIGTERM');
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(100))
    if ((await members()).length === 0) return;
  signal(group, 'SIGKILL');
}

const WORKERD = /\/workerd(?:\s|$)/;

function signal(group: number, name: NodeJS.Signals): void {
  try {
    process.kill(-group, name);
  } catch {
    // it has ended by itself meanwhile
  }
}

/** Those that run; what has ended and was not reaped does not. None where the system has no `ps`. */
async function processes(): Promise<Listed[]> {
  const args = ['-A', '-ww', '-o', 'pid=,pgid=,stat=,args='];
  const { stdout } = await promisify(execFile)('ps', args, { maxBuffer: 2 ** 26 }).catch(() => ({
    stdout: '',
  }));
  return stdout.split('\n').flatMap((line) => {
    const [, pid, group, stat = 'Z', command = ''] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    return stat.startsWith('Z') ? [] : [{ pid: Number(pid), group: Number(group), command }];
  });
}

function parse(text: string): Kept | undefined {
  try {
    const { command, groups } = JSON.parse(text) as Partial<Kept>; // checked on the next line
    if (typeof command !== 'string' || !Array.isArray(groups)) return undefined;
    // 0 and 1 would be everybody
    return { command, groups: groups.filter((group) => Number.isSafeInteger(group) && group > 1) };
  } catch {
    return undefined;
  }
}
