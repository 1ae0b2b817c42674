/** Every primitive and every module, forward and gradient: the native engine against the cpu engine, the oracle. */
import type * as tfjs from '@tensorflow/tfjs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decoderStep, gatedSpatialConvolution } from '../network/convolution.ts';
import { recordParameters } from '../network/describe.ts';
import { feedForward, rmsNorm } from '../network/layers.ts';
import { mambaLayer } from '../network/mamba.ts';
import { affinityForward, pretrainingForward } from '../network/network.ts';
import { presetNamed } from '../network/presets.ts';
import { nextTokenHead, resample } from '../network/resampler.ts';
import { small, uniform, volumeOf } from '../network/small.fixture.ts';
import { prefixStates, ssd } from '../network/ssd.ts';
import { cases as primitives } from '../onnx/operations.fixture.ts';
import { array, map, type ParityCase } from '../onnx/parity.fixture.ts';
import { arrayOf, mapOf, ShapeOps } from '../ops/shape-ops.ts';
import { balancedCrossEntropy } from '../training/finetuning.ts';
import { train, type StepEvent } from '../training/train.ts';
import { initialWeights } from '../training/weights.ts';
import { openEngine, type Engine } from './engine.ts';
import { describeTensorflow } from './tensorflow.fixture.ts';

const nano = presetNamed('nano');
const scanned = (k: number) => [array(2, k, 6), array(2, k, 3), array(2, k, 4), array(2, k, 4)];

const modules: Record<string, ParityCase> = {
  'rms norm': { inputs: [array(5, 8)], run: (ops, [x], p) => rmsNorm(ops, p, x!) },
  'feed-forward': { inputs: [array(5, 8)], run: (ops, [x], p) => feedForward(ops, p, x!) },
  'scan, one chunk': {
    inputs: scanned(65),
    range: [-1, 0],
    run: (ops, [x, logDecay, b, c]) => ssd(ops, { x: x!, logDecay: logDecay!, b: b!, c: c! }, 65),
  },
  'scan, chunks of 64': {
    inputs: scanned(130),
    range: [-1, 0],
    run: (ops, [x, logDecay, b, c]) => ssd(ops, { x: x!, logDecay: logDecay!, b: b!, c: c! }),
  },
  'scan, chunks of chunks': {
    inputs: scanned(70),
    range: [-1, 0],
    run: (ops, [x, logDecay, b, c]) => ssd(ops, { x: x!, logDecay: logDecay!, b: b!, c: c! }, 4),
  },
  'states between chunks': {
    inputs: [array(2, 3, 11, 4), array(2, 3, 11)],
    range: [-1, 0],
    run: (ops, [states, decay]) => prefixStates(ops, states!, decay!, 4),
  },
  'Mamba layer of nano': {
    inputs: [map(24, 4, 4, 5)],
    run: (ops, [x], p) => mambaLayer(ops, p, x!, nano.mamba),
  },
  'gated spatial convolution': {
    inputs: [map(4, 3, 5, 6)],
    run: (ops, [x], p) => gatedSpatialConvolution(ops, p, x!, [3, 3, 3]),
  },
  'gated spatial convolution, anisotropic': {
    inputs: [map(4, 3, 5, 6)],
    run: (ops, [x], p) => gatedSpatialConvolution(ops, p, x!, [1, 3, 5]),
  },
  'step of the decoder': {
    inputs: [map(6, 2, 3, 4), map(3, 2, 6, 12)],
    run: (ops, [below, skip], p) =>
      decoderStep(ops, p, below!, skip!, { factors: [1, 2, 3], width: 3, kernel: [3, 3, 3] }),
  },
  resampler: {
    inputs: [map(40, 2, 3, 4)],
    run: (ops, [x], p) => resample(ops, p, x!, nano.resampler),
  },
  'next-token head': {
    inputs: [array(4, 8), array(1, 6)],
    run: (ops, [latents, position], p) =>
      nextTokenHead(ops, p, latents!, position!, { grid: [1, 2, 3], tokenVoxels: 8, heads: 2 }),
  },
  'network for affinities': {
    inputs: [map(1, 8, 8, 12)],
    range: [0, 1],
    run: (ops, [crop], p) => affinityForward(ops, p, small, crop!),
  },
  'network for pretraining, voxels': {
    inputs: [map(1, 8, 8, 12), array(1, 12)],
    range: [0, 1],
    run: (ops, [crop, position], p) => pretrainingForward(ops, p, small, crop!, position!).voxels,
  },
  'network for pretraining, next token': {
    inputs: [map(1, 8, 8, 12), array(1, 12)],
    range: [0, 1],
    run: (ops, [crop, position], p) => pretrainingForward(ops, p, small, crop!, position!).token,
  },
};

