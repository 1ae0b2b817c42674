import {
  describeNetwork,
  engineNames,
  isModelError,
  loadNativeTensorflow,
  measureConv3dGradients,
  measureEngine,
  openEngine,
  presets,
  type Engine,
  type EngineChoice,
} from '@tokenunify/model';
import type { Facts } from './lines.ts';

/** What is asked of the library, so that tests can play a machine that has another engine or a GPU. */
export interface Engines {
  open(choice: EngineChoice, options: { readonly gpu: boolean }): Promise<Engine>;
  /** fp32 GFLOP/s, by what was measured. */
  measure(engine: Engine): Promise<Readonly<Record<string, number>>>;
  tensorflowVersion(): Promise<string>;
}

export const engines: Engines = {
  open: (choice, options) => openEngine(choice, options),
  measure: async (engine) => ({
    ...(await measureEngine(engine)),
    conv3dWithGradientsGflops: await measureConv3dGradients(engine),
  }),
  tensorflowVersion: async () => (await loadNativeTensorflow()).version,
};

/** What every engine of this machine is and how fast, and the presets. One that is not to be had says why. */
export async function machine(from: Engines = engines): Promise<Facts> {
  const found: Record<string, unknown> = {};
  for (const name of engineNames) found[name] = await factsOrReason(name, from);
  return { node: process.versions.node, engines: found, presets: networks() };
}

/**
 * What one engine is.
 *
 * @throws ModelError `model/engine` when it, or the GPU that it shall compute on, is not to be had
 */
export async function oneEngine(choice: EngineChoice, gpu: boolean, from: Engines = engines): Promise<Facts> {
  const engine = await from.open(choice, { gpu });
  return { node: process.versions.node, engines: { [engine.name]: await factsOf(engine, from) } };
}

async function factsOrReason(name: EngineChoice, from: Engines): Promise<unknown> {
  try {
    return await factsOf(await from.open(name, { gpu: false }), from);
  } catch (error) {
    if (isModelError(error, 'model/engine')) return error.message;
    throw error;
  }
}

async function factsOf(engine: Engine, from: Engines): Promise<Facts> {
  try {
    const { name, device } = engine;
    const speeds = Object.entries(await from.measure(engine)).map(([key, value]) => [key, rounded(value)]);
    return {
      device: device.kind,
      name: device.name,
      ...(name === 'tensorflow' && { version: await from.tensorflowVersion() }),
      ...Object.fromEntries(speeds),
    };
  } finally {
    engine.dispose();
  }
}

/** Three digits: the next measurement has others. */
const rounded = (value: number) => Number(value.toPrecision(3));

function networks(): Facts {
  return Object.fromEntries(
    Object.values(presets).map((preset) => {
      const { parameterCount, multiplyAdds } = describeNetwork(preset, 'affinities');
      const voxels = preset.crop[0] * preset.crop[1] * preset.crop[2];
      return [
        preset.name,
        `${parameterCount} parameters, ${Math.round(multiplyAdds / voxels)} multiply-adds a voxel, crop ${preset.crop.join(' x ')}`,
      ];
    }),
  );
}
