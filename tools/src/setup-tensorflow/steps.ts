import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { compileAddon, installPackage, placeLibraries, putInPlace } from './build.ts';
import { checkEngine, worst, type CheckResult } from './check.ts';
import { fetchWheel } from './download.ts';
import { findPrerequisites } from './prerequisites.ts';
import { layout, recipe as ourRecipe, type Recipe } from './recipe.ts';
import { isBuilt, writeStamp } from './stamp.ts';
import type { World } from './world.ts';

export interface SetupOptions {
  /** Print the steps and change nothing. */
  readonly dryRun?: boolean;
  /** Build again, though there is a build. */
  readonly force?: boolean;
  readonly signal?: AbortSignal;
  /** Default: the one in recipe.ts. */
  readonly recipe?: Recipe;
}

/**
 * Builds the native engine, or checks the one that is there. Everything is made in a directory of its own, checked there,
 * and only then put in place.
 *
 * @throws {SetupError} whose `exitCode` is 3 when the machine lacks something, 1 when something is broken
 */
export async function setup(
  world: World,
  { dryRun = false, force = false, signal, recipe = ourRecipe }: SetupOptions = {},
): Promise<void> {
  const built = isBuilt(world.root, recipe);
  if (dryRun) return printPlan(world, recipe, built && !force);
  if (built && !force) {
    const start = world.now();
    const result = await checkEngine(world, world.root, recipe.tensorflow, signal);
    world.print(`already built, checked: ${describe(result)} (${seconds(world, start)})`);
    return;
  }
  const stage = join(world.root, `build-${process.pid}`);
  try {
    await build(world, stage, recipe, signal);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
  world.print(`The native engine is in ${layout(world.root).directory}; training uses it from now on.`);
}

async function build(world: World, stage: string, recipe: Recipe, signal?: AbortSignal): Promise<void> {
  const step = async <T>(
    name: string,
    work: () => Promise<T>,
    outcome: (result: T) => string,
  ): Promise<T> => {
    signal?.throwIfAborted();
    const start = world.now();
    const result = await work();
    world.print(`${name}: ${outcome(result)} (${seconds(world, start)})`);
    return result;
  };
  const { pip, nodedir } = await step(
    'machine',
    () => findPrerequisites(world, signal),
    (found) => `compiler, pip and Node's headers (${found.nodedir}) are there`,
  );
  removeLeftovers(world.root);
  const wheel = await step(
    'wheel',
    () => fetchWheel(world, recipe, pip, signal),
    ({ path, from }) => `${from === 'cache' ? 'found' : 'fetched'} ${path}, sha256 is right`,
  );
  await step(
    'package',
    () => installPackage(world, stage, recipe, signal),
    () => `installed @tensorflow/tfjs-node ${recipe.tfjs}`,
  );
  await step(
    'libraries',
    () => placeLibraries(stage, wheel.path, signal),
    (files) => `unpacked TensorFlow ${recipe.tensorflow}, ${files} files`,
  );
  await step(
    'addon',
    () => compileAddon(world, stage, nodedir, signal),
    () => 'compiled',
  );
  await step('check', () => checkEngine(world, stage, recipe.tensorflow, signal), describe);
  writeStamp(stage, recipe);
  putInPlace(stage, world.root);
}

function printPlan({ root, cache, print }: World, recipe: Recipe, built: boolean): void {
  if (built) {
    print(`The native engine is built in ${root}; this would check it (--force builds it again).`);
    return;
  }
  print(`This would build the native engine in ${root}:`);
  print(`machine: look for g++, make, python3, pip, npm, Node's headers and disk space`);
  print(
    `wheel: fetch ${recipe.wheel.file} with pip into ${cache}, unless it is there, and compare its sha256`,
  );
  print(`package: install @tensorflow/tfjs-node ${recipe.tfjs} without its install script`);
  print(
    `libraries: unpack libtensorflow_cc, libtensorflow_framework and the C headers of ${recipe.tensorflow}`,
  );
  print('addon: compile it with node-gyp');
  print('check: compare matmul, conv3d and their gradients with the cpu engine, measure GFLOP/s');
}

function describe(result: CheckResult): string {
  const { difference } = worst(result);
  return (
    `TensorFlow ${result.version}, largest relative difference from the cpu engine ${difference.toExponential(1)}, ` +
    `matmul ${result.matmulGflops.toFixed(0)} GFLOP/s, conv3d with its gradients ${result.conv3dGflops.toFixed(0)} GFLOP/s`
  );
}

const seconds = (world: World, start: number) => `${((world.now() - start) / 1000).toFixed(1)} s`;

/** Build directories of runs that were killed; those of runs that still live are left alone. */
function removeLeftovers(root: string): void {
  if (!existsSync(root)) return;
  for (const name of readdirSync(root)) {
    const pid = /^build-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid)))
      rmSync(join(root, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