const BATCH = 2;
type Numbers = ReadonlyMap<string, Float32Array>;

/** Output and the gradients of a weighted sum of it, with respect to inputs and parameters that it depends on. */
function compute({ tf, ops, activate, name }: Engine, test: ParityCase): Numbers {
  activate();
  const [low, high] = test.range ?? [-1, 1];
  const { parameters } = recordParameters((shapes, p) => {
    const forms = test.inputs.map(({ kind, shape }) => {
      const [channels, z, y, x] = shape as [number, number, number, number]; // of a map
      return kind === 'map' ? mapOf(BATCH, channels, [z, y, x]) : arrayOf([BATCH, ...shape]);
    });
    test.run(shapes, forms, p);
  });
  const results = new Map<string, Float32Array>();
  tf.tidy(() => {
    const variables = new Map<string, tfjs.Variable>();
    const add = (key: string, values: Float32Array, shape: readonly number[]) => {
      const variable = tf.variable(tf.tensor(values, [...shape]), true);
      variables.set(key, variable);
      return variable;
    };
    const inputs = test.inputs.map(({ kind, shape }, i) => {
      const [channels, ...space] = shape as [number, ...number[]];
      const layout = [BATCH, ...(kind === 'map' ? [...space, channels] : shape)];
      return add(`input ${i}`, uniform(layout, i + 1, low, high), layout);
    });
    // never constant: a gain of 1 or a bias of 0 would hide a fault
    const weights = parameters.map(
      ({ name, shape }, i) => [name, uniform(shape, 100 + i, -0.6, 0.6), shape] as const,
    );
    for (const [key, values, shape] of weights) add(key, values, shape);
    const get = (key: string) => variables.get(key)!;
    const { grads } = tf.variableGrads(() => {
      const out = test.run<tfjs.Tensor>(ops, inputs, { get });
      expect(tf.getBackend()).toBe(name);
      results.set('output', Float32Array.from(out.dataSync()));
      return out.mul(tf.tensor(uniform(out.shape, 77), out.shape)).sum();
    }, [...variables.values()]);
    for (const [key, variable] of variables) {
      const gradient = grads[variable.name] as tfjs.Tensor | null; // null where the output does not depend on it
      if (gradient) results.set(`gradient of ${key}`, Float32Array.from(gradient.dataSync()));
      variable.dispose();
    }
  });
  return results;
}

/** Largest difference over the largest number of the same array, or over 1 % of the largest of all gradients. */
function difference(actual: Numbers, expected: Numbers): { worst: number; where: string } {
  expect([...actual.keys()]).toEqual([...expected.keys()]);
  const largest = (values: Float32Array) => values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const all = [...expected].filter(([key]) => key !== 'output').map(([, values]) => largest(values));
  const floor = 0.01 * Math.max(...all);
  let [worst, where] = [0, ''];
  for (const [key, values] of expected) {
    const scale = key === 'output' ? largest(values) : Math.max(floor, largest(values));
    if (scale === 0) throw new Error(`${key} is all zero: nothing was compared`);
    const off = values.reduce((max, value, i) => Math.max(max, Math.abs(value - actual.get(key)![i]!)), 0);
    if (!(off / scale <= worst)) [worst, where] = [off / scale, key]; // also when it is NaN
  }
  return { worst, where };
}

