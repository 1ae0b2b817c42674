import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeNetwork, type Purpose } from '../network/describe.ts';
import { affinityForward, pretrainingForward } from '../network/network.ts';
import { scoped, zeros, type ParameterSource } from '../network/parameters.ts';
import { relativeError, small, uniform } from '../network/small.fixture.ts';
import { countPeakBytes } from '../training/train-peak.ts';
import { Variables } from '../training/variables.ts';
import { initialWeights } from '../training/weights.ts';
import { leanGradients } from './recompute-gradients.ts';
import { recomputing, type RecomputingOps, type SegmentBody } from './recompute.ts';
import { TensorOps } from './tensor-ops.ts';

let plain: TensorOps;
let dropping: RecomputingOps;
beforeAll(async () => {
  await tf.setBackend('cpu');
  plain = new TensorOps(tf);
  dropping = recomputing(plain);
});

const values = (tensors: readonly tf.Tensor[]) => tensors.map((tensor) => [...tensor.dataSync()]);

/** Loss and gradients of x, y and the weights u and v; all tensors it leaves are disposed of. */
function differentiate(
  run: (p: ParameterSource<tf.Tensor>, x: tf.Tensor, y: tf.Tensor) => tf.Tensor,
): number[][] {
  const variables = ['x', 'y', 'u', 'v'].map((_, i) =>
    tf.tidy(() => tf.variable(tf.tensor2d(uniform([4, 4], i + 1), [4, 4]))),
  );
  const [x, y, u, v] = variables as [tf.Variable, tf.Variable, tf.Variable, tf.Variable];
  const p: ParameterSource<tf.Tensor> = { get: (name) => (name.endsWith('u') ? u : v) };
  const { value, grads } = tf.variableGrads(() => run(p, x, y).sum(), variables);
  const out = values([value, ...variables.map(({ name }) => grads[name]!)]);
  tf.dispose([value, ...Object.values(grads), ...variables]);
  return out;
}

/** Two inputs, two weights, two results. */
const body: SegmentBody = (p, [a, b]) => {
  const hidden = tf.tanh(tf.matMul(a!, p.get('u', [4, 4], zeros)));
  const out = tf.mul(tf.matMul(hidden, p.get('v', [4, 4], zeros)), b!);
  return [out, tf.sum(tf.square(hidden), 1)];
};
const segment = (p: ParameterSource<tf.Tensor>, inputs: readonly tf.Tensor[], of: SegmentBody = body) =>
  dropping.recompute(p, inputs, of);

