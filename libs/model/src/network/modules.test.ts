import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { parity, type ParityCase } from '../onnx/parity.fixture.ts';
import type { Ops } from '../ops/ops.ts';
import { recomputing } from '../ops/recompute.ts';
import { arrayOf, mapOf, type ShapeValue } from '../ops/shape-ops.ts';
import { TensorOps } from '../ops/tensor-ops.ts';
import { recordParameters } from './describe.ts';
import { otherModules } from './modules.fixture.ts';
import { relativeError, uniform } from './small.fixture.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('what is exported computes what was trained:', () => {
  it.each(Object.keys(otherModules))('%s', async (name) => {
    for (const [opset, batch] of [
      [17, 2],
      [21, 1],
    ] as const)
      expect(await parity(otherModules[name]!, { opset, batch })).toBeLessThan(1e-4);
  });
});

describe('the gradient by every input and weight is the slope of the output:', () => {
  it.each(Object.keys(otherModules))('%s', (name) => {
    const { slope, length } = slopes(otherModules[name]!, new TensorOps(tf));
    expect(length).toBeGreaterThan(0.05); // or nothing is compared
    expect(slope / length).toBeGreaterThan(0.98); // rectifiers bend
    expect(slope / length).toBeLessThan(1.02);
  });
});

describe('with recomputation the gradients are the same:', () => {
  it.each(Object.keys(otherModules))('%s', (name) => {
    const plain = new TensorOps(tf);
    const [kept, again] = [plain, recomputing(plain)].map(
      (ops) => slopes(otherModules[name]!, ops).gradients,
    );
    expect(again!.length).toBe(kept!.length);
    expect(relativeError(again!, kept!)).toBeLessThan(1e-5);
  });
});

const BATCH = 2;

interface Slopes {
  /** Length of the gradient by all inputs and weights together, of a weighted sum of the output. */
  readonly length: number;
  /** How fast that sum grows along the gradient, by differences: the same, if the gradient is right. */
  readonly slope: number;
  readonly gradients: readonly number[];
}

function slopes(test: ParityCase, ops: Ops<tf.Tensor>): Slopes {
  const named = valuesOf(test);
  const run = (tensors: readonly tf.Tensor[]): tf.Tensor => {
    const get = (name: string) => tensors[named.findIndex((value) => value.name === name)]!;
    const inputs = test.inputs.map((_, i) => get(`input ${i}`));
    return test.run<tf.Tensor>(ops, inputs, { get });
  };
  const variables = named.map(({ data, shape }) => tf.variable(tf.tensor(data, shape)));
  let weights: Float32Array = new Float32Array();
  const { value, grads } = tf.variableGrads(() => {
    const out = run(variables);
    weights = uniform([out.size], 9);
    return out.mul(tf.tensor(weights, out.shape)).sum() as tf.Scalar; // of all axes
  }, variables);
  const gradients = variables.map((variable, i) => {
    const gradient = grads[variable.name] as tf.Tensor | null; // null where the output does not depend on it
    return gradient ? (gradient.dataSync() as Float32Array) : new Float32Array(named[i]!.data.length);
  });
  tf.dispose([value, ...Object.values(grads), ...variables]);
  const length = Math.hypot(...gradients.map((gradient) => Math.hypot(...gradient)));

  const output = (step: number): Float32Array =>
    tf.tidy(() => {
      const moved = named.map(({ data, shape }, i) =>
        tf.tensor(
          data.map((before, j) => before + (step * gradients[i]![j]!) / length),
          shape,
        ),
      );
      return run(moved).dataSync() as Float32Array; // float32 in, float32 out
    });
  // far enough for float32 to tell, and no further: norms over few voxels bend
  const step = Math.max(1e-5, Math.min(1e-3, 0.002 / length));
  const [ahead, behind] = [output(step), output(-step)];
  let slope = 0; // summed in float64: the engine's own sum is float32
  for (let i = 0; i < ahead.length; i++) slope += ((ahead[i]! - behind[i]!) * weights[i]!) / (2 * step);
  return { length, slope, gradients: gradients.flatMap((gradient) => [...gradient]) };
}
/** Inputs in the engine's layout, and weights that are never constant. */
function valuesOf(test: ParityCase): { name: string; shape: number[]; data: Float32Array }[] {
  const [low, high] = test.range ?? [-1, 1];
  const forms = test.inputs.map(({ kind, shape }): ShapeValue => {
    const [channels, z, y, x] = shape as [number, number, number, number]; // of a map
    return kind === 'map' ? mapOf(BATCH, channels, [z, y, x]) : arrayOf([BATCH, ...shape]);
  });
  const inputs = forms.map((form, i) => {
    const shape = form.kind === 'map' ? [BATCH, ...form.map.space, form.map.channels] : [...form.shape];
    return { name: `input ${i}`, shape, data: uniform(shape, i + 1, low, high) };
  });
  const { parameters } = recordParameters((ops, p) => test.run(ops, forms, p));
  const weights = parameters.map(({ name, shape, init }, i) => ({
    name,
    shape: [...shape],
    data: uniform(shape, 100 + i, -0.3, 0.3).map(
      (value) => (init.kind === 'constant' ? init.value : 0) + value,
    ),
  }));
  return [...inputs, ...weights];
}
