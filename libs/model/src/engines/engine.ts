import * as tf from '@tensorflow/tfjs';
import { ModelError } from '../errors.ts';
import { TensorOps, type Tf } from '../ops/tensor-ops.ts';
import { loadNativeTensorflow, locateNativeTensorflow } from './native.ts';

export const engineNames = ['tensorflow', 'cpu'] as const;
export type EngineName = (typeof engineNames)[number];
export type EngineChoice = EngineName | 'auto';

/** What runs training: one TensorFlow.js backend. */
export interface Engine {
  readonly name: EngineName;
  readonly tf: Tf;
  readonly ops: TensorOps;
  /** The command that gives this machine a faster engine, where there is one. */
  readonly advice?: string;
}

const ADVICE = 'npm run setup:tensorflow';

/**
 * Opens an engine. `auto` takes the fastest that is there; a name takes that one or fails, never another.
 *
 * @example
 * const { tf, name, advice } = await openEngine('auto');
 * @throws ModelError `model/engine` when the engine asked for is not to be had
 */
export async function openEngine(choice: EngineChoice = 'auto'): Promise<Engine> {
  const native = locateNativeTensorflow();
  if (choice === 'tensorflow' || (choice === 'auto' && native)) {
    await loadNativeTensorflow();
    return { name: 'tensorflow', tf, ops: new TensorOps(tf) };
  }
  if (!(await tf.setBackend('cpu')))
    throw new ModelError(
      'model/engine',
      `The cpu engine does not start; run \`npm ci\` again, or \`${ADVICE}\`.`,
    );
  return { name: 'cpu', tf, ops: new TensorOps(tf), ...(native ? {} : { advice: ADVICE }) };
}
