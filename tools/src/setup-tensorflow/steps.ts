import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { compileAddon, installPackage, placeLibraries, putInPlace } from './build.ts';
import { checkEngine } from './check.ts';
import { fetchWheel } from './download.ts';
import { removeLeftovers } from '../setup/leftovers.ts';
import { printPlan } from './plan.ts';
import { findPrerequisites } from './prerequisites.ts';
import { layout, recipe as ourRecipe, wheelsOf, type Recipe } from './recipe.ts';
import { conclusion, counted, describe, gpuVerdict, seconds } from './report.ts';
import { resolveLibraries, systemLibraries } from './resolve.ts';
import { isBuilt, writeStamp } from './stamp.ts';
import type { World } from '../setup/world.ts';

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
    const system = recipe.cuda ? await systemLibraries(world, signal) : undefined;
    if (system) await resolveLibraries(world.root, system, signal);
    const result = await checkEngine(world, world.root, recipe.tensorflow, signal);
    world.print(`already built, checked: ${describe(result)} (${seconds(world, start)})`);
    if (system) world.print(gpuVerdict(result, system));
    return;
  }
  const stage = join(world.root, `build-${process.pid}`);
  try {
    await build(world, stage, recipe, signal);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
  world.print(conclusion(recipe, layout(world.root).directory));
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
    () => findPrerequisites(world, recipe, signal),
    (found) => `compiler, pip and Node's headers (${found.nodedir}) are there`,
  );
  removeLeftovers(world.root, 'build');
  const wheels: string[] = [];
  const pinned = wheelsOf(recipe);
  for (const [index, one] of pinned.entries()) {
    const { path } = await step(
      counted('wheel', index, pinned.length),
      () => fetchWheel(world, one, pip, signal),
      (found) => `${found.from === 'cache' ? 'found' : 'fetched'} ${found.path}, sha256 is right`,
    );
    wheels.push(path);
  }
  await step(
    'package',
    () => installPackage(world, stage, recipe, signal),
    () => `installed @tensorflow/tfjs-node ${recipe.tfjs}`,
  );
  await step(
    'libraries',
    () => placeLibraries(stage, wheels, signal),
    (files) =>
      `unpacked TensorFlow ${recipe.tensorflow}${recipe.cuda ? ', CUDA and cuDNN' : ''}, ${files} files`,
  );
  await step(
    'addon',
    () => compileAddon(world, stage, nodedir, signal),
    () => 'compiled',
  );
  const system = recipe.cuda ? await systemLibraries(world, signal) : undefined;
  if (system)
    await step(
      'resolve',
      () => resolveLibraries(stage, system, signal),
      (count) => `${count} libraries find all that they ask for`,
    );
  const result = await step('check', () => checkEngine(world, stage, recipe.tensorflow, signal), describe);
  if (system) world.print(gpuVerdict(result, system));
  writeStamp(stage, recipe);
  putInPlace(stage, world.root);
}
