import { ModelError } from '../errors.ts';
import { TensorOps, type Tf } from '../ops/tensor-ops.ts';
import { ALLOW_SOFTWARE, chooseEngine, type EngineChoice, type EngineName, type Machine } from './choice.ts';
import { cudaDevice, processor, type EngineDevice } from './device.ts';
import { isBuiltForCuda, loadNativeTensorflow, locateNativeTensorflow } from './native.ts';
import { findAdapter } from './webgpu/adapter.ts';
import { acquireGpu } from './webgpu/shared.ts';

export { engineNames, type EngineChoice, type EngineName } from './choice.ts';
export type { EngineDevice } from './device.ts';

/**
 * What runs training: one TensorFlow.js backend. TensorFlow.js has one current backend a process; where several engines
 * are open, whoever runs operations calls `activate` first, and again after every `await`. Numbers are read with
 * `await tensor.data()`: `dataSync` does not work on every engine.
 */
export interface Engine {
  readonly name: EngineName;
  readonly device: EngineDevice;
  readonly tf: Tf;
  readonly ops: TensorOps;
  /**
   * Makes this engine's backend the current one, at once.
   * @throws ModelError `model/engine` when its GPU was lost, refused an operation, or was freed
   */
  activate(): void;
  /** Frees what the engine holds, its tensors on a GPU included. It is not to be used afterwards. */
  dispose(): void;
  /** The command that gives this machine a faster engine, where there is one. */
  readonly advice?: string;
}

export interface EngineOptions {
  /** Only a real GPU will do: anything else is an error. */
  readonly gpu?: boolean;
  /** `TOKENUNIFY_ALLOW_SOFTWARE_GPU=1` lets `webgpu` run where a processor computes what a GPU should. Default: the process's. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

const ADVICE = 'npm run setup:tensorflow';

/**
 * Opens an engine. `auto` takes the fastest that is there; a name takes that one or fails, never another; a GPU that is
 * asked for is used or it fails.
 *
 * @example
 * const { tf, name, device, advice } = await openEngine('auto');
 * @throws ModelError `model/engine` when the engine or the GPU asked for is not to be had
 */
export async function openEngine(
  choice: EngineChoice = 'auto',
  { gpu = false, environment = process.env }: EngineOptions = {},
): Promise<Engine> {
  const allowSoftware = environment[ALLOW_SOFTWARE] === '1';
  const name = await chooseEngine({ choice, gpu, allowSoftware }, machine(environment));
  const tf = await import('@tensorflow/tfjs'); // most of the library's start-up time: only when it is to run
  if (name === 'tensorflow') return openTensorflow(tf, gpu, environment);
  tf.enableProdMode(); // only its warnings go: they advise an npm package that does not install; ADVICE does
  const cpu = await tf.setBackend('cpu');
  if (!cpu)
    throw new ModelError(
      'model/engine',
      `The cpu engine does not start; run \`npm ci\` again, or \`${ADVICE}\`.`,
    );
  if (name === 'webgpu') return openWebgpu(tf);
  const advice = locateNativeTensorflow({ environment }) ? {} : { advice: ADVICE };
  return { ...engineOf(tf, 'cpu', processor()), ...advice };
}

const machine = (environment: Readonly<Record<string, string | undefined>>): Machine => ({
  place: environment['TOKENUNIFY_TENSORFLOW'] || '.tensorflow',
  tensorflow() {
    const directory = locateNativeTensorflow({ environment });
    return directory === undefined ? undefined : { cuda: isBuiltForCuda(directory) };
  },
  gpu: async () => (await findAdapter())?.device,
});

async function openTensorflow(
  tf: Tf,
  gpu: boolean,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Engine> {
  const native = await loadNativeTensorflow({ environment });
  // TensorFlow without a GPU to see goes on with the processor, and a day later somebody wonders
  if (!native.gpu && (gpu || isBuiltForCuda(native.directory)))
    throw new ModelError(
      'model/engine',
      `TensorFlow in ${native.directory} was built for a GPU and sees none; look for it with nvidia-smi (and at CUDA_VISIBLE_DEVICES), or run \`${ADVICE}\` for a build for the processor.`,
      { details: { directory: native.directory } },
    );
  return engineOf(tf, 'tensorflow', native.gpu ? cudaDevice() : processor());
}

async function openWebgpu(tf: Tf): Promise<Engine> {
  const { device, check, release } = await acquireGpu(tf);
  const engine = engineOf(tf, 'webgpu', device);
  if (!(await tf.setBackend('webgpu')))
    throw new ModelError('model/engine', `WebGPU does not start on ${device.name}; use engine cpu.`);
  return {
    ...engine,
    activate() {
      check();
      engine.activate();
    },
    dispose: release,
  };
}

/** Each engine has operations of its own: the constants they keep lie on its backend. */
const engineOf = (tf: Tf, name: EngineName, device: EngineDevice): Engine => ({
  name,
  device,
  tf,
  ops: new TensorOps(tf),
  activate() {
    // the promise is for backends that start; one that has started is current when the call returns
    if (tf.getBackend() !== name) void tf.setBackend(name);
  },
  dispose() {
    // memory of the process, which it frees itself
  },
});
