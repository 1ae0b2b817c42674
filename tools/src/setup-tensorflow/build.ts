import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compiler, linkCuda } from './cuda-layout.ts';
import { failed, unavailable } from './errors.ts';
import { duplicates, layout, libraries, placeInDeps, type Recipe } from './recipe.ts';
import { unzip } from './unzip.ts';
import type { CommandResult, World } from '../setup/world.ts';

/** What npm says when the registry is not reached, as against refusing what it got from it. */
const OFFLINE =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT|ENOTCACHED|E404|E50\d)\b/;

/** Installs tfjs-node under `root` without its install script, and without a second copy of what the repository has. */
export async function installPackage(
  world: World,
  root: string,
  recipe: Recipe,
  signal?: AbortSignal,
): Promise<void> {
  mkdirSync(root, { recursive: true });
  // A project of its own: npm would else climb to the workspace root and install there.
  writeFileSync(
    join(root, 'package.json'),
    '{ "name": "native-engine", "version": "0.0.0", "private": true }\n',
  );
  const result = await world.run(
    'npm',
    [
      ...['install', '--prefix', root, '--workspaces=false', '--ignore-scripts'],
      ...['--no-save', '--no-package-lock', '--no-audit', '--no-fund'],
      `@tensorflow/tfjs-node@${recipe.tfjs}`,
    ],
    { cwd: root, ...(signal ? { signal } : {}) },
  );
  if (result.code !== 0) {
    const offline = OFFLINE.exec(result.stderr)?.[0];
    if (offline !== undefined)
      throw unavailable(
        `npm could not reach its registry for @tensorflow/tfjs-node (${offline}); check the network and npm's registry, and run again.`,
      );
    throw failed(`npm could not install @tensorflow/tfjs-node ${recipe.tfjs}; ${log(world, 'npm', result)}.`);
  }
  const { modules, directory } = layout(root);
  if (!existsSync(directory))
    throw failed(
      `npm installed @tensorflow/tfjs-node elsewhere than in ${directory}; ${log(world, 'npm', result)}.`,
    );
  for (const name of duplicates) rmSync(join(modules, '@tensorflow', name), { recursive: true, force: true });
}

/** Unpacks the libraries and headers of the wheels to where the package's build expects a libtensorflow. */
export async function placeLibraries(
  root: string,
  wheels: readonly string[],
  signal?: AbortSignal,
): Promise<number> {
  const { deps } = layout(root);
  const place = (name: string) => {
    const found = placeInDeps(name);
    return found === undefined ? undefined : join(deps, found);
  };
  let files = 0;
  for (const wheel of wheels) files += await unzip(wheel, place, signal);
  const lib = join(deps, 'lib');
  const missing = [
    ...libraries.map((name) => join(lib, name)),
    join(deps, 'include/tensorflow/c/c_api.h'),
  ].find((path) => !existsSync(path));
  if (missing !== undefined)
    throw failed(
      `${wheels.join(', ')} does not contain what belongs in ${missing}; use the wheel named in recipe.ts.`,
    );
  // The linker looks for these names. Relative, so that an installation can be moved or copied.
  symlinkSync(libraries[0], join(lib, 'libtensorflow.so'));
  symlinkSync(libraries[1], join(lib, 'libtensorflow_framework.so'));
  if (existsSync(join(deps, 'nvidia'))) linkCuda(deps);
  for (const path of compiler.map((one) => join(deps, one))) if (existsSync(path)) chmodSync(path, 0o755); // TensorFlow starts it
  return files;
}

/** Compiles the addon, which speaks N-API: one build serves Node 20 to 24. */
export async function compileAddon(
  world: World,
  root: string,
  nodedir: string,
  signal?: AbortSignal,
): Promise<void> {
  const { directory, addon } = layout(root);
  const result = await world.run('npm', ['run', 'build-addon-from-source'], {
    cwd: directory,
    // node-gyp would download Node's headers; the variable wins over any .npmrc.
    env: { npm_config_nodedir: nodedir },
    ...(signal ? { signal } : {}),
  });
  if (result.code !== 0 || !existsSync(addon)) {
    const error = /^.*\b(?:fatal )?error: .*$/m.exec(`${result.stdout}\n${result.stderr}`)?.[0].trim();
    throw failed(
      `The addon does not compile${error === undefined ? '' : ` (${error.slice(0, 200)})`}; ${log(world, 'build', result)}.`,
    );
  }
  rmSync(join(directory, 'build-tmp-napi-v8'), { recursive: true, force: true });
}

/**
 * Puts the installation of `stage` in the place of the one in `root`, by renames: a process that runs on the old one keeps
 * its open files, and a build that was interrupted never takes a place.
 */
export function putInPlace(stage: string, root: string): void {
  const current = layout(root).modules;
  const old = join(stage, 'replaced');
  if (existsSync(current)) renameSync(current, old);
  renameSync(layout(stage).modules, current);
}

/** Keeps the whole output of a failed command and says where. */
function log(world: World, name: string, { stdout, stderr, code, signal }: CommandResult): string {
  const path = join(world.root, `${name}.log`);
  mkdirSync(world.root, { recursive: true });
  writeFileSync(
    path,
    `${stdout}\n${stderr}\n${signal === undefined ? `exit code ${code}` : `killed by ${signal}`}\n`,
  );
  return `its output is in ${path}`;
}
