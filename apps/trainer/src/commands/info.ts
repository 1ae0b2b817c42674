import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openVolume } from '@tokenunify/em-io';
import {
  describeNetwork,
  engineNames,
  locateNativeTensorflow,
  measureEngine,
  openEngine,
  presets,
  readCheckpoint,
  readModelPackage,
  type EngineName,
} from '@tokenunify/model';
import { createReporter, type Reporter } from '../progress/reporter.ts';

export interface InfoCommand {
  readonly json: boolean;
}

/** `tokenunify info [WHAT]`: this machine's engines and the presets, or what a volume, checkpoint or model package is. */
export async function runInfo(
  what: string | undefined,
  command: InfoCommand,
  reporter: Reporter = createReporter(command),
): Promise<number> {
  const facts = what === undefined ? await machine() : await thing(what);
  reporter.result(lines(facts).join('\n'), facts);
  return 0;
}

type Facts = Readonly<Record<string, unknown>>;

async function machine(): Promise<Facts> {
  const engines: Record<string, string> = {};
  for (const name of engineNames) engines[name] = await speedOf(name);
  const networks = Object.fromEntries(
    Object.values(presets).map((preset) => {
      const { parameterCount, multiplyAdds } = describeNetwork(preset, 'affinities');
      const voxels = preset.crop[0] * preset.crop[1] * preset.crop[2];
      return [
        preset.name,
        `${parameterCount} parameters, ${Math.round(multiplyAdds / voxels)} multiply-adds a voxel, crop ${preset.crop.join(' x ')}`,
      ];
    }),
  );
  return { node: process.versions.node, engines, presets: networks };
}

async function speedOf(name: EngineName): Promise<string> {
  if (name === 'tensorflow' && !locateNativeTensorflow())
    return 'not installed; `npm run setup:tensorflow` builds it';
  const { matmulGflops, conv3dGflops } = await measureEngine(await openEngine(name));
  return `matmul ${matmulGflops.toFixed(1)} GFLOP/s, conv3d ${conv3dGflops.toFixed(1)} GFLOP/s`;
}

async function thing(what: string): Promise<Facts> {
  if (existsSync(join(what, 'rdf.yaml'))) {
    const { name, version, digest, preset, tileShape, voxelSize, postprocessing } =
      await readModelPackage(what);
    return {
      type: 'model package',
      name,
      version,
      digest,
      preset,
      tile: tileShape,
      voxelSize,
      postprocessing,
    };
  }
  if (what.endsWith('.safetensors')) {
    const { state, weights, optimizer } = await readCheckpoint(what);
    const values = [...weights.values()].reduce((sum, { data }) => sum + data.length, 0);
    return {
      type: 'checkpoint',
      bytes: statSync(what).size,
      weights: weights.size,
      values,
      resumable: optimizer !== undefined,
      ...state,
    };
  }
  const volume = await openVolume(what);
  try {
    const { format, dtype, shape, channels, chunkShape, voxelSize, offset, attributes } = volume;
    return {
      type: 'volume',
      format,
      dtype,
      shape,
      channels,
      chunks: chunkShape,
      voxelSize,
      offset,
      attributes,
    };
  } finally {
    await volume.close();
  }
}

function lines(facts: Facts, indent = ''): string[] {
  return Object.entries(facts).flatMap(([key, value]) => {
    if (value === undefined) return [];
    const nested = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (nested && Object.keys(value).length > 0)
      return [`${indent}${key}`, ...lines(value as Facts, `${indent}  `)];
    return [
      `${indent}${key.padEnd(14)} ${Array.isArray(value) ? value.join(' x ') : nested ? '-' : String(value)}`,
    ];
  });
}
