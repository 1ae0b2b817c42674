import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip } from 'node:zlib';
import { removeLeftovers } from '../setup/leftovers.ts';
import type { World } from '../setup/world.ts';
import { failed, unavailable } from './errors.ts';
import { packed, type Recipe } from './recipe.ts';
import { fileInTar } from './tar.ts';

export interface Fetched {
  readonly path: string;
  readonly from: 'cache' | 'download';
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Path of the library in the cache; only contents of the right sha256 are used, or put there. */
export const cachedLibrary = ({ cache }: Pick<World, 'cache'>, { version }: Recipe): string =>
  join(cache, `swiftshader-chromium-${version}.so`);

/** The library in the cache, fetched with npm when it is not there, or is not what it should be. */
export async function fetchLibrary(world: World, recipe: Recipe, signal?: AbortSignal): Promise<Fetched> {
  const path = cachedLibrary(world, recipe);
  if (existsSync(path) && sha256(readFileSync(path)) === recipe.librarySha256) return { path, from: 'cache' };
  mkdirSync(world.cache, { recursive: true });
  removeLeftovers(world.cache, 'vulkan');
  const folder = join(world.cache, `vulkan-${process.pid}`);
  try {
    mkdirSync(folder, { recursive: true });
    const library = await unpack(await download(world, recipe, folder, signal), recipe);
    const written = join(folder, packed.library);
    writeFileSync(written, library, { mode: 0o755 });
    renameSync(written, path);
    return { path, from: 'download' };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function download(
  world: World,
  recipe: Recipe,
  folder: string,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const what = `${recipe.package}@${recipe.version}`;
  const result = await world.run('npm', ['pack', what, '--pack-destination', folder], {
    cwd: folder, // outside the workspaces
    ...(signal ? { signal } : {}),
  });
  signal?.throwIfAborted();
  const file = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (result.code !== 0 || file === undefined) {
    const verdict = /^npm (?:ERR!|error) (.*)$/m.exec(result.stderr)?.[1] ?? `exit code ${result.code}`;
    throw unavailable(
      `npm could not fetch ${what} (${verdict.slice(0, 200)}); check the network and npm's registry, or install a browser that has ${packed.library} (Debian: apt-get install chromium-common).`,
    );
  }
  const bytes = readFileSync(join(folder, file));
  requireSum(bytes, recipe.sha256, `the archive of ${what} that npm fetched`, "check npm's registry");
  return bytes;
}

async function unpack(archive: Uint8Array, recipe: Recipe): Promise<Uint8Array> {
  const inside = fileInTar(await promisify(gunzip)(archive), packed.archive);
  const library = inside && fileInTar(await promisify(brotliDecompress)(inside), packed.library);
  if (!library)
    throw failed(
      `${recipe.package} ${recipe.version} has no ${packed.library} in ${packed.archive}; use the version named in recipe.ts.`,
    );
  requireSum(
    library,
    recipe.librarySha256,
    `the ${packed.library} of the package`,
    'use the version named in recipe.ts',
  );
  return library;
}

function requireSum(bytes: Uint8Array, expected: string, what: string, remedy: string): void {
  const found = sha256(bytes);
  if (found !== expected)
    throw failed(`The sha256 of ${what} is ${found} and must be ${expected}; it was thrown away: ${remedy}.`);
}
