import type * as tfjs from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { openEngine } from '../engines/engine.ts';
import { recordParameters } from '../network/describe.ts';
import { mambaLayer } from '../network/mamba.ts';
import type { ParameterSource } from '../network/parameters.ts';
import { small } from '../network/small.fixture.ts';
import type { Ops } from '../ops/ops.ts';
import { mapOf } from '../ops/shape-ops.ts';
import { train } from '../training/train.ts';
import { initialWeights } from '../training/weights.ts';

const STEPS = 1000;
const SPACE = [1, 2, 2] as const;

const layer = <T>(ops: Ops<T>, p: ParameterSource<T>, x: T): T => mambaLayer(ops, p, x, small.mamba);

it('after a thousand steps there are as many tensors as after two', async () => {
  const engine = await openEngine('auto'); // the fastest there is; the parity suites look at each engine for some steps
  const { parameters } = recordParameters((ops, p) => layer(ops, p, mapOf(1, 8, SPACE)));
  const training = train({
    engine,
    parameters,
    weights: initialWeights(parameters, 1),
    steps: STEPS,
    seed: 1,
    schedule: { peak: 1e-3, warmup: 10, final: 0.1 },
    averageDecay: 0.9,
    checkpointEvery: STEPS,
    state: {},
    sample: (_, random) => Float32Array.from({ length: 32 }, () => random.normal()),
    voxels: () => 4,
    loss: (ops, p, batch) => {
      const y = layer(ops, p, ops.tf.tensor(batch, [1, ...SPACE, 8]));
      return { total: y.square().mean() as tfjs.Scalar }; // of all axes
    },
  });
  const counts = new Map<number, number>();
  for await (const event of training)
    if (event.kind === 'step' && event.step > 1) counts.set(event.step, engine.tf.memory().numTensors);
  expect(counts.size).toBe(STEPS - 1);
  expect(new Set(counts.values()).size).toBe(1);
});