describe('a segment that is recomputed', () => {
  it('has the results and gradients of one that is kept, to inputs and weights', () => {
    const join = ([a, b]: readonly tf.Tensor[]) => tf.mul(tf.square(a!), b!.reshape([4, 1]));
    const kept = differentiate((p, x, y) => join(body(p, [x, y])));
    expect(differentiate((p, x, y) => join(segment(p, [x, y])))).toEqual(kept);
    for (const gradient of kept.slice(1)) expect(gradient.some((g) => g !== 0)).toBe(true);
  });

  it('may lie in another, and twice in a row with the same weights', () => {
    const twice =
      (inner: typeof segment): SegmentBody =>
      (p, [a, b]) => {
        const [first] = inner(scoped(p, 'deep'), [a!, b!]);
        const [second, norms] = inner(scoped(p, 'deep'), [first!, a!]);
        return [tf.add(second!, a!), norms!];
      };
    const run = (inner: typeof segment, outer: typeof segment) =>
      differentiate((p, x, y) => {
        const [first, norms] = outer(p, [x, y], twice(inner));
        const [second] = outer(p, [first!, x], twice(inner));
        return tf.add(second!, norms!.reshape([4, 1]));
      });
    const keep: typeof segment = (p, inputs, of = body) => of(p, inputs);
    const expected = run(keep, keep);
    for (const [inner, outer] of [
      [segment, keep],
      [keep, segment],
      [segment, segment],
    ] as const)
      run(inner, outer).forEach((actual, i) =>
        expect(relativeError(actual, expected[i]!)).toBeLessThan(1e-6),
      );
  });

  it('gives zero to what it does not use, and passes on what it is given', () => {
    const odd: SegmentBody = (p, [a, b]) => {
      p.get('v', [4, 4], zeros);
      return [tf.matMul(a!, p.get('u', [4, 4], zeros)), b!];
    };
    const kept = differentiate((p, x, y) =>
      tf.mul(...(odd(p, [x, y]) as [tf.Tensor, tf.Tensor])).add(p.get('v', [4, 4], zeros)),
    );
    const dropped = differentiate((p, x, y) =>
      tf.mul(...(segment(p, [x, y], odd) as [tf.Tensor, tf.Tensor])).add(p.get('v', [4, 4], zeros)),
    );
    expect(dropped).toEqual(kept);
  });

  it('frees every tensor, also when there is nothing to differentiate', () => {
    const step = () => differentiate((p, x, y) => segment(p, [x, y], (q, inner) => segment(q, inner))[0]!);
    step();
    const before = tf.memory();
    for (let i = 0; i < 10; i++) step();
    tf.tidy(() => {
      segment({ get: () => tf.ones([4, 4]) }, [tf.ones([4, 4]), tf.ones([4, 4])]);
    });
    expect(tf.memory()).toMatchObject({ numTensors: before.numTensors, numBytes: before.numBytes });
  });

  it('frees every tensor when it fails, and leaves the engine usable', () => {
    const fail: SegmentBody = (p, inputs) => {
      const [out] = body(p, inputs);
      const broken = tf.customGrad((x) => ({
        value: tf.tanh(x as tf.Tensor),
        gradFunc: () => {
          throw new Error('broken');
        },
      }));
      return [broken(out!)];
    };
    const weights = tf.tidy(() => tf.variable(tf.ones([4, 4])));
    const { numTensors } = tf.memory();
    const run = () =>
      tf.tidy(() => {
        leanGradients(tf, () => segment({ get: () => weights }, [weights, weights], fail)[0]!, [weights]);
      });
    for (let i = 0; i < 3; i++) expect(run).toThrow('broken');
    expect(tf.memory().numTensors).toBe(numTensors);
    weights.dispose();
    expect(differentiate((p, x, y) => segment(p, [x, y])[0]!)).toEqual(
      differentiate((p, x, y) => body(p, [x, y])[0]!),
    );
  });

  it('keeps the boundaries of a chain, not its insides', async () => {
    const wide: SegmentBody = (_, [x]) => {
      let out = x!;
      for (let i = 0; i < 10; i++) out = tf.sigmoid(out);
      return [out];
    };
    const x = tf.tidy(() => tf.variable(tf.zeros([1000])));
    const peakOf = async (length: number, run: (x: tf.Tensor) => tf.Tensor) => {
      const { result, peak } = await countPeakBytes(tf, () =>
        tf.variableGrads(() => {
          let out: tf.Tensor = x;
          for (let i = 0; i < length; i++) out = run(out);
          return out.sum() as tf.Scalar;
        }, [x]),
      );
      tf.dispose([result.value, result.grads[x.name]!]);
      return peak / 4000;
    };
    const [keptShort, keptLong] = [
      await peakOf(4, (t) => wide(sourceless, [t])[0]!),
      await peakOf(12, (t) => wide(sourceless, [t])[0]!),
    ];
    const [short, long] = [
      await peakOf(4, (t) => segment(sourceless, [t], wide)[0]!),
      await peakOf(12, (t) => segment(sourceless, [t], wide)[0]!),
    ];
    expect((keptLong - keptShort) / 8).toBeGreaterThan(15); // ten results and ten gradients for each more
    expect((long - short) / 8).toBeLessThan(3.5); // its input and their gradients
    x.dispose();
  });
});
const sourceless: ParameterSource<tf.Tensor> = {
  get(name) {
    throw new Error(`no weight '${name}'`);
  },
};

describe('the network with recomputation', () => {
  const space = [8, 8, 8] as const;
  const n = 2;
  const crop = uniform([n, ...space, 1], 3, 0, 1);

  function gradients(ops: TensorOps, purpose: Purpose) {
    const { parameters } = describeNetwork(small, purpose);
    const variables = new Variables(tf, parameters, initialWeights(parameters, 7));
    const { value, grads } = tf.variableGrads(() => {
      const input = tf.tensor5d(crop, [n, ...space, 1]);
      const p = variables.source();
      if (purpose === 'affinities')
        return tf.square(affinityForward(ops, p, small, input)).mean() as tf.Scalar;
      const position = tf.oneHot([1, 5], 8).reshape([n, 1, 8]).toFloat();
      const out = pretrainingForward(ops, p, small, input, position);
      return tf.square(out.voxels).mean().add(tf.square(out.token).sum()) as tf.Scalar;
    }, [...variables.all.values()]);
    const out = new Map([['loss', value.dataSync()]]);
    for (const [name, variable] of variables.all) out.set(name, grads[variable.name]!.dataSync());
    tf.dispose([value, ...Object.values(grads)]);
    variables[Symbol.dispose]();
    return out;
  }

  it.each(['pretraining', 'affinities'] as const)('has the loss and every gradient of %s', (purpose) => {
    const [expected, actual] = [gradients(plain, purpose), gradients(dropping, purpose)];
    let largest = 0;
    for (const data of expected.values())
      for (const value of data) largest = Math.max(largest, Math.abs(value));
    expect([...actual.keys()]).toEqual([...expected.keys()]);
    for (const [name, data] of expected) {
      // a body that reads a weight from outside its segment would train it with zeros
      if (name !== 'loss' && data.some((g) => Math.abs(g) > 1e-6 * largest))
        expect(
          actual.get(name)!.some((g) => g !== 0),
          name,
        ).toBe(true);
      actual.get(name)!.forEach((g, i) => expect(Math.abs(g - data[i]!), name).toBeLessThan(1e-6 * largest));
    }
  });
});
