import { defaultCurriculum, presetNamed, pretrain, type EngineChoice } from '@tokenunify/model';
import { createReporter, type Reporter } from '../progress/reporter.ts';
import { RunDirectory } from '../run-directory.ts';
import { CropSampler } from '../sampling/crops.ts';
import { mildIntensity } from '../sampling/intensity.ts';
import { loadBlock } from '../sampling/load.ts';
import { announceEngine, finish, follow } from './training.ts';

export interface PretrainCommand {
  readonly raw: readonly string[];
  readonly box?: string;
  readonly preset: string;
  readonly steps: number;
  readonly seed: number;
  readonly rate: number;
  readonly voxelsPerStep: number;
  readonly checkpointEvery: number;
  readonly isotropic: boolean;
  readonly engine: EngineChoice;
  readonly out: string;
  readonly resume: boolean;
  readonly json: boolean;
}

/** `tokenunify pretrain`: the three objectives on unlabelled volumes. */
export async function runPretrain(
  command: PretrainCommand,
  signal: AbortSignal,
  reporter: Reporter = createReporter(command),
): Promise<number> {
  const preset = presetNamed(command.preset);
  const { raw, box, steps, seed, rate, voxelsPerStep, isotropic } = command;
  const settings = {
    command: 'pretrain',
    preset: preset.name,
    raw,
    box: box ?? null,
    steps,
    seed,
    rate,
    voxelsPerStep,
    isotropic,
  };
  const blocks = await Promise.all(
    raw.map((location) => loadBlock({ raw: location, ...(box ? { box } : {}) }, signal)),
  );
  const run = await RunDirectory.open(command.out, settings, command.resume);
  const engine = await announceEngine(command.engine, reporter);
  const sampler = new CropSampler(blocks, { isotropic, intensity: mildIntensity });
  const last = await run.last();
  const training = pretrain({
    engine,
    preset,
    curriculum: defaultCurriculum,
    steps,
    seed,
    voxelsPerStep,
    schedule: { peak: rate, warmup: Math.min(50, Math.ceil(steps / 10)), final: 0.02 },
    averageDecay: 0.99,
    checkpointEvery: command.checkpointEvery,
    state: { ...settings, engine: engine.name },
    crop: (shape, random) => sampler.raw(shape, random),
    signal,
    ...(last ? { resume: last } : {}),
  });
  return finish(reporter, 'pretrain', await follow('pretrain', training, run, reporter), command.out);
}
