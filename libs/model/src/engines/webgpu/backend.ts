/**
 * TensorFlow.js' WebGPU backend on Dawn: limits of the adapter, and errors that say what happened.
 *
 * The package's own factory is not used: it asks for a malformed list of features, and finds its GPU in a browser's
 * `navigator`.
 */
import type { Tf } from '../../ops/tensor-ops.ts';
import { ModelError } from '../../errors.ts';
import type { EngineDevice } from '../device.ts';
import type { GpuAdapter } from './adapter.ts';
import { mendKernels, mendProgram } from './faults.ts';

/** The WebGPU backend as it is registered with TensorFlow.js. */
export interface RunningGpu {
  readonly device: EngineDevice;
  /** @throws ModelError `model/engine` when the GPU was lost, refused something since, or was freed */
  check(): void;
  /** Frees the GPU and takes the backend from TensorFlow.js; a second call does nothing. */
  dispose(): void;
}

/** Limits that are raised from WebGPU's defaults (a buffer of 256 MiB) to what the adapter has. */
const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBuffersPerShaderStage',
] as const satisfies readonly (keyof GPUSupportedLimits)[];

/**
 * Registers the backend `webgpu` on an adapter. It is not current afterwards.
 * @throws ModelError `model/engine` when the adapter gives no device
 */
export async function startGpu(
  tf: Tf,
  { adapter, device: description, gpu }: GpuAdapter,
): Promise<RunningGpu> {
  const requiredLimits = Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]));
  const device = await adapter.requestDevice({ requiredLimits }).catch((cause: unknown) => {
    throw fault(description, 'gives no device', cause, 'restart the process, or use another engine');
  });
  // While there is no `navigator.gpu` this registers kernels only, and no backend of its own
  const { WebGPUBackend } = await import('@tensorflow/tfjs-backend-webgpu');
  mendKernels(tf);

  let broken: ModelError | undefined;
  let freed = false;
  const check = () => {
    if (broken) throw broken;
    if (freed) throw fault(description, 'was freed', undefined, 'open the engine again');
  };
  void device.lost.then(({ reason, message }) => {
    if (freed) return;
    broken = fault(
      description,
      `was lost (${reason}: ${firstLine(message)})`,
      undefined,
      'start again from the last checkpoint, and if it happens again look into the driver’s log',
    );
  });
  device.addEventListener('uncapturederror', (event) => {
    const { error } = event as GPUUncapturedErrorEvent; // the only kind there is of this name
    const memory =
      error instanceof GPUOutOfMemoryError ||
      /out of memory|exceeds the max buffer|binding size/i.test(error.message);
    // the first one is the cause of those that follow
    broken ??= fault(
      description,
      `${memory ? 'has too little memory for this step' : 'refused an operation'} (${firstLine(error.message)})`,
      error,
      memory
        ? 'use a smaller crop, smaller micro-batches or recomputation of activations'
        : 'train with another engine, and report it',
    );
  });

  /** Reading is where a program waits for the GPU, and where it can be told what went wrong. */
  class Backend extends WebGPUBackend {
    override runWebGPUProgram(
      ...[program, ...rest]: Parameters<InstanceType<typeof WebGPUBackend>['runWebGPUProgram']>
    ) {
      return super.runWebGPUProgram(mendProgram(program), ...rest);
    }
    override async read(id: object) {
      check();
      const values = await super.read(id).catch((cause: unknown) => {
        check();
        throw fault(
          description,
          `gave back no numbers (${firstLine(cause)})`,
          cause,
          'start again from the last checkpoint',
        );
      });
      check();
      return values;
    }
  }
  const backend = withNavigatorGpu(gpu, () => new Backend(device, adapter.info));
  tf.registerBackend('webgpu', () => backend);
  return {
    device: description,
    check,
    dispose() {
      if (freed) return;
      freed = true;
      tf.removeBackend('webgpu');
      device.destroy();
    },
  };
}

/**
 * Runs `work` while `navigator.gpu` is there: the backend's constructor looks for it, and refuses to run without.
 * It does not stay: as long as it is there the process does not end.
 */
function withNavigatorGpu<T>(gpu: GPU, work: () => T): T {
  const scope = globalThis as { navigator?: object }; // Node has had it since 21; its types have not
  const { navigator } = scope;
  const [owner, name] = navigator ? [navigator, 'gpu'] : [scope, 'navigator'];
  Object.defineProperty(owner, name, { value: navigator ? gpu : { gpu }, configurable: true });
  try {
    return work();
  } finally {
    Reflect.deleteProperty(owner, name);
  }
}

const fault = ({ name }: EngineDevice, what: string, cause: unknown, remedy: string) =>
  new ModelError('model/engine', `The GPU ${name} ${what}; ${remedy}.`, {
    details: { engine: 'webgpu', device: name },
    ...(cause === undefined ? {} : { cause }),
  });

const firstLine = (error: unknown) =>
  (error instanceof Error ? error.message : String(error)).trim().split('\n')[0]!.replace(/\.$/, '');
