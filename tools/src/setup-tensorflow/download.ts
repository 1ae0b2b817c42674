import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { failed, unavailable } from './errors.ts';
import { removeLeftovers } from '../setup/leftovers.ts';
import { pipArguments, type PinnedWheel } from './recipe.ts';
import type { World } from '../setup/world.ts';

export interface Wheel {
  readonly path: string;
  readonly from: 'cache' | 'download';
}

/**
 * The wheel in the cache, fetched when it is not there, or is not what it should be. A file is put into the cache under its
 * final name only after its sha256 was found right.
 */
export async function fetchWheel(
  world: World,
  { file, sha256 }: PinnedWheel,
  pip: readonly [string, ...string[]],
  signal?: AbortSignal,
): Promise<Wheel> {
  const path = join(world.cache, file);
  if (existsSync(path) && (await sha256Of(path, signal)) === sha256) return { path, from: 'cache' };

  mkdirSync(world.cache, { recursive: true });
  removeLeftovers(world.cache, 'download');
  const folder = join(world.cache, `download-${process.pid}`);
  try {
    mkdirSync(folder, { recursive: true });
    const [command, ...rest] = pip;
    const result = await world.run(
      command,
      [...rest, ...pipArguments({ file, sha256 }, folder)],
      signal ? { signal } : {},
    );
    if (result.code !== 0)
      throw unavailable(
        `pip could not fetch ${file} (${reason(result.stderr)}); check the network and pip's index, or put the file into ${world.cache}.`,
      );
    const fetched = join(folder, file);
    if (!existsSync(fetched))
      throw failed(
        `pip fetched something other than ${file}; put that file into ${world.cache} and run again.`,
      );
    const found = await sha256Of(fetched, signal);
    if (found !== sha256)
      throw failed(
        `The sha256 of the ${file} that pip fetched is ${found} and must be ${sha256}; it was thrown away: check which index pip uses.`,
      );
    renameSync(fetched, path);
    return { path, from: 'download' };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function sha256Of(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash, signal ? { signal } : {});
  return hash.digest('hex');
}

const UNREACHABLE =
  /NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError|Temporary failure in name resolution|Name or service not known/;

/** Without a network pip ends in "no matching distribution": what it said before that is the reason. */
function reason(stderr: string): string {
  if (UNREACHABLE.test(stderr)) return 'its index cannot be reached';
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const verdict = lines.findLast((line) => line.startsWith('ERROR:')) ?? lines.at(-1) ?? 'no message';
  return verdict.replace(/^ERROR: /, '').slice(0, 200);
}
