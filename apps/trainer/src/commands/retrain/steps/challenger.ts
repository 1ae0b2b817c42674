/** The challenger: trained from the champion, exported, compared with it. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeJson } from '../../../json-file.ts';
import { dataBefore, heldOut, toTrainOn, type Context, type Step } from '../context.ts';
import { isFullDisk, messageOf, NightError, nightExitCodes } from '../errors.ts';
import type { Comparison } from '../types.ts';

export const train: Step<'train'> = async (context) => {
  const { directory, tools, reporter, signal } = context;
  const night = context.night();
  const champion = await context.champion();
  const { checkpoint, finished } = await tools.trainChallenger({
    annotations: toTrainOn(night),
    from: champion.checkpointPath!, // the step before refused a champion without
    directory: directory.of(night.id, 'run'),
    training: night.training,
    champion,
    ...{ signal, reporter },
  });
  signal.throwIfAborted();
  if (!finished) throw new Error('The training ended before it was finished.');
  return { summary: `Trained ${night.training.steps} steps.`, data: { checkpoint } };
};

export const exporting: Step<'export'> = async (context) => {
  const { directory, tools, reporter, signal, config } = context;
  const night = context.night();
  const { challenger } = dataBefore(night, 'champion');
  const { checkpoint } = dataBefore(night, 'train');
  const champion = await context.champion();
  await clearKilled(directory.of(night.id));
  try {
    const { digest, name, version } = await tools.exportChallenger({
      ...{ checkpoint, champion, signal, reporter },
      directory: directory.of(night.id, 'package'),
      ...challenger,
      timestamp: night.startedAt,
      annotations: toTrainOn(night),
      training: night.training,
    });
    // as the registry will: what is wrong is better found here
    await tools.testPackage(await context.challenger(digest), { threads: config.threads, signal });
    return { summary: `Exported ${digest.slice(0, 19)}.`, data: { challenger: { digest, name, version } } };
  } catch (error) {
    if (signal.aborted || isFullDisk(error) || error instanceof NightError) throw error;
    throw new NightError(`The export was refused: ${messageOf(error)}`, {
      ...{ exitCode: nightExitCodes.failed, outcome: 'refused', cause: error },
    });
  }
};

/** A package is written beside its place: what a kill left there is as large as a model. */
async function clearKilled(directory: string): Promise<void> {
  for (const name of await readdir(directory))
    if (name.startsWith('.package.')) await rm(join(directory, name), { recursive: true, force: true });
}

export const evaluate: Step<'evaluate'> = async (context) => {
  const { directory, tools, reporter, signal, config } = context;
  const night = context.night();
  const comparison = await tools.compareModels({
    champion: await context.champion(),
    challenger: await context.challenger(),
    annotations: heldOut(night),
    cache: directory.of(night.id, 'segmented'),
    ...{ signal, reporter },
    ...(config.threads !== undefined && { threads: config.threads }),
  });
  signal.throwIfAborted();
  await writeJson(comparisonFile(context), comparison);
  const { pooled, speed } = comparison;
  return {
    summary: `VOI ${pooled.champion.voi.toFixed(4)} -> ${pooled.challenger.voi.toFixed(4)} on ${comparison.boxes.length} held-out boxes.`,
    data: { pooled, speed } satisfies Pick<Comparison, 'pooled' | 'speed'>,
  };
};

export const comparisonFile = ({ directory, night }: Pick<Context, 'directory' | 'night'>): string =>
  join(directory.of(night().id), 'comparison.json');
