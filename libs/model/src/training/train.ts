/**
 * The training loop, the same for every purpose: draw a batch, differentiate, update, average, report. It knows nothing
 * of volumes or files: batches come from `sample`, checkpoints go out as events. Batch and hiding of step i are drawn
 * from a stream named after i, so a resumed run sees exactly what an undisturbed one would have seen.
 */
import type * as tfjs from '@tensorflow/tfjs';
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { ModelError } from '../errors.ts';
import { Random } from '../random.ts';
import { AdamW } from './adamw.ts';
import { MovingAverage } from './average.ts';
import { rateAt } from './schedule.ts';
import type { TrainingEvent, TrainingOptions } from './train-options.ts';
import { Variables } from './variables.ts';

export type * from './train-options.ts';

/**
 * Trains until `steps`, or until `signal` is aborted: then a last checkpoint is yielded and `finished` is false.
 * @returns the last checkpoint
 * @throws ModelError `model/engine` when the loss is no longer a number
 */
export async function* train<Batch>(
  options: TrainingOptions<Batch>,
): AsyncGenerator<TrainingEvent, { checkpoint: Checkpoint; finished: boolean }> {
  const { engine, parameters, resume, steps, now = () => performance.now() } = options;
  const { tf, ops } = engine;
  const start = resume ? stepOf(resume) : 0;
  const weights = resume?.weights ?? options.weights;
  engine.activate();
  const variables = new Variables(tf, parameters, weights);
  const average = new MovingAverage(tf, parameters, resume?.average ?? weights, options.averageDecay);
  const optimizer = new AdamW(tf, options.optimizer);
  if (resume?.optimizer) optimizer.restore(resume.optimizer);
  const list = [...variables.all.values()];

  const snapshot = async (step: number): Promise<Checkpoint> => ({
    weights: await variables.read(),
    average: await average.variables.read(),
    optimizer: await optimizer.read(),
    state: { ...options.state, step, steps },
  });

  try {
    let last: Checkpoint | undefined;
    for (let step = start; step < steps; step++) {
      if (options.signal?.aborted) {
        last = await snapshot(step);
        yield { kind: 'checkpoint', step, checkpoint: last };
        return { checkpoint: last, finished: false };
      }
      const begun = now();
      const batch = await options.sample(step, Random.named(options.seed, `step ${step}`));
      engine.activate(); // another engine may have run while this one waited
      let parts: Record<string, tfjs.Scalar> = {};
      const { value, grads } = tf.variableGrads(() => {
        const losses = options.loss(ops, variables.source(), batch, step);
        parts = Object.fromEntries(
          Object.entries(losses).map(([name, loss]) => [name, tf.keep(loss.clone())]),
        );
        return losses.total;
      }, list);
      const gradients = new Map<string, tfjs.Tensor>();
      for (const [name, variable] of variables.all) {
        const gradient = grads[variable.name];
        if (gradient) gradients.set(name, gradient);
      }
      const rate = rateAt(options.schedule, step, steps);
      const norm = optimizer.apply(variables.all, gradients, () => rate);
      average.update(variables.all, step);
      const losses: Record<string, number> = {};
      for (const [name, loss] of Object.entries(parts)) losses[name] = (await loss.data())[0]!;
      const gradientNorm = (await norm.data())[0]!;
      tf.dispose([value, norm, ...Object.values(grads), ...Object.values(parts)]);
      if (!Number.isFinite(losses['total']) || !Number.isFinite(gradientNorm))
        throw new ModelError(
          'model/engine',
          `At step ${step + 1} the loss is ${losses['total']} and its gradient's norm ${gradientNorm}; resume from the last checkpoint with a lower rate than ${rate}.`,
        );
      const seconds = (now() - begun) / 1000;
      yield {
        kind: 'step',
        step: step + 1,
        steps,
        losses,
        rate,
        gradientNorm,
        voxels: options.voxels(batch),
        seconds,
      };
      if ((step + 1) % options.checkpointEvery === 0 || step + 1 === steps) {
        last = await snapshot(step + 1);
        yield { kind: 'checkpoint', step: step + 1, checkpoint: last };
      }
    }
    return { checkpoint: last ?? (await snapshot(start)), finished: true };
  } finally {
    // `using` would say this better; Node 22 does not run it
    for (const owned of [variables, average, optimizer]) owned[Symbol.dispose]();
  }
}

function stepOf(checkpoint: Checkpoint): number {
  const step = checkpoint.state['step'];
  if (typeof step !== 'number' || !checkpoint.optimizer)
    throw new ModelError(
      'model/checkpoint',
      'This checkpoint is for use, not for resuming: it holds no optimizer state.',
    );
  return step;
}
