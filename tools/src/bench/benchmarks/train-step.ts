import type { Engine } from '@tokenunify/model';
import { ToolsError } from '../../errors.ts';
import type { Benchmark, BenchmarkContext, Measurement } from '../benchmark.ts';
import { costOf, least, type Cost } from './cost.ts';
import { costOfKernel, engineCeilings, type Kernel } from './engine-ceilings.ts';

const PRESETS = ['nano', 'tiny'] as const;
const ROUNDS = 4;

/**
 * Steps of pretraining, as `tokenunify pretrain` takes them: both rows of a crop, all objectives, gradients, clipping,
 * update and average. Operations are the multiply-adds of `describeNetwork`, twice for two operations and three times for
 * the gradients.
 */
export const trainStepBenchmark: Benchmark = {
  name: 'train-step',
  summary:
    'a step of pretraining of nano and tiny, as a share of what the engine reaches on a 3D convolution with gradients',
  async run(context) {
    const { openEngine, isModelError } = await import('@tokenunify/model');
    const engine = await openEngine('tensorflow').catch((error: unknown) => {
      throw isModelError(error, 'model/engine')
        ? new ToolsError('tools/no-engine', error.message, { cause: error })
        : error;
    });
    const { matmul, convolutions } = engineCeilings(engine);
    const kernels = [matmul, ...convolutions];
    try {
      const measurements: Measurement[] = [];
      for (const name of PRESETS) measurements.push(...(await measurePreset(context, engine, name, kernels)));
      return measurements;
    } finally {
      for (const kernel of kernels) kernel.dispose();
      engine.dispose();
    }
  },
};

async function measurePreset(
  { signal, report }: BenchmarkContext,
  engine: Engine,
  name: (typeof PRESETS)[number],
  kernels: readonly Kernel[],
): Promise<Measurement[]> {
  const { describeNetwork, pretrain, presetNamed } = await import('@tokenunify/model');
  const preset = presetNamed(name);
  const { crop } = preset;
  const voxels = crop[0] * crop[1] * crop[2];
  const data = Float32Array.from({ length: voxels }, (_, v) => ((v * 2_654_435_761) % 1021) / 1021);
  const steps = pretrain({
    engine,
    preset,
    curriculum: [{ until: 1, crop, weights: { random: 0.5, next: 0.25, nextAll: 0.25 } }],
    voxelsPerStep: 2 * voxels,
    crop: () => data,
    steps: 1_000_000,
    seed: 1,
    schedule: { peak: 1e-4, warmup: 10, final: 0.1 },
    averageDecay: 0.99,
    checkpointEvery: 1_000_000,
    state: {},
    signal,
  });
  const step: Cost[] = [];
  const ceilings = kernels.map((): Cost[] => []);
  try {
    await steps.next(); // makes moments and constants
    for (let round = 0; round < ROUNDS; round++) {
      signal.throwIfAborted();
      // in turn, so that both have the machine of the same moment
      for (const [i, kernel] of kernels.entries()) ceilings[i]!.push(await costOfKernel(kernel));
      step.push(await costOf(() => steps.next()));
    }
  } finally {
    await steps.return(undefined as never); // frees what it holds; its result is of no use
  }
  const flops = 3 * 2 * describeNetwork(preset, 'pretraining').multiplyAdds * 2;
  report(
    `${name}: ${(flops / 1e9).toFixed(1)} GFLOP a step of one crop of ${crop.join(' x ')}, ${engine.device.name}`,
  );
  return figures(name, { flops, step, kernels, ceilings });
}

interface Found {
  readonly flops: number;
  readonly step: readonly Cost[];
  readonly kernels: readonly Kernel[];
  readonly ceilings: readonly (readonly Cost[])[];
}

function figures(preset: string, { flops, step, kernels, ceilings }: Found): Measurement[] {
  const best = least(step);
  const rate = (operations: number, milliseconds: number) => operations / milliseconds / 1e6;
  const own = rate(flops, best.wall);
  const of = (name: string, value: number): Measurement => ({
    name: `${preset}: ${name}`,
    value,
    unit: '%',
    better: 'higher',
  });
  const shares = kernels.map(({ name, flops: work }, i) => {
    const ceiling = least(ceilings[i]!);
    const rounds = step.map(({ wall }, r) => rate(flops, wall) / rate(work, ceilings[i]![r]!.wall));
    return {
      name,
      ceiling: rate(work, ceiling.wall),
      wall: own / rate(work, ceiling.wall),
      median: rounds.sort((a, b) => a - b)[rounds.length >> 1]!,
      processor: rate(flops, best.processor) / rate(work, ceiling.processor),
    };
  });
  return [
    { name: `${preset}: step`, value: best.wall / 1000, unit: 's', better: 'lower' },
    { name: `${preset}: step`, value: own, unit: 'GFLOP/s', better: 'higher' },
    ...shares.flatMap(({ name, ceiling, wall, median, processor }): Measurement[] => [
      { name: `${preset}: ${name}`, value: ceiling, unit: 'GFLOP/s' },
      of('share of it, best of either', 100 * wall),
      of('share of it, median of rounds', 100 * median),
      of('share of it, by processor time', 100 * processor),
    ]),
  ];
}
