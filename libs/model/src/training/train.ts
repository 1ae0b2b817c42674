/**
 * The training loop, the same for every purpose: draw batches, differentiate, update, average, report. It knows nothing
 * of volumes or files: batches come from `sample`, checkpoints go out as events. Batches and hiding of step i are drawn
 * from streams named after i, so a resumed run sees exactly what an undisturbed one would have seen.
 */
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { recomputing } from '../ops/recompute.ts';
import { AdamW } from './adamw.ts';
import { MovingAverage } from './average.ts';
import { rateAt } from './schedule.ts';
import { checkFinite, checkRate, checkStep } from './train-divergence.ts';
import type { TrainingEvent, TrainingOptions } from './train-options.ts';
import { checkResumable } from './train-resume.ts';
import { accumulateStep } from './train-step.ts';
import { Variables } from './variables.ts';

export type * from './train-options.ts';

/**
 * Trains until `steps`, or until `signal` is aborted: then a last checkpoint is yielded and `finished` is false. An
 * abort is noticed between micro-batches; the step it interrupts was not taken.
 * @returns the last checkpoint
 * @throws ModelError `model/diverged` when the loss, its gradient, the rate or a weight is no longer a finite number: with
 *   the step, where its batch came from and the last good checkpoint; nothing of that step goes out
 * @throws ModelError `model/checkpoint` or `model/parameters` when `resume` is of another network or another seed
 */
export async function* train<Batch>(
  options: TrainingOptions<Batch>,
): AsyncGenerator<TrainingEvent, { checkpoint: Checkpoint; finished: boolean }> {
  const { engine, parameters, resume, steps, probe, now = () => performance.now() } = options;
  const { tf } = engine;
  const start = resume ? checkResumable(resume, parameters, options.seed) : 0;
  const weights = resume?.weights ?? options.weights;
  engine.activate();
  const ops = options.recompute ? recomputing(engine.ops) : engine.ops;
  const variables = new Variables(tf, parameters, weights);
  const average = new MovingAverage(tf, parameters, resume?.average ?? weights, options.averageDecay);
  const optimizer = new AdamW(tf, options.optimizer);
  if (resume?.optimizer) optimizer.restore(resume.optimizer);

  const snapshot = async (step: number): Promise<Checkpoint> => ({
    weights: await variables.read(),
    average: await average.variables.read(),
    optimizer: await optimizer.read(),
    state: { seed: options.seed, ...options.state, step, steps },
  });

  try {
    let last: Checkpoint | undefined;
    let good = resume ? start : undefined; // the step of the last checkpoint
    for (let step = start; step < steps; step++) {
      const begun = now();
      const rate = rateAt(options.schedule, step, steps);
      checkRate({ step, steps, rate, good });
      const taken = await accumulateStep({ options, variables, ops }, step);
      if (!taken) {
        last = await snapshot(step);
        yield { kind: 'checkpoint', step, checkpoint: last };
        return { checkpoint: last, finished: false };
      }
      const { losses, gradients, voxels, origin } = taken;
      const norm = optimizer.apply(variables.all, gradients, () => rate);
      tf.dispose([...gradients.values()]);
      average.update(variables.all, step);
      const gradientNorm = (await norm.data())[0]!;
      norm.dispose();
      engine.activate();
      checkStep({ step, steps, rate, good, origin, loss: losses['total']!, gradientNorm });
      const seconds = (now() - begun) / 1000;
      yield { kind: 'step', step: step + 1, steps, losses, rate, gradientNorm, voxels, seconds };
      const [done, ends] = [step + 1, step + 1 === steps];
      if (probe && (done % probe.every === 0 || ends))
        yield { ...(await probe.run(average.variables.source(), done)), kind: 'probe', step: done };
      if (done % options.checkpointEvery === 0 || ends) {
        engine.activate(); // whoever took the events may have used another
        const checkpoint = await snapshot(done);
        checkFinite(checkpoint, { step, steps, rate, good, origin });
        last = checkpoint;
        good = done;
        yield { kind: 'checkpoint', step: done, checkpoint: last };
      }
    }
    return { checkpoint: last ?? (await snapshot(start)), finished: true };
  } finally {
    // `using` would say this better; Node 22 does not run it
    for (const owned of [variables, average, optimizer]) owned[Symbol.dispose]();
  }
}
