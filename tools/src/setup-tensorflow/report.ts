import { worst, type CheckResult } from './check.ts';
import type { Recipe } from './recipe.ts';
import { driver } from './resolve.ts';
import type { World } from '../setup/world.ts';

/** What a check found, in one phrase. */
export function describe(result: CheckResult): string {
  const { difference } = worst(result);
  return (
    `TensorFlow ${result.version} on ${result.gpu ? 'a GPU' : 'the CPU'}, ` +
    `largest relative difference from the cpu engine ${difference.toExponential(1)}, ` +
    `matmul ${result.matmulGflops.toFixed(0)} GFLOP/s, conv3d with its gradients ${result.conv3dGflops.toFixed(0)} GFLOP/s`
  );
}

/**
 * What a build for a GPU is on this machine: that it is built is one thing, that it sees a GPU another. An image is built
 * where there is none, so that is no failure; nothing that asks for a GPU will run on it silently.
 */
export function gpuVerdict(result: CheckResult, system: ReadonlySet<string>): string {
  if (result.gpu) return 'gpu: TensorFlow sees it and was checked on it';
  const ask = '`npx tokenunify info --gpu` says whether a machine has what is missing';
  return system.has(driver)
    ? `gpu: built, but TensorFlow sees none here, though the driver is installed; look with nvidia-smi and at CUDA_VISIBLE_DEVICES; ${ask}`
    : `gpu: built, but this machine has no NVIDIA driver (${driver}), so the check ran on the CPU; ${ask}`;
}

/** The last line of a build. */
export function conclusion(recipe: Recipe, directory: string): string {
  return `The native engine${recipe.cuda ? ' for a GPU' : ''} is in ${directory}; training uses it from now on.`;
}

export const seconds = (world: World, start: number) => `${((world.now() - start) / 1000).toFixed(1)} s`;

/** 'wheel' for one, 'wheel 3 of 13' for more. */
export const counted = (name: string, index: number, count: number) =>
  count === 1 ? name : `${name} ${index + 1} of ${count}`;
