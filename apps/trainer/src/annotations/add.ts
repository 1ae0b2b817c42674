import { readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { claim, Claimed } from '../claim.ts';
import { CommandError, isCommandError } from '../errors.ts';
import { writeFileAtomically } from '../json-file.ts';
import { checkEntries, parseEntries, type ManifestOptions } from './read.ts';
import type { WrittenEntry } from './schema.ts';
import type { Manifest } from './types.ts';

/** How long another command may hold the manifest: it holds it for one write. */
const patienceMs = 10_000;

/**
 * Appends an entry to the manifest, which is begun if there is none. All of it is checked with the entry in it, as
 * `readManifest` does (but entries of both splits need not be there yet). Whoever reads the file sees it before or after, and
 * of two commands at once the second checks again what the first one wrote.
 *
 * @throws CommandError as `readManifest`; the signal's reason
 */
export async function addToManifest(
  file: string,
  entry: WrittenEntry,
  options: ManifestOptions = {},
): Promise<Manifest> {
  for (;;) {
    const before = await textOf(file);
    const entries = [...(before === undefined ? [] : parseEntries(before, file)), entry];
    const manifest = await checkEntries(entries, file, options);
    options.signal?.throwIfAborted();
    if (await replaceText(file, before, `${JSON.stringify(entries, undefined, 2)}\n`, options.signal))
      return manifest;
  }
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw unwritable(file, cause);
  }
}

/** Puts `after` in place of `before`; false, and nothing done, when the file holds something else by now. */
async function replaceText(
  file: string,
  before: string | undefined,
  after: string,
  signal?: AbortSignal,
): Promise<boolean> {
  // a manifest that is a symlink stays one
  const target = before === undefined ? file : await realpath(file);
  const release = await claimed(target, signal);
  try {
    if ((await textOf(target)) !== before) return false;
    await writeFileAtomically(target, after);
    return true;
  } catch (cause) {
    throw isCommandError(cause) ? cause : unwritable(target, cause);
  } finally {
    release();
  }
}

async function claimed(target: string, signal?: AbortSignal): Promise<() => void> {
  const file = join(dirname(target), `.${basename(target)}.lock`);
  for (let waited = 0; ; waited += 50) {
    try {
      return await claim(file);
    } catch (cause) {
      if (!(cause instanceof Claimed)) throw unwritable(target, cause);
      if (waited >= patienceMs)
        throw new CommandError(
          'trainer/run',
          `The manifest ${target} is being written by ${cause.holder} for more than ${patienceMs / 1000} s; end that, and try again.`,
          cause,
        );
    }
    await sleep(50, undefined, signal ? { signal } : {});
  }
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? String(error.code) : undefined;

function unwritable(file: string, cause: unknown): CommandError {
  const code = codeOf(cause) ?? String(cause);
  const remedy =
    code === 'ENOSPC' || code === 'EDQUOT'
      ? 'free some space and try again'
      : code === 'ENOENT'
        ? 'make its folder first'
        : 'check the path and who may write there';
  return new CommandError('trainer/run', `Cannot write the manifest ${file} (${code}); ${remedy}.`, cause);
}
