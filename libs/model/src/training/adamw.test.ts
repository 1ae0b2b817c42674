import * as tf from '@tensorflow/tfjs';
import { beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import { describeNetwork } from '../network/describe.ts';
import { presets, withTransformer } from '../network/presets.ts';
import { AdamW, adamWDefaults, decays, type AdamWOptions } from './adamw.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

/** Applies one gradient after the other to weights of one value each, and returns the values after each step. */
function run(
  options: Partial<AdamWOptions>,
  start: Record<string, number>,
  gradients: readonly Record<string, number>[],
  rate = 0.1,
) {
  const optimizer = new AdamW(tf, options);
  const variables = new Map(
    Object.entries(start).map(([name, value]) => [name, tf.variable(tf.tensor1d([value]))]),
  );
  const steps = gradients.map((given) => {
    const tensors = new Map(Object.entries(given).map(([name, value]) => [name, tf.tensor1d([value])]));
    const norm = optimizer.apply(variables, tensors, () => rate).dataSync()[0]!;
    const values = Object.fromEntries([...variables].map(([name, v]) => [name, v.dataSync()[0]!]));
    return { norm, values };
  });
  optimizer[Symbol.dispose]();
  for (const variable of variables.values()) variable.dispose();
  return steps;
}

const plain = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0, clipNorm: Infinity };

describe('AdamW', () => {
  it('takes two steps as computed by hand', () => {
    const steps = run(plain, { 'a.bias': 1 }, [{ 'a.bias': 0.5 }, { 'a.bias': -0.25 }]);
    // step 1: m = 0.05, v = 0.0125; corrected 0.5 and 0.25; 1 - 0.1 * 0.5 / 0.5 = 0.9
    expect(steps[0]!.values['a.bias']).toBeCloseTo(0.9, 6);
    // step 2: m = 0.045 - 0.025 = 0.02, / 0.19 = 0.105263; v = 0.011875 + 0.003125 = 0.015, / 0.0975 = 0.153846
    // 0.9 - 0.1 * 0.105263 / 0.392232 = 0.873163
    expect(steps[1]!.values['a.bias']).toBeCloseTo(0.873163, 6);
  });

  it('decays weights apart from the gradient: by rate times decay, whatever the gradient is', () => {
    const options = { ...plain, weightDecay: 0.5 };
    for (const gradient of [1e-3, 1, 1e3]) {
      const [step] = run(options, { 'a.weight': 2 }, [{ 'a.weight': gradient }]);
      // 2 * (1 - 0.1 * 0.5) - 0.1; decay inside the gradient would give 2 - 0.1
      expect(step!.values['a.weight']).toBeCloseTo(1.8, 4);
    }
  });

  it('decays no bias, gain, offset, decay or skip', () => {
    const names = ['a.bias', 'a.gain', 'a.norm.offset', 'a.decay.log', 'a.skip', 'a.step.bias', 'latents'];
    const values = Object.fromEntries(names.map((name) => [name, 2]));
    const gradients = Object.fromEntries(names.map((name) => [name, 1]));
    const [step] = run({ ...plain, weightDecay: 0.5 }, values, [gradients]);
    for (const name of names) expect(step!.values[name], name).toBeCloseTo(1.9, 5);
  });

  it('clips by the norm over all gradients, before they reach the moments', () => {
    const options = { ...plain, clipNorm: 1, epsilon: 1 };
    const [step] = run(options, { 'a.bias': 0, 'b.bias': 0 }, [{ 'a.bias': 3, 'b.bias': 4 }], 1);
    expect(step!.norm).toBeCloseTo(5, 5); // reported as it was
    // scaled to 0.6 and 0.8; with epsilon 1 the step -g / (g + 1) tells the size of the gradient
    expect(step!.values['a.bias']).toBeCloseTo(-0.6 / 1.6, 5);
    expect(step!.values['b.bias']).toBeCloseTo(-0.8 / 1.8, 5);
  });

  it('leaves gradients below the limit as they are', () => {
    const [step] = run({ ...plain, clipNorm: 10, epsilon: 1 }, { 'a.bias': 0 }, [{ 'a.bias': 3 }], 1);
    expect(step!.values['a.bias']).toBeCloseTo(-0.75, 6);
  });

  it('asks the rate by name', () => {
    const variables = new Map(['a', 'b'].map((name) => [name, tf.variable(tf.tensor1d([0]))]));
    const gradients = new Map(['a', 'b'].map((name) => [name, tf.tensor1d([1])]));
    const optimizer = new AdamW(tf, plain);
    optimizer.apply(variables, gradients, (name) => (name === 'a' ? 0.1 : 0));
    expect(variables.get('a')!.dataSync()[0]).toBeCloseTo(-0.1, 6);
    expect(variables.get('b')!.dataSync()[0]).toBe(0);
  });

  it('goes on from saved moments bit for bit', async () => {
    const make = () => new Map([['a.weight', tf.variable(tf.tensor1d([0.3, -0.7]))]]);
    const gradient = (step: number) => new Map([['a.weight', tf.tensor1d([Math.sin(step), Math.cos(step)])]]);
    const through = make();
    const first = new AdamW(tf);
    for (let step = 0; step < 3; step++) first.apply(through, gradient(step), () => 0.01);

    const resumed = new Map([['a.weight', tf.variable(through.get('a.weight')!.clone())]]);
    const second = new AdamW(tf);
    second.restore(await first.read());
    expect(second.step).toBe(3);
    for (let step = 3; step < 6; step++) {
      first.apply(through, gradient(step), () => 0.01);
      second.apply(resumed, gradient(step), () => 0.01);
    }
    expect(await resumed.get('a.weight')!.data()).toEqual(await through.get('a.weight')!.data());
    expect((await second.read()).moments).toEqual((await first.read()).moments);
  });

  it('frees its moments, also those that were restored', async () => {
    const variables = new Map([['a.weight', tf.variable(tf.tensor1d([1]))]]);
    const gradients = new Map([['a.weight', tf.tensor1d([1])]]);
    const before = tf.memory().numTensors;
    const optimizer = new AdamW(tf);
    optimizer.apply(variables, gradients, () => 0.1).dispose();
    expect(tf.memory().numTensors).toBe(before + 2);
    optimizer.restore(await optimizer.read());
    expect(tf.memory().numTensors).toBe(before + 2);
    optimizer[Symbol.dispose]();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('has the settings of the paper', () => {
    expect(adamWDefaults).toMatchObject({ beta1: 0.9, beta2: 0.95, weightDecay: 0.05 });
  });
});

const everyPreset = Object.values(presets).flatMap((preset) => [preset, withTransformer(preset)]);

it.each(everyPreset.map((preset) => [preset.name, preset] as const))(
  'matrices and filters of %s decay, and nothing else',
  (_, preset) => {
    for (const { name, shape } of describeNetwork(preset, 'pretraining').parameters)
      if (decays(name)) expect(shape.length, name).toBeGreaterThanOrEqual(2);
      else expect(name).toMatch(/\.(bias|gain|offset|log|skip|merge|latents|weight\d)$/);
  },
);
