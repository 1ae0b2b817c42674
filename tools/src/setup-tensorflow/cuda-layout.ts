/**
 * Where NVIDIA's libraries lie, so that every process finds them without a setting.
 *
 * TensorFlow opens them by name, from libtensorflow_framework, which looks into `$ORIGIN/../nvidia/NAME/lib` of most wheels.
 * Three do not find each other in the layout that pip makes: TensorFlow does not look into `cusolver` (without it the GPU
 * is passed over with a line in the log, and the CPU is used), and cuDNN looks for the compiler in `nvrtc`, which is in
 * `cuda_nvrtc`; cuBLAS and cuFFT do not look for it anywhere. Here all libraries lie in one directory, which has the names
 * of all: whoever looks into any of them sees them all, and whoever looks beside itself does too.
 */
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Under the package's `deps`. */
const ALL = join('nvidia', 'all');

/** The names under which libraries look for each other. */
const names = [
  'cublas',
  'cuda_cupti',
  'cuda_nvrtc',
  'cuda_runtime',
  'cudnn',
  'cufft',
  'curand',
  'cusolver',
  'cusparse',
  'nccl',
  'nvjitlink',
  'nvrtc',
];

/** Libraries that are opened by name when a GPU is used, and by which library. */
export const openedByName: readonly { readonly by: string; readonly name: string }[] = [
  ...[
    'libcudart.so.12',
    'libcublas.so.12',
    'libcublasLt.so.12',
    'libcufft.so.11',
    'libcusolver.so.11',
    'libcusparse.so.12',
    'libcudnn.so.9',
    'libcupti.so.12',
    'libnccl.so.2',
  ].map((name) => ({ by: 'lib/libtensorflow_framework.so.2', name })),
  ...['ops', 'cnn', 'adv', 'graph'].map((part) => ({
    by: `${ALL}/lib/libcudnn.so.9`,
    name: `libcudnn_${part}.so.9`,
  })),
  ...['heuristic', 'engines_precompiled', 'engines_runtime_compiled'].map((part) => ({
    by: `${ALL}/lib/libcudnn_graph.so.9`,
    name: `libcudnn_${part}.so.9`,
  })),
  ...['libcudnn_graph.so.9', 'libcublasLt.so.12', 'libcufft.so.11'].map((library) => ({
    by: `${ALL}/lib/${library}`,
    name: 'libnvrtc.so.12',
  })),
  { by: `${ALL}/lib/libcufft.so.11`, name: 'libnvJitLink.so.12' },
  { by: `${ALL}/lib/libnvrtc.so.12`, name: 'libnvrtc-builtins.so.12.9' },
];

/** What TensorFlow starts as a program, or reads, beside the libraries: it compiles kernels for the GPU that it finds. */
export const compiler = ['nvidia/cuda_nvcc/bin/ptxas', 'nvidia/cuda_nvcc/nvvm/libdevice/libdevice.10.bc'];

/** Where a file of an NVIDIA wheel belongs, under `deps`; undefined for headers, archives and second variants. */
export function placeCuda(name: string): string | undefined {
  if (compiler.includes(name)) return name;
  const library = /^nvidia\/\w+\/lib\/(lib[\w-]+\.so[\d.]*)$/.exec(name)?.[1];
  return library === undefined ? undefined : join(ALL, 'lib', library);
}

/** Gives the one directory its names. Relative, so that an installation can be moved or copied. */
export function linkCuda(deps: string): void {
  for (const name of names) symlinkSync('all', join(deps, 'nvidia', name));
}
