/**
 * Preloaded (`--import`) into a command: kills it (-9) at the n-th moment, `?n=` of this module's URL, and says on stderr
 * which that is. Moments are: before something on the disk changes, in the middle of that, right after an answer of the
 * server, and the end of the process.
 */
import { existsSync, writeSync } from 'node:fs';
import disk from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { basename, join } from 'node:path';

const last = Number(new URL(import.meta.url).searchParams.get('n'));
let moments = 0;

function kill(when: string): void {
  writeSync(2, `killed ${when} (moment ${last})\n`);
  process.kill(process.pid, 'SIGKILL');
}

function moment(when: string): void {
  if (++moments === last) kill(when);
}

type Call = (...args: unknown[]) => Promise<unknown>;

/** Puts moments around a function of an object. `half` does a part of it, if it has parts. */
function around(owner: object, name: string, half?: (call: Call, args: unknown[]) => Promise<unknown>): void {
  const functions = owner as Record<string, Call>; // by their names
  const call = functions[name]!.bind(owner);
  functions[name] = async (...args) => {
    const paths = args.filter((value) => typeof value === 'string' && value.startsWith('/'));
    // what is not there cannot be removed
    if (name === 'rm' && !existsSync(String(paths[0]))) return call(...args);
    const what = [name, ...paths.map((path) => basename(String(path)))].join(' ');
    moment(`before ${what}`);
    if (half && ++moments === last) {
      await half(call, args);
      kill(`in the middle of ${what}`);
    }
    return call(...args);
  };
}

const halfOf = (data: unknown): unknown =>
  typeof data === 'string' || data instanceof Uint8Array ? data.slice(0, data.length >> 1) : data;

const { open, readdir, rm } = disk;
for (const name of ['mkdir', 'rename', 'unlink', 'link', 'symlink', 'truncate', 'utimes']) around(disk, name);
around(disk, 'writeFile', (call, [path, data, ...more]) => call(path, halfOf(data), ...more));
around(disk, 'rm', async (_, [path]) => {
  // a directory goes file by file
  const entries = await readdir(String(path), { recursive: true, withFileTypes: true }).catch(() => []);
  const file = entries.find((entry) => entry.isFile());
  if (file) await rm(join(file.parentPath, file.name));
});
const opened = new Set<string>();
Object.assign(disk, {
  async open(path: string, flags = 'r', mode?: number) {
    // what is written anew each time is met in parts once; it takes its place by a rename
    if (flags === 'r' || opened.has(path)) return open(path, flags, mode);
    opened.add(path);
    moment(`before open ${basename(path)}`);
    const handle = await open(path, flags, mode);
    around(handle, 'writeFile', (call, [data, ...more]) => call(halfOf(data), ...more));
    for (const name of ['write', 'writev', 'truncate']) around(handle, name);
    return handle;
  },
});
syncBuiltinESMExports();

const { fetch } = globalThis;
globalThis.fetch = async (resource, init) => {
  const asked = resource instanceof Request ? resource : { url: String(resource), method: init?.method };
  const answer = await fetch(resource, init);
  moment(`after ${asked.method ?? 'GET'} ${new URL(asked.url).pathname}`);
  return answer;
};
process.on('exit', () => moment('at the end'));
