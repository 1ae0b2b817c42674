import type { KernelConfig, KernelFunc, NamedAttrMap, TensorInfo } from '@tensorflow/tfjs';
import type { Tf } from '../../ops/tensor-ops.ts';

export type Call = Parameters<KernelFunc>[0];

/** What a kernel needs of a backend to count the users of a tensor's data. */
interface Counting {
  incRef(id: object): void;
  disposeData(id: object): boolean;
}

/** The backend of a call; kernels here are registered for the WebGPU backend alone. */
export const countingOf = ({ backend }: Call) => backend as Counting;

/** Runs a kernel that has one output. */
export const run = (
  kernel: KernelFunc,
  { backend }: Call,
  inputs: Record<string, TensorInfo>,
  attributes: Record<string, unknown>,
): TensorInfo => kernel({ inputs, backend, attrs: attributes as NamedAttrMap }) as TensorInfo;

/** The same numbers in another shape. It is no user of the data by itself. */
export const view = ({ dataId, dtype }: TensorInfo, shape: readonly number[]): TensorInfo => ({
  dataId,
  dtype,
  shape: [...shape],
});

export const volume = (shape: readonly number[]): number =>
  shape.reduce((product, size) => product * size, 1);

/** Puts `mend(kernel)` in the place of a kernel of the WebGPU backend. */
export function replaceKernel(tf: Tf, name: string, mend: (kernel: KernelFunc) => KernelFunc): void {
  const config: KernelConfig = tf.getKernel(name, 'webgpu');
  tf.unregisterKernel(name, 'webgpu'); // it would warn of a second one
  tf.registerKernel({ ...config, kernelFunc: mend(config.kernelFunc) });
}
