import { ModelError } from '../errors.ts';
import type { EngineDevice } from './device.ts';

export const engineNames = ['tensorflow', 'webgpu', 'cpu'] as const;
export type EngineName = (typeof engineNames)[number];
export type EngineChoice = EngineName | 'auto';

/** The setting that lets `webgpu` run on a device that is none: for tests, which ask what is right and not how fast. */
export const ALLOW_SOFTWARE = 'TOKENUNIFY_ALLOW_SOFTWARE_GPU';

/** What of a machine decides. Each is asked only when it matters: finding a GPU loads a library of 21 MB. */
export interface Machine {
  /** Where a native build is looked for, as its owner calls it. */
  readonly place: string;
  /** The native TensorFlow build, if there is one, and whether it was built for CUDA. */
  tensorflow(): { readonly cuda: boolean } | undefined;
  /** What WebGPU would run on, if on anything. */
  gpu(): Promise<EngineDevice | undefined>;
}

export interface Wish {
  readonly choice: EngineChoice;
  /** Only a real GPU will do. */
  readonly gpu: boolean;
  readonly allowSoftware: boolean;
}

/**
 * The engine that a wish stands for on a machine. `auto` is `tensorflow` where there is a build, else `webgpu` on a real
 * GPU, else `cpu`. What was named or asked for and is not there is refused, never replaced.
 *
 * @throws ModelError `model/engine` with the remedy
 */
export async function chooseEngine(
  { choice, gpu, allowSoftware }: Wish,
  machine: Machine,
): Promise<EngineName> {
  if (choice !== 'auto' && !engineNames.includes(choice))
    throw refusal(
      `There is no engine '${String(choice)}'; use auto, ${engineNames.slice(0, -1).join(', ')} or ${engineNames.at(-1)!}.`,
    );
  if (choice === 'cpu' && gpu)
    throw refusal('A GPU was asked for, and engine cpu uses none; use engine tensorflow, webgpu or auto.');
  if (choice === 'cpu') return 'cpu';

  const native = choice === 'webgpu' ? undefined : machine.tensorflow();
  // whether a build for CUDA finds its GPU is known when it has started
  if (native && (native.cuda || !gpu)) return 'tensorflow';
  if (choice === 'tensorflow') {
    // a build for the processor is refused only where a GPU was asked for
    if (!gpu)
      throw refusal(
        `There is no native TensorFlow build in ${machine.place}; run \`npm run setup:tensorflow\`.`,
      );
    const found = native
      ? 'the native TensorFlow build is one for the processor'
      : `there is no native TensorFlow build in ${machine.place}`;
    throw refusal(
      `A GPU was asked for, and ${found}; run \`npm run setup:tensorflow -- --gpu\`, or use engine webgpu.`,
    );
  }

  const device = await machine.gpu();
  if (device?.kind === 'gpu') return 'webgpu';
  if (choice === 'webgpu' && device && allowSoftware && !gpu) return 'webgpu';
  if (choice === 'auto' && !gpu) return 'cpu';
  const use = gpu ? 'run without asking for a GPU' : 'use engine tensorflow or cpu';
  throw refusal(
    device
      ? `WebGPU finds no GPU on this machine, only ${device.name}, which computes on the processor; install the GPU's Vulkan driver, or ${use}${gpu ? '' : ` (${ALLOW_SOFTWARE}=1 permits it, for tests)`}.`
      : `WebGPU finds no GPU on this machine; install the GPU's Vulkan driver and libvulkan (Debian, Ubuntu: apt-get install libvulkan1), or ${use}.`,
  );
}

const refusal = (message: string) => new ModelError('model/engine', message);
