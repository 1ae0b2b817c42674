import type * as tfjs from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { uniform, volumeOf } from '../network/small.fixture.ts';
import { train, type StepEvent } from '../training/train.ts';
import { initialWeights } from '../training/weights.ts';
import { openEngine, type Engine } from './engine.ts';
import { describeTensorflow } from './tensorflow.fixture.ts';

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
