import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '../engines/engine.ts';
import { describeNetwork } from '../network/describe.ts';
import { small, uniform } from '../network/small.fixture.ts';
import type { Vec3 } from '../ops/ops.ts';
import { balancedCrossEntropy, finetune } from './finetuning.ts';
import { initialWeights, type Weights } from './weights.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const loss = (logits: number[], targets: number[], mask = targets.map(() => 1)): number =>
  tf.tidy(
    () =>
      balancedCrossEntropy(
        tf,
        tf.tensor1d(logits),
        Float32Array.from(targets),
        Float32Array.from(mask),
      ).dataSync()[0]!,
  );
const gradient = (logits: number[], targets: number[], mask = targets.map(() => 1)): number[] => [
  ...tf
    .grad((x) => balancedCrossEntropy(tf, x, Float32Array.from(targets), Float32Array.from(mask)))(
      tf.tensor1d(logits),
    )
    .dataSync(),
];
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

describe('balanced cross-entropy', () => {
  it('is the mean over links when both classes are as frequent, by hand', () => {
    const expected = -(Math.log(sigmoid(1)) + Math.log(1 - sigmoid(-2))) / 2;
    expect(loss([1, -2], [1, 0])).toBeCloseTo(expected, 6);
  });

  it('gives each class half of the loss, however rare, by hand', () => {
    const inside = -(Math.log(sigmoid(1)) + Math.log(sigmoid(0.5)) + Math.log(sigmoid(-1))) / 3;
    const across = -Math.log(1 - sigmoid(0.3));
    expect(loss([1, 0.5, -1, 0.3], [1, 1, 1, 0])).toBeCloseTo((inside + across) / 2, 6);
  });

  it('weights a class at most ten times, so that a crop of one class does not explode', () => {
    const entropy = -Math.log(sigmoid(1));
    const ones = Array.from({ length: 40 }, () => 1);
    expect(loss(ones, ones)).toBeCloseTo(entropy * (0.5 / 0.95), 6);
    const targets = ones.map((_, i) => (i === 0 ? 0 : 1));
    expect(gradient(ones, targets)[0]).toBeCloseTo((10 * sigmoid(1)) / 40, 6);
  });

  it('counts no masked link, neither in the loss nor in the balance', () => {
    expect(loss([1, -2, 7, -9], [1, 0, 0, 1], [1, 1, 0, 0])).toBeCloseTo(loss([1, -2], [1, 0]), 6);
    expect(gradient([1, -2, 7], [1, 0, 0], [1, 1, 0])[2]).toBeCloseTo(0, 12);
  });

  it('is 0, with no gradient, where nothing is labelled', () => {
    expect(loss([3, -3], [0, 0], [0, 0])).toBe(0);
    expect(gradient([3, -3], [0, 0], [0, 0]).map(Math.abs)).toEqual([0, 0]);
  });

  it('is finite for logits of 1000 either way, right and wrong', () => {
    expect(loss([1000, -1000], [1, 0])).toBeCloseTo(0, 6);
    expect(loss([-1000, 1000], [1, 0])).toBeCloseTo(1000, 2);
    for (const logits of [
      [1000, -1000],
      [-1000, 1000],
    ])
      expect(gradient(logits, [1, 0]).every(Number.isFinite)).toBe(true);
    expect(gradient([-1000, 1000], [1, 0])).toEqual([-0.5, 0.5]);
  });

  it('has the gradient (sigmoid(x) - t) / links, at 0 too: fresh heads say 0', () => {
    for (const [a, b] of [
      [0, 0],
      [0.7, -1.3],
      [-4, 3],
    ] as const) {
      const [first, second] = gradient([a, b], [1, 0]);
      expect(first).toBeCloseTo((sigmoid(a) - 1) / 2, 6);
      expect(second).toBeCloseTo(sigmoid(b) / 2, 6);
    }
  });
});

describe('fine-tuning', () => {
  const crop: Vec3 = [8, 8, 8];
  const names = describeNetwork(small, 'affinities').parameters.map(({ name }) => name);

  /** The weights after one step. */
  async function afterOneStep(peak: number, pretrained?: Weights): Promise<Weights> {
    const run = finetune({
      engine: await openEngine('cpu'),
      preset: small,
      crop,
      batch: 2,
      erode: true,
      steps: 1,
      seed: 5,
      schedule: { peak, warmup: 0, final: 1 },
      averageDecay: 0.9,
      checkpointEvery: 1,
      state: {},
      sampleCrop: (shape, random) => ({
        raw: uniform(shape, random.integer(1000), 0, 1),
        labels: Uint32Array.from(uniform(shape, 1), (value) => (value > 0 ? 1 : 2)),
      }),
      ...(pretrained ? { pretrained } : {}),
    });
    for await (const event of run) if (event.kind === 'checkpoint') return event.checkpoint.weights;
    throw new Error('no checkpoint');
  }

  it('starts from pretrained weights, with a fresh head', async () => {
    const pretrained = initialWeights(describeNetwork(small, 'pretraining').parameters, 1);
    const fresh = initialWeights(describeNetwork(small, 'affinities').parameters, 5);
    const started = await afterOneStep(0, pretrained);
    for (const name of names)
      expect(started.get(name), name).toEqual((pretrained.has(name) ? pretrained : fresh).get(name));
  });

  it('starts from scratch without them', async () => {
    expect(await afterOneStep(0)).toEqual(initialWeights(describeNetwork(small, 'affinities').parameters, 5));
  });

  it('trains everything: a step moves every parameter', async () => {
    const [before, after] = [await afterOneStep(0), await afterOneStep(0.01)];
    for (const name of names) expect(after.get(name), name).not.toEqual(before.get(name));
  });

  it('refuses a crop that does not suit the preset before anything runs', () => {
    const options = { preset: small, crop: [8, 8, 9] } as unknown as Parameters<typeof finetune>[0]; // fails before the rest is read
    expect(() => finetune(options)).toThrow(/axis x must be a positive multiple of 4/);
  });
});