describeTensorflow('tensorflow computes what cpu does, forward and gradient, within 1e-4:', () => {
  let [tensorflow, cpu]: Engine[] = [];
  const covered = { primitives: new Set<string>(), modules: new Set<string>(), worst: 0 };
  beforeAll(async () => {
    tensorflow = await openEngine('tensorflow');
    cpu = await openEngine('cpu');
  });
  afterAll(() => {
    const list = (names: Set<string>) => `${names.size} (${[...names].join(', ')})`;
    console.log(
      `parity of tensorflow with cpu, forward and gradient; largest difference ${covered.worst.toExponential(1)}\n` +
        `  operations: ${list(covered.primitives)}\n  modules: ${list(covered.modules)}`,
    );
  });

  const compare = (test: ParityCase) => {
    const { worst, where } = difference(compute(tensorflow!, test), compute(cpu!, test));
    expect(worst, where).toBeLessThan(1e-4);
    covered.worst = Math.max(covered.worst, worst);
  };

  it.each(Object.keys(primitives))('operation %s', (name) => {
    compare(primitives[name]!);
    covered.primitives.add(name.split(':')[0]!);
  });

  it.each(Object.keys(modules))('module %s', (name) => {
    compare(modules[name]!);
    covered.modules.add(name);
  });

  it('loss of fine-tuning', () => {
    const targets = uniform([60], 1).map((value) => (value > 0.4 ? 1 : 0));
    const mask = uniform([60], 2).map((value) => (value > -0.5 ? 1 : 0));
    const run = ({ tf, activate }: Engine): Numbers => {
      activate();
      const logits = tf.tensor1d(uniform([60], 3, -20, 20));
      const { value, grad } = tf.valueAndGrad((x) => balancedCrossEntropy(tf, x, targets, mask))(logits);
      const numbers = new Map([
        ['output', value.dataSync() as Float32Array], // of float32
        ['gradient of logits', grad.dataSync() as Float32Array],
      ]);
      return numbers;
    };
    expect(difference(run(tensorflow!), run(cpu!)).worst).toBeLessThan(1e-4);
    covered.modules.add('balanced cross-entropy');
  });

  it('nothing is left out: every operation of Ops was compared', () => {
    const operations = Object.getOwnPropertyNames(ShapeOps.prototype).filter(
      (name) => name !== 'constructor',
    );
    expect(operations.filter((name) => !covered.primitives.has(name))).toEqual([]);
    expect(covered.modules.size).toBe(Object.keys(modules).length + 1);
  });
});

describeTensorflow('two engines in one process', () => {
  const parameters = [{ name: 'line.weight', shape: [8, 4], init: { kind: 'normal', std: 1 } }] as const;
  const runOn = (engine: Engine, seen: Set<string>) =>
    train({
      engine,
      parameters,
      weights: initialWeights(parameters, 1),
      steps: 5,
      seed: 1,
      schedule: { peak: 0.05, warmup: 0, final: 1 },
      averageDecay: 0.9,
      checkpointEvery: 5,
      state: {},
      sample: (_, random) => Float32Array.from({ length: 80 }, () => random.normal()),
      voxels: () => 1,
      loss: ({ tf }, p, batch) => {
        seen.add(tf.getBackend());
        const y = tf.matMul(tf.tensor2d(batch, [10, 8]), p.get('line.weight', [8, 4], parameters[0].init));
        return { total: tf.sigmoid(y).sub(1).square().mean() as tfjs.Scalar };
      },
    });

  it('train in turn, step by step, each on its own backend and as if alone', async () => {
    const [tensorflow, cpu] = [await openEngine('tensorflow'), await openEngine('cpu')];
    const alone = async (engine: Engine) => {
      const losses: number[] = [];
      for await (const event of runOn(engine, new Set()))
        if (event.kind === 'step') losses.push(event.losses['total']!);
      return losses;
    };
    const expected = { tensorflow: await alone(tensorflow), cpu: await alone(cpu) };

    const backends = { tensorflow: new Set<string>(), cpu: new Set<string>() };
    const runs = { tensorflow: runOn(tensorflow, backends.tensorflow), cpu: runOn(cpu, backends.cpu) };
    const losses = { tensorflow: [] as number[], cpu: [] as number[] };
    for (let step = 0; step < 5; step++)
      for (const name of ['tensorflow', 'cpu'] as const) {
        const { value } = await runs[name].next();
        losses[name].push((value as StepEvent).losses['total']!); // checkpoints come after the fifth step
      }
    await Promise.all(Object.values(runs).map((run) => run.return(undefined as never)));
    expect(backends).toEqual({ tensorflow: new Set(['tensorflow']), cpu: new Set(['cpu']) });
    expect(losses).toEqual(expected);
  });

  it('volumes of numbers move between them unharmed', async () => {
    const [tensorflow, cpu] = [await openEngine('tensorflow'), await openEngine('cpu')];
    const values = uniform([3, 4], 1);
    tensorflow.activate();
    const there = tensorflow.tf.tensor(values, [3, 4]);
    cpu.activate();
    const doubled = there.mul(2);
    tensorflow.activate();
    expect(await doubled.add(there).data()).toEqual(values.map((value) => Math.fround(2 * value) + value));
    expect(volumeOf(doubled.shape)).toBe(12);
  });
});
