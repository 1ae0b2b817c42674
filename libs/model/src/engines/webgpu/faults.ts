/**
 * What is wrong or missing in TensorFlow.js' WebGPU backend 4.22.0 and in the way of this network, and where it is mended.
 * The parity suite finds each fault: take a mend out, and it fails.
 *
 * 1. Element-wise operations of a tensor of five axes and a vector (a map and a bias) do not compile: their shader indexes
 *    coordinates, which are a struct above four axes. Here.
 * 2. `pad` of five axes does not compile for the same reason; `reverse` of more than four axes has no place for the
 *    first ones; `tile` of more than four axes reads its tensor synchronously, which Node cannot. axes.ts.
 * 3. Matrix products over 2,000 and more are wrong for a transposed right-hand side. matmul.ts.
 * 4. The softmax of more than 65,535 rows writes beyond them. Here.
 * 5. The sum of more tensors than a program may bind (twelve here; a gradient's norm has one for each weight) does not
 *    run. add-n.ts.
 * 6. Sums over a few numbers, and small matrix products, are slow. sum.ts, small-matmul.ts.
 *
 * Not mended, since `Ops` has none of them: reverse cumulative sum (wrong from the second length on: the key of its
 * compiled shader forgets the length), and everything of more than six axes.
 */
import type { Tf } from '../../ops/tensor-ops.ts';
import { addMany } from './add-n.ts';
import { axisSteps, oneAxisAtATime } from './axes.ts';
import { replaceKernel } from './kernels.ts';
import { longMatmul } from './matmul.ts';
import { smallMatmul } from './small-matmul.ts';
import { sumOfFew } from './sum.ts';

/** The part of a shader program that is looked at. */
export interface ShaderProgram {
  outputShape: number[];
  shaderKey: string;
  getUserCode: () => string;
}

/** Mends the code of a program that is about to be compiled. */
export function mendProgram<Program extends ShaderProgram>(program: Program): Program {
  const code = program.getUserCode.bind(program);
  if (program.outputShape.length >= 5)
    program.getUserCode = () =>
      code().replaceAll('coords[4]', 'coords.u').replaceAll('coords[5]', 'coords.v');
  if (program.shaderKey === 'softmax')
    program.getUserCode = () =>
      code().replace(/(setOutputAtCoords\(row, col, value\);)/, 'if (row < uniforms.outShape[0]) { $1 }');
  return program;
}

const mended = new WeakSet<Tf>();

/** Puts mended kernels in the place of those of the WebGPU backend, once for each copy of TensorFlow.js. */
export function mendKernels(tf: Tf): void {
  if (mended.has(tf)) return;
  mended.add(tf);
  for (const [name, steps] of Object.entries(axisSteps)) replaceKernel(tf, name, oneAxisAtATime(steps));
  replaceKernel(tf, 'AddN', addMany);
  replaceKernel(tf, 'Sum', sumOfFew(tf, 'sum'));
  replaceKernel(tf, 'Mean', sumOfFew(tf, 'mean'));
  replaceKernel(tf, 'BatchMatMul', longMatmul(tf));
  replaceKernel(tf, 'BatchMatMul', smallMatmul);
}
