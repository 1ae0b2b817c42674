import { ModelError } from '../errors.ts';
import { TensorOps, type Tf } from '../ops/tensor-ops.ts';
import { loadNativeTensorflow, locateNativeTensorflow } from './native.ts';

export const engineNames = ['tensorflow', 'cpu'] as const;
export type EngineName = (typeof engineNames)[number];
export type EngineChoice = EngineName | 'auto';

/**
 * What runs training: one TensorFlow.js backend. TensorFlow.js has one current backend a process; where several engines
 * are open, whoever runs operations calls `activate` first, and again after every `await`.
 */
export interface Engine {
  readonly name: EngineName;
  readonly tf: Tf;
  readonly ops: TensorOps;
  /** Makes this engine's backend the current one, at once. */
  activate(): void;
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
  if (choice !== 'auto' && !engineNames.includes(choice))
    throw new ModelError(
      'model/engine',
      `There is no engine '${String(choice)}'; use auto, ${engineNames.join(' or ')}.`,
    );
  const tf = await import('@tensorflow/tfjs'); // most of the library's start-up time: only when it is to run
  const native = locateNativeTensorflow();
  if (choice === 'tensorflow' || (choice === 'auto' && native)) {
    await loadNativeTensorflow();
    return engineOf(tf, 'tensorflow');
  }
  tf.enableProdMode(); // only its warnings go: they advise an npm package that does not install; ADVICE does
  if (!(await tf.setBackend('cpu')))
    throw new ModelError(
      'model/engine',
      `The cpu engine does not start; run \`npm ci\` again, or \`${ADVICE}\`.`,
    );
  return { ...engineOf(tf, 'cpu'), ...(native ? {} : { advice: ADVICE }) };
}

/** Each engine has operations of its own: the constants they keep lie on its backend. */
const engineOf = (tf: Tf, name: EngineName): Engine => ({
  name,
  tf,
  ops: new TensorOps(tf),
  activate() {
    // the promise is for backends that start; one that has started is current when the call returns
    if (tf.getBackend() !== name) void tf.setBackend(name);
  },
});
