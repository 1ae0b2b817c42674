import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { view, volume } from './kernels.ts';
import { threadForEach } from './thread-for-each.ts';

/** The backend takes a group for each result up to here. */
const FEW_RESULTS = 128;
/** So short a sum is one thread's. */
const SHORT = 256;

/**
 * Matrix products of few results over a short inner axis, one thread for each result: the products of attention and of
 * scans between chunks. The backend takes a group of threads and a chain of barriers for each.
 */
export const smallMatmul =
  (kernel: KernelFunc): KernelFunc =>
  (call) => {
    const { a, b } = call.inputs as Record<'a' | 'b', TensorInfo>; // what BatchMatMul has
    const { transposeA, transposeB } = call.attrs as { transposeA: boolean; transposeB: boolean };
    const batch = a.shape.slice(0, -2);
    const [rows, inner] = (transposeA ? [-1, -2] : [-2, -1]).map((axis) => a.shape.at(axis)!) as [
      number,
      number,
    ];
    const columns = b.shape.at(transposeB ? -2 : -1)!;
    const results = volume(batch) * rows * columns;
    const same =
      String(batch) === String(b.shape.slice(0, -2)) && a.dtype === 'float32' && b.dtype === 'float32';
    if (!same || results === 0 || results > FEW_RESULTS || inner > SHORT || inner === 0) return kernel(call);

    const [aRow, aInner] = transposeA ? [1, rows] : [inner, 1];
    const [bInner, bColumn] = transposeB ? [1, inner] : [columns, 1];
    const backend = call.backend as WebGPUBackend; // kernels here are registered for no other
    const flat = backend.runWebGPUProgram(
      programOf(results),
      [view(a, [volume(a.shape)]), view(b, [volume(b.shape)])],
      'float32',
      [rows, columns, inner, aRow, aInner, bInner, bColumn].map((value) => ({
        type: 'int32',
        data: [value],
      })),
    );
    return view(flat, [...batch, rows, columns]);
  };

const programOf = (results: number) =>
  threadForEach({
    name: 'smallMatmul',
    variables: ['a', 'b'],
    uniforms: ['rows', 'columns', 'inner', 'aRow', 'aInner', 'bInner', 'bColumn'].map(
      (name) => `${name} : i32`,
    ),
    results,
    code: `
        let column = index % uniforms.columns;
        let row = (index / uniforms.columns) % uniforms.rows;
        let batch = index / (uniforms.columns * uniforms.rows);
        var left = batch * uniforms.rows * uniforms.inner + row * uniforms.aRow;
        var right = batch * uniforms.inner * uniforms.columns + column * uniforms.bColumn;
        var total = 0.0;
        for (var i = 0; i < uniforms.inner; i = i + 1) {
          total = total + a[left] * b[right];
          left = left + uniforms.aInner;
          right = right + uniforms.bInner;
        }
        setOutputAtIndex(index, total);
      `,
  });
