import { checkCrop, defaultCurriculum, presetNamed, pretrain, type Curriculum } from '@tokenunify/model';
import { CommandError } from '../errors.ts';
import { createReporter, type Reporter } from '../progress/reporter.ts';
import { RunDirectory } from '../run-directory.ts';
import { CropSampler } from '../sampling/crops.ts';
import { mildIntensity } from '../sampling/intensity.ts';
import { loadBlock } from '../sampling/load.ts';
import { announceEngine, finish, follow, loopOptions, type TrainingCommand } from './training.ts';

export interface PretrainCommand extends TrainingCommand {
  readonly raw: readonly string[];
  readonly box?: string;
  readonly voxelsPerStep: number;
  /** Side of the cubic crop in each phase of the curriculum. */
  readonly crops?: readonly number[];
}

/** `tokenunify pretrain`: the three objectives on unlabelled volumes. */
export async function runPretrain(
  command: PretrainCommand,
  signal: AbortSignal,
  reporter: Reporter = createReporter(command),
): Promise<number> {
  const preset = presetNamed(command.preset);
  const { raw, box, steps, seed, rate, voxelsPerStep, isotropic, crops } = command;
  const settings = {
    ...{ command: 'pretrain', preset: preset.name, raw, box: box ?? null },
    ...{ steps, seed, rate, voxelsPerStep, isotropic },
    ...(crops && { crops }), // only when given: runs of before have no such setting, and can still be resumed
  };
  const curriculum = withCrops(defaultCurriculum, crops);
  for (const { crop } of curriculum) checkCrop(preset, crop);
  const run = await RunDirectory.open(command.out, settings, command.resume);
  const blocks = await Promise.all(
    raw.map((location) => loadBlock({ raw: location, ...(box && { box }) }, signal)),
  );
  const sampler = new CropSampler(blocks, { isotropic, intensity: mildIntensity });
  for (const { crop } of curriculum) sampler.checkFits(crop);
  const last = await run.last();
  const engine = await announceEngine(command.engine, reporter);
  const training = pretrain({
    ...loopOptions(command, engine, settings, last, signal),
    preset,
    curriculum,
    voxelsPerStep,
    crop: (shape, random) => sampler.raw(shape, random),
  });
  return finish(reporter, 'pretrain', await follow('pretrain', training, run, reporter), command.out);
}

function withCrops(curriculum: Curriculum, sides: readonly number[] | undefined): Curriculum {
  if (!sides) return curriculum;
  if (sides.length !== curriculum.length)
    throw new CommandError(
      'trainer/usage',
      `--crops ${sides.join(',')} names ${sides.length} sizes, but the curriculum has ${curriculum.length} phases; name one for each, as ${curriculum.map(({ crop }) => crop[0]).join(',')}.`,
    );
  return curriculum.map((phase, index) => {
    const side = sides[index]!; // as many as phases
    return { ...phase, crop: [side, side, side] };
  });
}
