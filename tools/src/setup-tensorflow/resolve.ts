import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compiler, openedByName } from './cuda-layout.ts';
import { readDynamicSection } from './elf.ts';
import { failed, unavailable } from './errors.ts';
import { layout } from './recipe.ts';
import type { World } from '../setup/world.ts';

/** Comes with the driver of the GPU, and is there only where a GPU is. */
export const driver = 'libcuda.so.1';

/** Names of the libraries that the system's loader knows. */
export async function systemLibraries(world: World, signal?: AbortSignal): Promise<ReadonlySet<string>> {
  // sbin is in the path of root only
  for (const command of ['ldconfig', '/sbin/ldconfig']) {
    const { code, stdout } = await world.run(command, ['-p'], signal ? { signal } : {});
    if (code === 0)
      return new Set([...stdout.matchAll(/^\s+(\S+) \(.*x86-64.*\) => /gm)].map(([, name = '']) => name));
  }
  throw unavailable(
    'ldconfig, which tells what libraries the system has, is missing or does not run; install it (Debian, Ubuntu: apt-get install libc-bin).',
  );
}

/**
 * Follows, as the dynamic loader would, everything that the addon, TensorFlow and NVIDIA's libraries load or open by name,
 * without loading it: so it needs no GPU, and finds what is missing before the first operation on a GPU would.
 *
 * @returns how many libraries were looked at
 * @throws {SetupError} `setup-tensorflow/failed` naming the first library that is not found, and what asks for it
 */
export async function resolveLibraries(
  root: string,
  system: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<number> {
  const { deps, addon } = layout(realpathSync(root));
  const missing = compiler.find((path) => !existsSync(join(deps, path)));
  if (missing !== undefined)
    throw failed(`${join(deps, missing)} is missing; run \`npm run setup:tensorflow -- --gpu --force\`.`);
  const folder = join(deps, 'nvidia', 'all', 'lib');
  const queue = [addon, ...readdirSync(folder).map((name) => join(folder, name))];
  const seen = new Set<string>();
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    signal?.throwIfAborted();
    if (seen.has(path)) continue;
    seen.add(path);
    queue.push(...(await findNeeded(path, deps, system)));
  }
  return seen.size;
}

/** Paths of what one library loads or opens by name, beside what is the system's or the driver's. */
async function findNeeded(path: string, deps: string, system: ReadonlySet<string>): Promise<string[]> {
  const section = await readDynamicSection(path);
  if (section === undefined)
    throw failed(
      `${path} is no library for 64-bit Linux; run \`npm run setup:tensorflow -- --gpu --force\`.`,
    );
  const opened = openedByName.filter(({ by }) => path === join(deps, by)).map(({ name }) => name);
  const asked = [...new Set([...section.needed, ...opened])].filter((name) => name !== driver);
  return asked.flatMap((name) => {
    const found = section.runpath
      .map((place) => join(place.replace(/\$ORIGIN|\$\{ORIGIN\}/, dirname(path)), name))
      .find((candidate) => existsSync(candidate));
    if (found !== undefined) return [realpathSync(found)];
    if (system.has(name)) return [];
    throw failed(
      `${path} asks for ${name}, which is neither where it looks nor among the system's libraries; install it, or run \`npm run setup:tensorflow -- --gpu --force\`.`,
    );
  });
}
