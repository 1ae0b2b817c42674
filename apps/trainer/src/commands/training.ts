import {
  measureEngine,
  openEngine,
  type Engine,
  type EngineChoice,
  type StepEvent,
  type TrainingEvent,
} from '@tokenunify/model';
import type { Reporter } from '../progress/reporter.ts';
import type { RunDirectory } from '../run-directory.ts';

/** What every command that trains shares: the engine, said aloud, and the reader of the loop's events. */
export async function announceEngine(choice: EngineChoice, reporter: Reporter): Promise<Engine> {
  const engine = await openEngine(choice);
  const { matmulGflops, conv3dGflops } = await measureEngine(engine);
  reporter.note(
    `engine ${engine.name}: matmul ${matmulGflops.toFixed(1)} GFLOP/s, conv3d ${conv3dGflops.toFixed(1)} GFLOP/s`,
  );
  if (engine.advice) reporter.note(`This engine is slow; \`${engine.advice}\` installs a fast one.`);
  return engine;
}

type Training = AsyncGenerator<TrainingEvent, { finished: boolean }>;

/** Reads a training to its end: logs steps, saves checkpoints. */
export async function follow(
  stage: string,
  training: Training,
  run: RunDirectory,
  reporter: Reporter,
): Promise<{ finished: boolean; steps: number; seconds: number; checkpoint: string | undefined }> {
  let checkpoint: string | undefined;
  let steps = 0;
  let seconds = 0;
  for (;;) {
    const { value, done } = await training.next();
    if (done) return { finished: value.finished, steps, seconds, checkpoint };
    if (value.kind === 'checkpoint') checkpoint = await run.save(value.checkpoint, value.step);
    else {
      steps++;
      seconds += value.seconds;
      await run.log({ ...value });
      reporter.progress(stepLine(stage, value));
    }
  }
}

function stepLine(stage: string, event: StepEvent) {
  const losses = Object.entries(event.losses)
    .map(([name, loss]) => `${name} ${loss.toFixed(4)}`)
    .join('  ');
  const throughput = `${(event.voxels / event.seconds / 1e3).toFixed(0)} kvox/s`;
  return {
    stage,
    done: event.step,
    total: event.steps,
    detail: `${losses}  ${throughput}`,
    data: { ...event },
  };
}

/** 130 on Ctrl-C, as shells expect; the state is resumable. */
export function finish(
  reporter: Reporter,
  command: string,
  done: { finished: boolean; steps: number; seconds: number; checkpoint: string | undefined },
  out: string,
): number {
  if (!done.finished) {
    reporter.note(`Stopped; go on with \`tokenunify ${command} ... --out ${out} --resume\`.`);
    return 130;
  }
  reporter.result(
    `${command}: ${done.steps} steps in ${done.seconds.toFixed(0)} s${done.checkpoint ? `, ${done.checkpoint}` : ''}`,
    { command, steps: done.steps, seconds: done.seconds, checkpoint: done.checkpoint ?? null },
  );
  return 0;
}
