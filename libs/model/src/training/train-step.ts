import type * as tfjs from '@tensorflow/tfjs';
import { ModelError } from '../errors.ts';
import { leanGradients } from '../ops/recompute-gradients.ts';
import type { TensorOps, Tf } from '../ops/tensor-ops.ts';
import { Random } from '../random.ts';
import type { TrainingOptions } from './train-options.ts';
import type { Variables } from './variables.ts';

/** Loss and gradient of one step. The caller disposes of the gradients. */
export interface StepResult {
  /** Means over the micro-batches; up to the first whose `total` is no number. */
  readonly losses: Readonly<Record<string, number>>;
  /** By parameter name; means over the micro-batches. */
  readonly gradients: ReadonlyMap<string, tfjs.Tensor>;
  readonly voxels: number;
  /** Where the step's batches came from: the one whose loss is no number, where there is one. */
  readonly origin: string | undefined;
}

/** What `train` gives to every step. */
export interface StepContext<Batch> {
  readonly options: TrainingOptions<Batch>;
  readonly variables: Variables;
  readonly ops: TensorOps;
}

/**
 * The micro-batches of one step, one after the other: gradients are summed as they come, so that what is held does not
 * grow with their number.
 * @returns undefined when the signal is aborted in between: the step has not been taken
 */
export async function accumulateStep<Batch>(
  context: StepContext<Batch>,
  step: number,
): Promise<StepResult | undefined> {
  const { options } = context;
  const { engine, accumulate: parts = 1 } = options;
  const accumulate = typeof parts === 'number' ? parts : parts(step);
  if (!Number.isInteger(accumulate) || accumulate < 1)
    throw new ModelError(
      'model/config',
      `accumulate is ${accumulate} at step ${step + 1}; a step needs a whole number of micro-batches, at least 1.`,
    );
  const { tf } = engine;
  const sums = new Map<string, number>();
  let gradients = new Map<string, tfjs.Tensor>();
  let voxels = 0;
  const origins: string[] = [];
  const found = (origin: readonly string[], parts: number): StepResult => ({
    losses: Object.fromEntries([...sums].map(([name, sum]) => [name, sum / parts])),
    gradients,
    voxels,
    origin: origin.length > 0 ? origin.join(', ') : undefined,
  });
  try {
    for (let part = 0; part < accumulate; part++) {
      if (options.signal?.aborted) break;
      const batch = await options.sample(step, Random.named(options.seed, streamOf(step, part)));
      engine.activate(); // another engine may have run while this one waited
      const { losses, gradients: fresh } = differentiate(context, batch, step);
      gradients = sumOf(tf, gradients, fresh);
      voxels += options.voxels(batch);
      const origin = options.origin?.(batch);
      if (origin !== undefined) origins.push(origin);
      const values = await read(losses);
      engine.activate();
      for (const [name, value] of values) sums.set(name, (sums.get(name) ?? 0) + value);
      if (!Number.isFinite(sums.get('total'))) return found(origin === undefined ? [] : [origin], part + 1);
      if (part + 1 === accumulate) {
        if (accumulate > 1) gradients = scaled(tf, gradients, 1 / accumulate);
        return found(origins, accumulate);
      }
    }
  } catch (error) {
    tf.dispose([...gradients.values()]);
    throw error;
  }
  tf.dispose([...gradients.values()]);
  return undefined;
}

/** The first keeps the name it had before there were others: a run of that time goes on with the batches it had. */
const streamOf = (step: number, part: number): string =>
  part === 0 ? `step ${step}` : `step ${step} part ${part}`;

function differentiate<Batch>({ options, variables, ops }: StepContext<Batch>, batch: Batch, step: number) {
  const { tf } = options.engine;
  let losses: Record<string, tfjs.Scalar> = {};
  const run = (): tfjs.Scalar => {
    const parts = options.loss(ops, variables.source(), batch, step);
    losses = Object.fromEntries(Object.entries(parts).map(([name, loss]) => [name, tf.keep(loss.clone())]));
    return parts.total;
  };
  const list = [...variables.all.values()];
  const gradients = new Map<string, tfjs.Tensor>();
  if (options.recompute) {
    const { value, grads } = leanGradients(tf, run, list);
    value.dispose();
    [...variables.all.keys()].forEach((name, i) => grads[i] && gradients.set(name, grads[i]));
  } else {
    const { value, grads } = tf.variableGrads(run, list);
    value.dispose();
    for (const [name, variable] of variables.all) {
      const gradient = grads[variable.name];
      if (gradient) gradients.set(name, gradient);
    }
  }
  return { losses, gradients };
}

async function read(losses: Readonly<Record<string, tfjs.Scalar>>): Promise<[string, number][]> {
  const entries = Object.entries(losses);
  try {
    return await Promise.all(
      entries.map(async ([name, loss]): Promise<[string, number]> => [name, (await loss.data())[0]!]),
    );
  } finally {
    for (const [, loss] of entries) loss.dispose();
  }
}

/** Both go, tensor by tensor, as their sum comes. */
function sumOf(
  tf: Tf,
  sums: ReadonlyMap<string, tfjs.Tensor>,
  fresh: ReadonlyMap<string, tfjs.Tensor>,
): Map<string, tfjs.Tensor> {
  const out = new Map(sums);
  for (const [name, gradient] of fresh) {
    const before = sums.get(name);
    out.set(name, before ? tf.add(before, gradient) : gradient);
    if (before) tf.dispose([before, gradient]);
  }
  return out;
}

function scaled(
  tf: Tf,
  gradients: ReadonlyMap<string, tfjs.Tensor>,
  factor: number,
): Map<string, tfjs.Tensor> {
  const out = new Map<string, tfjs.Tensor>();
  for (const [name, gradient] of gradients) {
    out.set(name, tf.mul(gradient, factor));
    gradient.dispose();
  }
  return out;
}
