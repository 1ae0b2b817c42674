import { isModelError, ModelError } from '../errors.ts';
import type { Weight, Weights } from '../training/weights.ts';
import { readSafetensors, writeSafetensors } from './safetensors-file.ts';
import { decodeSafetensors, encodeSafetensors, type Tensors } from './safetensors.ts';

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
export type CheckpointPart = keyof typeof GROUPS;

/**
 * A checkpoint as the bytes of a safetensors file; for one of more than 2 GB, `writeCheckpoint`.
 *
 * @example
 *     const { weights, average, state } = await readCheckpoint('runs/final/last.safetensors');
 *     const bytes = encodeCheckpoint({ weights: average ?? weights, state }); // for use, without what goes on
 */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  return encodeSafetensors(tensorsOf(checkpoint));
}

function tensorsOf(checkpoint: Checkpoint): Tensors {
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
  return { weights: all, metadata };
}

/**
 * Writes beside the target, flushes, renames: a killed run leaves the old checkpoint or the new one, never half. Tensor
 * by tensor, whatever the size.
 */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  await writeSafetensors(path, tensorsOf(checkpoint));
}

/**
 * @param options.parts what to read; whoever only predicts has no use for the moments, which are half of the file.
 *   Without `moments` there is no `optimizer`. Default: all
 * @throws ModelError `model/checkpoint` when the file is missing, damaged, or not a checkpoint of ours
 * @example
 * const { weights, average } = await readCheckpoint(path, { parts: ['weights', 'average'] });
 */
export async function readCheckpoint(
  path: string,
  options: { readonly parts?: readonly CheckpointPart[] } = {},
): Promise<Checkpoint> {
  const { parts } = options;
  const wanted = (name: string) => !parts || parts.some((part) => name.startsWith(GROUPS[part]));
  let tensors: Tensors;
  try {
    tensors = await readSafetensors(path, wanted);
  } catch (cause) {
    if (isModelError(cause)) throw cause;
    throw new ModelError(
      'model/checkpoint',
      `Checkpoint ${path} cannot be read; name a file that 'tokenunify pretrain' or 'finetune' wrote.`,
      { cause },
    );
  }
  const checkpoint = checkpointOf(tensors, path);
  if (!parts || parts.includes('moments')) return checkpoint;
  const { optimizer: _, ...rest } = checkpoint;
  return rest;
}

/**
 * @param source names the bytes in errors
 * @throws ModelError `model/checkpoint` when they are damaged, or not a checkpoint of ours
 */
export function decodeCheckpoint(bytes: Uint8Array, source: string): Checkpoint {
  return checkpointOf(decodeSafetensors(bytes, source), source);
}

function checkpointOf({ weights: all, metadata }: Tensors, source: string): Checkpoint {
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
