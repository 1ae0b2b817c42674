import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ModelError } from '../errors.ts';
import type { Weight, Weights } from '../training/weights.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';

/** All that a run needs to go on as if it had never stopped. */
export interface Checkpoint {
  readonly weights: Weights;
  /** Absent in checkpoints that are for use, not for going on. */
  readonly optimizer?: { readonly step: number; readonly moments: Weights };
  /** Exponential moving average of the weights. */
  readonly average?: Weights;
  /** Plain data of the run: preset, purpose, step, seed, random state, configuration, losses. */
  readonly state: Readonly<Record<string, unknown>>;
}

const GROUPS = { weights: 'weights/', moments: 'moments/', average: 'average/' } as const;

/**
 * A checkpoint as the bytes of a safetensors file.
 *
 * @example
 *     const { weights, average, state } = await readCheckpoint('runs/final/last.safetensors');
 *     const bytes = encodeCheckpoint({ weights: average ?? weights, state }); // for use, without what goes on
 */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const all = new Map<string, Weight>();
  const put = (group: string, weights: Weights | undefined) =>
    weights?.forEach((weight, name) => all.set(group + name, weight));
  put(GROUPS.weights, checkpoint.weights);
  put(GROUPS.moments, checkpoint.optimizer?.moments);
  put(GROUPS.average, checkpoint.average);
  const metadata = {
    format: 'tokenunify-checkpoint-1',
    state: JSON.stringify(checkpoint.state),
    optimizerStep: String(checkpoint.optimizer?.step ?? -1),
  };
  return encodeSafetensors({ weights: all, metadata });
}

/** Writes beside the target, flushes, renames: a killed run leaves the old checkpoint or the new one, never half. */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const bytes = encodeCheckpoint(checkpoint);
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.partial`;
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }); // on a full disk it is in the way of the next
    throw error;
  }
}

/** @throws ModelError `model/checkpoint` when the file is missing, damaged, or not a checkpoint of ours */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new ModelError(
      'model/checkpoint',
      `Checkpoint ${path} cannot be read; name a file that 'tokenunify pretrain' or 'finetune' wrote.`,
      { cause },
    );
  }
  return decodeCheckpoint(bytes, path);
}

/**
 * @param source names the bytes in errors
 * @throws ModelError `model/checkpoint` when they are damaged, or not a checkpoint of ours
 */
export function decodeCheckpoint(bytes: Uint8Array, source: string): Checkpoint {
  const { weights: all, metadata } = decodeSafetensors(bytes, source);
  if (metadata['format'] !== 'tokenunify-checkpoint-1')
    throw new ModelError(
      'model/checkpoint',
      `${source} is a safetensors file, but not a checkpoint of tokenunify.`,
    );
  const take = (group: string): Weights =>
    new Map(
      [...all].filter(([name]) => name.startsWith(group)).map(([name, w]) => [name.slice(group.length), w]),
    );
  const step = Number(metadata['optimizerStep']);
  const average = take(GROUPS.average);
  return {
    weights: take(GROUPS.weights),
    state: parseState(metadata['state'] ?? '{}', source),
    ...(step >= 0 ? { optimizer: { step, moments: take(GROUPS.moments) } } : {}),
    ...(average.size > 0 ? { average } : {}),
  };
}

function parseState(text: string, path: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>; // `writeCheckpoint` wrote an object
  } catch (cause) {
    throw new ModelError(
      'model/checkpoint',
      `${path} is not a readable checkpoint: its state is not JSON; write it again or use an older one.`,
      { cause },
    );
  }
}
