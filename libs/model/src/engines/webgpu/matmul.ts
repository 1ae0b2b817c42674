import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs';
import type { Tf } from '../../ops/tensor-ops.ts';
import { countingOf, run, view, volume, type Call } from './kernels.ts';

/** Above this the backend cuts the inner axis into parts that add to the same numbers. */
const LONG = 2000;
/** The backend's programs by number: one for few rows and columns, one for many. Both take any transposition. */
const [SMALL_OUTPUT, PACKED] = [2, 3];
const PROGRAM = 'WEBGPU_MATMUL_PROGRAM_TYPE';
/** Numbers of the parts' products, all together: 64 MiB. */
const MOST = 2 ** 24;

/**
 * Matrix products over a long inner axis. The backend's program for them is wrong when `b` is transposed and sizes are
 * multiples of four (off by as much as the result itself), and adds its parts in whatever order they come: two runs of a
 * training differ. A weight's gradient is such a product, over all voxels. Here its parts are a batch, and then summed.
 */
export const longMatmul =
  (tf: Tf) =>
  (kernel: KernelFunc): KernelFunc =>
  (call) => {
    const { a, b } = call.inputs as Record<'a' | 'b', TensorInfo>; // what BatchMatMul has
    const { transposeA, transposeB } = call.attrs as { transposeA: boolean; transposeB: boolean };
    const [n, m] = a.shape.slice(-2) as [number, number];
    const [rows, inner] = transposeA ? [m, n] : [n, m];
    const columns = b.shape.at(transposeB ? -2 : -1)!;
    const one = volume(a.shape) === n * m && volume(b.shape) === inner * columns;
    if (!one || inner < LONG) return kernel(call);

    const length = transposeA && !transposeB ? partLength(inner, rows * columns) : inner;
    if (length < inner) {
      const parts = inner / length;
      const product = run(
        kernel,
        call,
        { a: view(a, [parts, length, rows]), b: view(b, [parts, length, columns]) },
        { transposeA, transposeB },
      );
      const sum = sumOf(tf, call, product);
      countingOf(call).disposeData(product.dataId);
      return view(sum, [...a.shape.slice(0, -2), rows, columns]);
    }
    const workgroups = Math.ceil(rows / 32) * Math.ceil(columns / 32);
    const before = tf.env().getNumber(PROGRAM);
    tf.env().set(PROGRAM, workgroups <= 16 ? SMALL_OUTPUT : PACKED);
    try {
      return kernel(call);
    } finally {
      tf.env().set(PROGRAM, before);
    }
  };

const sumOf = (tf: Tf, call: Call, x: TensorInfo): TensorInfo =>
  run(tf.getKernel('Sum', 'webgpu').kernelFunc, call, { x }, { axis: [0], keepDims: false });

/** The divisor of `inner` to cut it by: about 512 long, longer where the products would fill the memory. */
export function partLength(inner: number, outputs: number): number {
  const wanted = Math.max(512, (inner * outputs) / MOST);
  let best = inner;
  const off = (length: number) => Math.abs(Math.log(length / wanted));
  for (let small = 1; small * small <= inner; small++) {
    if (inner % small !== 0) continue;
    for (const length of [small, inner / small]) if (off(length) < off(best)) best = length;
  }
  return best >= wanted / 8 && best <= wanted * 8 ? best : inner;
}
