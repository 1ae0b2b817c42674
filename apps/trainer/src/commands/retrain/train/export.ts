import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { readCheckpoint, toOpset, type Citation, type ModelPackage } from '@tokenunify/model';
import { z } from 'zod';
import { CommandError } from '../../../errors.ts';
import { citationsOf } from '../../../model-card/data-sets.ts';
import { historyOf, lastTraining, withoutPaths, type TrainingRun } from '../../../model-card/history.ts';
import { writePackage } from '../../export/package.ts';
import type { ExportChallenger } from '../types.ts';
import { trainablePreset } from './settings.ts';

/** Nights that a package tells of; those before are in the packages that the digests name. */
const NIGHTS = 20;
/** Annotations that a package lists; of more it says how many, and a digest of their checksums. */
const LISTED = 20;

/**
 * Writes the challenger's package: the night's weights, and everything else as the champion has it (tile, voxel size,
 * licence, post-processing, citations), so that both are compared alike. Its history is the champion's and this night.
 * Nothing in it depends on when or how often the night ran: the same checkpoint gives the same digest.
 *
 * @param options `directory` is replaced when there is a package already
 * @throws CommandError `trainer/run` when the ONNX file differs from the trained network, `trainer/data` for a checkpoint
 *   that no night left
 */
export async function exportChallenger(options: ExportChallenger): Promise<ModelPackage> {
  const { checkpoint: file, champion, name, version, timestamp, directory, signal, reporter } = options;
  const preset = trainablePreset(champion);
  const { weights, average, state } = await readCheckpoint(file);
  const night = await lastTraining(dirname(file), state);
  if (night?.command !== 'retrain' || night.settings['from'] !== champion.digest)
    throw new CommandError(
      'trainer/data',
      `${file} is not of a night that went on from ${champion.name} ${champion.version} (${champion.digest}); name the checkpoint that the training step gave.`,
    );
  const { seconds: _, ...said } = night;
  const whole = { ...said, settings: withoutPaths(night.settings) };
  const training = lastNights([...historyOf(champion), { ...whole, settings: brief(whole.settings) }]);
  const { model } = await writePackage(
    {
      ...{ weights: average ?? weights, preset, state, name, version, timestamp, training },
      opset: toOpset(champion.opsetVersion),
      dtype: champion.dtype ?? 'float32',
      tile: champion.tileShape,
      voxelSize: champion.voxelSize,
      description: champion.description,
      license: champion.license,
      cite: withoutRepeats([...citationsIn(champion), ...citationsOf([...training, whole])]),
      postprocessing: champion.postprocessing,
      origin: { name: champion.name, version: champion.version, digest: champion.digest },
    },
    { out: directory, overwrite: true, engine: options.training.engine, signal, reporter },
  );
  return model;
}

function lastNights(history: readonly TrainingRun[]): readonly TrainingRun[] {
  const nights = history.filter(({ command }) => command === 'retrain').slice(-NIGHTS);
  return history.filter((run) => run.command !== 'retrain' || nights.includes(run));
}

/** A package is read whenever it is loaded; the lists of a large manifest, night by night, would make that slow. */
export function brief(settings: TrainingRun['settings']): TrainingRun['settings'] {
  const { sha256 } = settings;
  if (!Array.isArray(sha256) || sha256.length <= LISTED) return settings;
  const lists = ['raw', 'labels', 'box', 'sha256', 'new'];
  const others = Object.fromEntries(Object.entries(settings).filter(([name]) => !lists.includes(name)));
  const digest = createHash('sha256').update(sha256.join('\n')).digest('hex');
  return { ...others, annotations: sha256.length, sha256: digest };
}

const text = z.string();
const citations = z.array(
  z.union([
    z.object({ text, doi: text, url: text.exactOptional() }),
    z.object({ text, url: text, doi: text.exactOptional() }),
  ]),
);

function citationsIn({ cite }: ModelPackage): readonly Citation[] {
  const { data } = citations.safeParse(cite);
  return data ?? [];
}

const withoutRepeats = (cited: readonly Citation[]): readonly Citation[] =>
  cited.filter(({ text }, i) => cited.findIndex((other) => other.text === text) === i);
