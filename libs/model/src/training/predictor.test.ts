import { beforeAll, expect, it } from 'vitest';
import { openEngine, type Engine } from '../engines/engine.ts';
import { isModelError } from '../errors.ts';
import { describeNetwork } from '../network/describe.ts';
import { affinityForward } from '../network/network.ts';
import { relativeError, small, sourceOf, uniform } from '../network/small.fixture.ts';
import { EnginePredictor } from './predictor.ts';
import { initialWeights } from './weights.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine('cpu');
});
const weights = initialWeights(describeNetwork(small, 'affinities').parameters, 1);

it('gives the sigmoid of the network’s logits, channels first', async () => {
  const { tf, ops } = engine;
  const tiles = uniform([2, 8, 8, 12], 1, 0, 1);
  const predictor = new EnginePredictor(engine, small, weights, [8, 8, 12]);
  const affinities = await predictor.predict(tiles, 2);
  predictor[Symbol.dispose]();
  expect(affinities).toHaveLength(2 * 3 * 768);
  const logits = affinityForward(
    ops,
    sourceOf(tf, weights),
    small,
    tf.tensor(tiles, [2, 8, 8, 12, 1]),
  ).dataSync();
  const expected = affinities.map((_, i) => {
    const [tile, channel, voxel] = [Math.floor(i / 2304), Math.floor(i / 768) % 3, i % 768];
    return 1 / (1 + Math.exp(-logits[(tile * 768 + voxel) * 3 + channel]!));
  });
  expect(relativeError(affinities, expected)).toBeLessThan(1e-6);
});

it('reads only as many tiles as it is told', async () => {
  const predictor = new EnginePredictor(engine, small, weights, [8, 8, 8]);
  const tiles = uniform([3, 8, 8, 8], 2, 0, 1);
  const one = await predictor.predict(tiles, 1);
  expect(one).toHaveLength(3 * 512);
  expect(one).toEqual(await predictor.predict(tiles.subarray(0, 512), 1));
  predictor[Symbol.dispose]();
});

it('keeps no tensor from one tile to the next, and none when it is disposed of', async () => {
  const first = new EnginePredictor(engine, small, weights, [8, 8, 8]);
  await first.predict(uniform([8, 8, 8], 1), 1); // the engine keeps constants, once
  first[Symbol.dispose]();
  const before = engine.tf.memory().numTensors;
  const predictor = new EnginePredictor(engine, small, weights, [8, 8, 8]);
  const made = engine.tf.memory().numTensors;
  await predictor.predict(uniform([8, 8, 8], 1), 1);
  expect(engine.tf.memory().numTensors).toBe(made);
  predictor[Symbol.dispose]();
  expect(engine.tf.memory().numTensors).toBe(before);
});

it('refuses weights without the affinity head', () => {
  const pretrained = initialWeights(describeNetwork(small, 'pretraining').parameters, 1);
  try {
    new EnginePredictor(engine, small, pretrained);
  } catch (error) {
    expect(isModelError(error, 'model/parameters')).toBe(true);
    return expect(String(error)).toContain("no weight 'affinities.weight'");
  }
  throw new Error('accepted');
});
