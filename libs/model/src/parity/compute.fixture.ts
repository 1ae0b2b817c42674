import type * as tfjs from '@tensorflow/tfjs';
import type { Engine } from '../engines/engine.ts';
import { recordParameters } from '../network/describe.ts';
import { uniform } from '../network/small.fixture.ts';
import type { ParityCase, ParityInput } from '../onnx/parity.fixture.ts';
import { arrayOf, mapOf } from '../ops/shape-ops.ts';

/** Numbers of one case: 'output', and 'gradient of NAME' for each input and weight that the output depends on. */
export type Numbers = ReadonlyMap<string, Float32Array>;

const BATCH = 2;

/** Runs a case on an engine: its output, and the gradients of a weighted sum of it by every input and every weight. */
export async function compute(engine: Engine, test: ParityCase): Promise<Numbers> {
  const [low, high] = test.range ?? [-1, 1];
  const values: Values[] = test.inputs.map((input, i) => {
    const shape = layoutOf(input);
    return { name: `input ${i}`, shape, data: uniform(shape, i + 1, low, high) };
  });
  // never constant: a gain of 1 or a bias of 0 would hide a fault
  for (const [i, { name, shape }] of parametersOf(test).entries())
    values.push({ name, shape, data: uniform(shape, 100 + i, -0.6, 0.6) });
  return differentiate(engine, values, ({ ops }, get) => {
    const inputs = test.inputs.map((_, i) => get(`input ${i}`));
    return test.run<tfjs.Tensor>(ops, inputs, { get });
  });
}

export interface Values {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Value of `run` and the gradients of a weighted sum of it by each of `values`; leaves no tensor behind. */
export async function differentiate(
  engine: Engine,
  values: readonly Values[],
  run: (engine: Engine, get: (name: string) => tfjs.Tensor) => tfjs.Tensor,
): Promise<Numbers> {
  const { tf, name } = engine;
  engine.activate();
  const variables = new Map(
    values.map(
      ({ name, shape, data }) => [name, tf.tidy(() => tf.variable(tf.tensor(data, [...shape])))] as const,
    ),
  );
  let output: tfjs.Tensor | undefined;
  const { value, grads } = tf.variableGrads(() => {
    output = tf.keep(run(engine, (key) => variables.get(key)!).clone());
    return output.mul(tf.tensor(uniform(output.shape, 77), output.shape)).sum() as tfjs.Scalar; // of all axes
  }, [...variables.values()]);
  if (tf.getBackend() !== name) throw new Error(`${tf.getBackend()} computed what ${name} should have`);
  const results = new Map<string, Float32Array>([['output', await read(output!)]]);
  for (const [key, variable] of variables) {
    const gradient = grads[variable.name] as tfjs.Tensor | null; // null where the output does not depend on it
    if (gradient) results.set(`gradient of ${key}`, await read(gradient));
  }
  tf.dispose([value, output!, ...Object.values(grads), ...variables.values()]);
  return results;
}

const read = async (tensor: tfjs.Tensor) => Float32Array.from(await tensor.data());

/** NDHWC of a map, the array's own shape otherwise; with the batch. */
function layoutOf({ kind, shape }: ParityInput): readonly number[] {
  const [channels, ...space] = shape as [number, ...number[]];
  return [BATCH, ...(kind === 'map' ? [...space, channels] : shape)];
}

function parametersOf(test: ParityCase) {
  const { parameters } = recordParameters((shapes, p) => {
    const forms = test.inputs.map(({ kind, shape }) => {
      const [channels, z, y, x] = shape as [number, number, number, number]; // of a map
      return kind === 'map' ? mapOf(BATCH, channels, [z, y, x]) : arrayOf([BATCH, ...shape]);
    });
    test.run(shapes, forms, p);
  });
  return parameters;
}

/**
 * max |a - b| / max |b| of the worst array. A gradient's scale is at least 1 % of the largest gradient's: some are zero
 * but for rounding (a bias before a normalisation).
 * @throws when the two have other arrays, or an array of the expected numbers is all zero
 */
export function difference(actual: Numbers, expected: Numbers): { worst: number; where: string } {
  const [ours, theirs] = [[...actual.keys()].join(), [...expected.keys()].join()];
  if (ours !== theirs) throw new Error(`gradients of other things: ${ours} instead of ${theirs}`);
  const largest = (values: Float32Array) => values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const gradients = [...expected].filter(([key]) => key !== 'output').map(([, values]) => largest(values));
  const floor = 0.01 * Math.max(...gradients);
  let [worst, where] = [0, ''];
  for (const [key, values] of expected) {
    const scale = key === 'output' ? largest(values) : Math.max(floor, largest(values));
    if (scale === 0) throw new Error(`${key} is all zero: nothing was compared`);
    if (values.length !== actual.get(key)!.length) throw new Error(`${key} has another size`);
    let off = 0;
    for (const [i, value] of values.entries()) {
      const away = Math.abs(value - actual.get(key)![i]!);
      if (!(away <= off)) off = away; // also when it is NaN
    }
    if (!(off / scale <= worst)) [worst, where] = [off / scale, key];
  }
  return { worst, where };
}
