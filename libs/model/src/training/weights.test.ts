import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { isModelError } from '../errors.ts';
import { describeNetwork } from '../network/describe.ts';
import type { Initialiser } from '../network/parameters.ts';
import { small } from '../network/small.fixture.ts';
import { Variables } from './variables.ts';
import { checkWeights, initialWeights, transferWeights } from './weights.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const { parameters } = describeNetwork(small, 'pretraining');
const affinities = describeNetwork(small, 'affinities').parameters;

const drawn = (init: Initialiser, seed = 1) =>
  initialWeights([{ name: 'x', shape: [50, 80], init }], seed).get('x')!.data;

describe('initial weights', () => {
  it('are the seed’s, parameter by parameter: neither order nor other parameters matter', () => {
    const whole = initialWeights(parameters, 7);
    expect(initialWeights([...parameters].reverse(), 7).get('stem.weight')).toEqual(whole.get('stem.weight'));
    expect(initialWeights(affinities, 7).get('stem.weight')).toEqual(whole.get('stem.weight'));
    expect(initialWeights(parameters, 8).get('stem.weight')).not.toEqual(whole.get('stem.weight'));
  });

  it('differ between parameters of one shape', () => {
    const weights = initialWeights(parameters, 7);
    expect(weights.get('stage1.spatial.spatial1.weight')).not.toEqual(
      weights.get('stage1.spatial.spatial2.weight'),
    );
  });

  it('follow their initialiser', () => {
    expect(drawn({ kind: 'constant', value: 3 }).every((value) => value === 3)).toBe(true);
    const normal = drawn({ kind: 'normal', std: 0.2 });
    const mean = normal.reduce((sum, value) => sum + value, 0) / 4000;
    const std = Math.sqrt(normal.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 4000);
    expect(Math.abs(mean)).toBeLessThan(0.015); // five standard errors
    expect(Math.abs(std - 0.2)).toBeLessThan(0.012);
    const decays = drawn({ kind: 'log-uniform-decay', low: 1, high: 16 }).map(Math.exp);
    expect(Math.min(...decays)).toBeGreaterThanOrEqual(0.9999);
    expect(Math.max(...decays)).toBeLessThanOrEqual(16.001);
    const steps = drawn({ kind: 'inverse-softplus', low: 1e-3, high: 1e-1 }).map((value) =>
      Math.log1p(Math.exp(value)),
    );
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(0.999e-3);
    expect(Math.max(...steps)).toBeLessThanOrEqual(1.001e-1);
    const below = steps.filter((step) => step < 1e-2).length; // log-uniform: half of them
    expect(Math.abs(below - 2000)).toBeLessThan(160);
  });
});

describe('transferred weights', () => {
  const pretrained = initialWeights(parameters, 1);

  it('are the pretrained ones wherever name and shape agree, and fresh for the new head', () => {
    const { weights, transferred } = transferWeights(affinities, pretrained, 2);
    const fresh = initialWeights(affinities, 2);
    for (const { name } of affinities)
      expect(weights.get(name), name).toEqual(
        (name.startsWith('affinities.') ? fresh : pretrained).get(name),
      );
    expect([...weights.keys()]).toEqual(affinities.map(({ name }) => name));
    expect(transferred).toEqual(
      affinities.map(({ name }) => name).filter((n) => !n.startsWith('affinities.')),
    );
  });

  it('leave out a weight of another shape', () => {
    const odd = new Map(pretrained).set('stem.weight', { shape: [1], data: Float32Array.of(1) });
    const { weights, transferred } = transferWeights(affinities, odd, 2);
    expect(transferred).not.toContain('stem.weight');
    expect(weights.get('stem.weight')).toEqual(initialWeights(affinities, 2).get('stem.weight'));
  });

  it('are all fresh from nothing', () => {
    expect(transferWeights(affinities, new Map(), 2)).toEqual({
      weights: initialWeights(affinities, 2),
      transferred: [],
    });
  });
});

describe('weights of another network are refused', () => {
  const refusal = (change: (weights: Map<string, { shape: number[]; data: Float32Array }>) => void) => {
    const weights = new Map(
      [...initialWeights(parameters, 1)].map(([n, w]) => [n, { ...w, shape: [...w.shape] }]),
    );
    change(weights);
    try {
      checkWeights(parameters, weights, 'run.safetensors');
    } catch (error) {
      if (isModelError(error, 'model/parameters')) return error.message;
    }
    return 'accepted';
  };

  it('naming the first that is missing or has another shape', () => {
    expect(refusal(() => {})).toBe('accepted');
    expect(refusal((weights) => weights.delete('voxels.bias'))).toBe(
      "run.safetensors has no weight 'voxels.bias'; it belongs to another preset or head.",
    );
    expect(refusal((weights) => (weights.get('stem.weight')!.shape = [3, 3, 3, 1, 8]))).toBe(
      "Weight 'stem.weight' of run.safetensors has shape [3,3,3,1,8], the network needs [3,3,3,1,4]; use the preset it was trained with.",
    );
  });

  it('also when made into variables, which are freed as a whole otherwise', async () => {
    const weights = initialWeights(parameters, 1);
    expect(() => new Variables(tf, affinities, weights)).toThrow(/no weight 'affinities.weight'/);
    const before = tf.memory().numTensors;
    const variables = new Variables(tf, parameters, weights);
    expect(tf.memory().numTensors).toBe(before + parameters.length);
    expect(await variables.read()).toEqual(weights);
    variables[Symbol.dispose]();
    expect(tf.memory().numTensors).toBe(before);
  });
});
