import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bytesNeeded, wheelsOf, type Recipe } from './recipe.ts';
import { megabytes } from './wheel-sizes.ts';
import type { World } from '../setup/world.ts';

/** What a run would do, a line a step. */
export function printPlan({ root, cache, print }: World, recipe: Recipe, built: boolean): void {
  const engine = recipe.cuda ? 'native engine for a GPU' : 'native engine';
  if (built) {
    print(`The ${engine} is built in ${root}; this would check it (--force builds it again).`);
    return;
  }
  print(`This would build the ${engine} in ${root}, which takes ${bytesNeeded(recipe) / 1e9} GB at most:`);
  print(
    `machine: look for g++, make, python3, pip, npm, ${recipe.cuda ? 'ldconfig, ' : ''}Node's headers and disk space`,
  );
  for (const { file } of wheelsOf(recipe)) {
    const how = existsSync(join(cache, file))
      ? `take ${file} from ${cache}`
      : `fetch ${file} (${megabytes(file)} MB) with pip into ${cache}`;
    print(`wheel: ${how}, and compare its sha256`);
  }
  print(`package: install @tensorflow/tfjs-node ${recipe.tfjs} without its install script`);
  print(
    `libraries: unpack libtensorflow_cc, libtensorflow_framework and the C headers of ${recipe.tensorflow}` +
      (recipe.cuda ? ', and the libraries of CUDA and cuDNN' : ''),
  );
  print('addon: compile it with node-gyp');
  if (recipe.cuda) print('resolve: find every library that any of them asks for, without loading it');
  print('check: compare matmul, conv3d and their gradients with the cpu engine, measure GFLOP/s');
}
