import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { removeLeftovers } from '../setup/leftovers.ts';
import type { World } from '../setup/world.ts';
import { check } from './check.ts';
import { failed, unavailable } from './errors.ts';
import { cachedLibrary, fetchLibrary, sha256 } from './fetch.ts';
import { installed, recipe as ourRecipe, systemLibraries, type Recipe } from './recipe.ts';

export interface SetupOptions {
  /** Print the steps and change nothing. */
  readonly dryRun?: boolean;
  /** Install again, though it is there. */
  readonly force?: boolean;
  readonly signal?: AbortSignal;
  readonly recipe?: Recipe;
  /** Where a browser may have the library. */
  readonly system?: readonly string[];
}

/** What lies beside the library: where it came from, and its sha256. */
const STAMP = 'installed.json';

/**
 * Puts a software Vulkan into `world.root`, for tests of the engine `webgpu` on machines without a GPU: a browser's, if
 * there is one that works, else npm's. Where it is, it is checked.
 *
 * @throws {SetupError} whose `exitCode` is 3 when the machine lacks something, 1 when something is broken
 */
export async function setup(world: World, options: SetupOptions = {}): Promise<void> {
  const { dryRun = false, force = false, signal, recipe = ourRecipe, system = systemLibraries } = options;
  if (world.platform !== 'linux-x64')
    throw unavailable(
      `A software Vulkan is set up on linux-x64 only and this machine is ${world.platform}; use its GPU, or another engine.`,
    );
  const there = !force && isInstalled(world.root);
  const candidates = system.filter((path) => existsSync(path));
  if (dryRun) return plan(world, recipe, there, candidates);
  if (there) {
    const found = await check(world, world.root, signal);
    if ('device' in found) return world.print(`already there, checked: WebGPU computes on ${found.device}`);
    world.print(`what is there does not work (${found.fault}): it is installed again`);
  }
  removeLeftovers(world.root, 'build');
  for (const path of candidates) {
    const fault = await install(world, path, signal);
    if (fault === undefined) return;
    world.print(`passed over ${path} (${fault})`);
  }
  const { path, from } = await fetchLibrary(world, recipe, signal);
  world.print(`${from === 'cache' ? 'found' : 'fetched'} ${path}, sha256 is right`);
  const fault = await install(world, path, signal);
  if (fault !== undefined)
    throw failed(
      `SwiftShader of ${recipe.package} ${recipe.version} does not work on this machine (${fault}); report it.`,
    );
}

/** Copies, checks, and only then puts in place. Returns what is wrong with the library, if anything is. */
async function install(world: World, path: string, signal?: AbortSignal): Promise<string | undefined> {
  const stage = join(world.root, `build-${process.pid}`);
  try {
    mkdirSync(stage, { recursive: true });
    const [library, stamp] = [join(stage, installed), join(stage, STAMP)];
    copyFileSync(path, library); // a link would change with the browser
    const found = await check(world, stage, signal);
    if ('fault' in found) return found.fault;
    writeFileSync(stamp, `${JSON.stringify({ from: path, sha256: sha256(readFileSync(library)) })}\n`);
    renameSync(library, join(world.root, installed));
    renameSync(stamp, join(world.root, STAMP));
    world.print(`WebGPU computes on ${found.device}, from ${path}; it is in ${world.root}`);
    return undefined;
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/** True when the library is there and is the one that was installed. */
function isInstalled(root: string): boolean {
  const [library, stamp] = [join(root, installed), join(root, STAMP)];
  if (!existsSync(library) || !existsSync(stamp)) return false;
  try {
    const { sha256: expected } = JSON.parse(readFileSync(stamp, 'utf8')) as { sha256?: unknown };
    return expected === sha256(readFileSync(library));
  } catch {
    return false;
  }
}

function plan(world: World, recipe: Recipe, there: boolean, candidates: readonly string[]): void {
  if (there) {
    world.print(`A software Vulkan is in ${world.root}; this would check it (--force installs it again).`);
    return;
  }
  const source =
    candidates.length > 0
      ? `copy ${candidates[0]!}`
      : existsSync(cachedLibrary(world, recipe))
        ? `copy ${cachedLibrary(world, recipe)}, after comparing its sha256`
        : `fetch ${recipe.package} ${recipe.version} with npm (68 MB), compare its sha256, and take SwiftShader (6 MB) out of it`;
  world.print(`This would put a software Vulkan into ${world.root}:`);
  world.print(`library: ${source}`);
  world.print('check: compute a product of matrices with WebGPU on it');
}
