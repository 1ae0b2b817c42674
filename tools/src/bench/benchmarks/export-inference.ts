import { availableParallelism } from 'node:os';
import type { InferenceSession } from 'onnxruntime-node';
import type { Benchmark, BenchmarkContext, Measurement } from '../benchmark.ts';
import { costOf, least, type Cost } from './cost.ts';

const PRESETS = ['nano', 'tiny'] as const;
const ROUNDS = 5;

/** A model in ONNX Runtime, with what one run of it is. */
interface Loaded {
  readonly name: string;
  readonly flops: number;
  readonly costs: Cost[];
  run(): Promise<unknown>;
  close(): Promise<void>;
}

/** Channels and cube of the 3 x 3 x 3 convolutions that are the ceiling: those of the two finest scales of nano and tiny, and wider. */
const CONVOLUTIONS = [
  [8, 64],
  [16, 64],
  [32, 64],
  [64, 32],
] as const;

export const exportInferenceBenchmark: Benchmark = {
  name: 'export-inference',
  summary:
    'exported networks of nano and tiny in ONNX Runtime, as a share of what it reaches on a 3D convolution alone',
  async run(context) {
    const models = await load();
    try {
      for (const { run } of models) await run(); // allocates
      for (let round = 0; round < ROUNDS; round++)
        for (const { costs, run } of models) {
          context.signal.throwIfAborted();
          // in turn, so that all have the machine of the same moment
          costs.push(await costOf(run));
        }
      return figures(context, models);
    } finally {
      for (const { close } of models) await close();
    }
  },
};

async function load(): Promise<Loaded[]> {
  // not at the top: listing the benchmarks should not wait for that
  const { affinityForward, describeNetwork, initialWeights, presetNamed, traceOnnx } =
    await import('@tokenunify/model');
  const models: Loaded[] = [];
  for (const name of PRESETS) {
    const preset = presetNamed(name);
    const { multiplyAdds, parameters } = describeNetwork(preset, 'affinities');
    const model = traceOnnx({
      inputShape: [1, ...preset.crop],
      weights: initialWeights(parameters, 1),
      trace: (ops, p, raw) => ops.sigmoid(affinityForward(ops, p, preset, raw)),
    });
    models.push(await session(name, model, { flops: 2 * multiplyAdds, shape: [1, 1, ...preset.crop] }));
  }
  for (const [channels, side] of CONVOLUTIONS) {
    const shape = [3, 3, 3, channels, channels];
    const init = { kind: 'constant', value: 0.01 } as const;
    const data = new Float32Array(27 * channels ** 2).fill(0.01);
    const model = traceOnnx({
      inputShape: [channels, side, side, side],
      weights: new Map([['weight', { shape, data }]]),
      trace: (ops, p, raw) => ops.conv3d(raw, p.get('weight', shape, init), undefined, [1, 1, 1]),
    });
    const flops = 2 * side ** 3 * data.length;
    const name = `3D convolution, ${channels} channels, ${side}^3`;
    models.push(await session(name, model, { flops, shape: [1, channels, side, side, side] }));
  }
  return models;
}

async function session(
  name: string,
  model: Uint8Array,
  { flops, shape }: { flops: number; shape: readonly number[] },
): Promise<Loaded> {
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
  // as the service runs it
  const options: InferenceSession.SessionOptions = {
    executionProviders: ['cpu'],
    intraOpNumThreads: availableParallelism(),
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  };
  const session = await InferenceSession.create(model, options);
  const size = shape.reduce((product, length) => product * length, 1);
  const data = Float32Array.from({ length: size }, (_, v) => (v % 97) / 97);
  const feeds = { [session.inputNames[0]!]: new Tensor('float32', data, [...shape]) };
  return { name, flops, costs: [], run: () => session.run(feeds), close: () => session.release() };
}

function figures({ report }: BenchmarkContext, models: readonly Loaded[]): Measurement[] {
  const networks = models.slice(0, PRESETS.length);
  const kernels = models.slice(PRESETS.length);
  const rate = ({ flops }: Loaded, milliseconds: number) => flops / milliseconds / 1e6;
  const best = (model: Loaded) => rate(model, least(model.costs).wall);
  const ofProcessor = (model: Loaded) => rate(model, least(model.costs).processor);
  for (const { name, flops } of networks) report(`${name}: ${(flops / 1e9).toFixed(2)} GFLOP a tile`);
  return [
    ...kernels.map((kernel): Measurement => ({ name: kernel.name, value: best(kernel), unit: 'GFLOP/s' })),
    ...networks.flatMap((network): Measurement[] => [
      { name: network.name, value: least(network.costs).wall / 1000, unit: 's', better: 'lower' },
      { name: network.name, value: best(network), unit: 'GFLOP/s', better: 'higher' },
      ...kernels.flatMap((kernel): Measurement[] => {
        const share = (what: string, value: number): Measurement => ({
          name: `${network.name}: share of ${kernel.name}${what}`,
          value: 100 * value,
          unit: '%',
          better: 'higher',
        });
        return [
          share('', best(network) / best(kernel)),
          share(', processor time', ofProcessor(network) / ofProcessor(kernel)),
        ];
      }),
    ]),
  ];
}
