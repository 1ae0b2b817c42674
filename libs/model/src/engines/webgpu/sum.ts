import type { KernelFunc } from '@tensorflow/tfjs';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { Tf } from '../../ops/tensor-ops.ts';
import { view, volume } from './kernels.ts';
import { threadForEach } from './thread-for-each.ts';

/** Sums of so few numbers are one thread's. */
const FEW = 256;

/**
 * Sums and means over a few numbers, one thread for each result. The backend takes a group of 64 threads and a chain of
 * barriers for each, however few numbers there are, and turns the tensor around first unless the axis is the last: the
 * channels of a normalisation, the steps of a chunk. On a software device that is a hundred times slower.
 */
export const sumOfFew =
  (tf: Tf, kind: 'sum' | 'mean') =>
  (kernel: KernelFunc): KernelFunc =>
  (call) => {
    const x = call.inputs['x']!; // of both kernels
    const { axis, keepDims } = call.attrs as { axis: number | number[]; keepDims?: boolean };
    const axes = tf.util.parseAxisParam(axis, x.shape).sort((a, b) => a - b);
    const [first, last] = [axes[0], axes.at(-1)];
    if (first === undefined || last === undefined) return kernel(call);
    const size = volume(x.shape.slice(first, last + 1));
    const together = last - first + 1 === axes.length;
    if (!together || x.dtype !== 'float32' || size > FEW || volume(x.shape) === 0) return kernel(call);

    const [before, after] = [x.shape.slice(0, first), x.shape.slice(last + 1)];
    const [outer, inner] = [volume(before), volume(after)];
    const backend = call.backend as WebGPUBackend; // kernels here are registered for no other
    const uniforms = [
      { type: 'int32', data: [size] },
      { type: 'int32', data: [inner] },
      { type: 'float32', data: [kind === 'mean' ? size : 1] },
    ];
    const flat = backend.runWebGPUProgram(
      programOf(outer * inner),
      [view(x, [volume(x.shape)])],
      'float32',
      uniforms,
    );
    return view(flat, [...before, ...(keepDims ? axes.map(() => 1) : []), ...after]);
  };

const programOf = (results: number) =>
  threadForEach({
    name: 'sumOfFew',
    variables: ['x'],
    uniforms: ['count : i32', 'inner : i32', 'divisor : f32'],
    results,
    code: `
        let outer = index / uniforms.inner;
        var at = outer * uniforms.count * uniforms.inner + (index - outer * uniforms.inner);
        var total = 0.0;
        for (var i = 0; i < uniforms.count; i = i + 1) {
          total = total + x[at];
          at = at + uniforms.inner;
        }
        setOutputAtIndex(index, total / uniforms.divisor);
      `,
  });
