import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs';
import { countingOf, type Call } from './kernels.ts';

/** Sums of many tensors: a program reads so many as the device binds at once, and their sums are summed. */
export const addMany =
  (kernel: KernelFunc): KernelFunc =>
  (call) => {
    const { device } = call.backend as { device: GPUDevice }; // the WebGPU backend
    const most = device.limits.maxStorageBuffersPerShaderStage - 1; // and one for the result
    // the tensors come as an array, which the type of a call does not say
    let tensors = call.inputs as unknown as readonly TensorInfo[];
    const given = new Set(tensors);
    for (;;) {
      const sums: TensorInfo[] = [];
      for (let i = 0; i < tensors.length; i += most) sums.push(sum(kernel, call, tensors.slice(i, i + most)));
      for (const tensor of tensors) if (!given.has(tensor)) countingOf(call).disposeData(tensor.dataId);
      if (sums.length === 1) return sums[0]!;
      tensors = sums;
    }
  };

const sum = (kernel: KernelFunc, call: Call, tensors: readonly TensorInfo[]): TensorInfo =>
  kernel({ ...call, inputs: tensors as unknown as Call['inputs'] }) as TensorInfo; // as above
