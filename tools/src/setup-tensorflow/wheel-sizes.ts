/** Megabytes of the wheels, for people who read the plan; beside the recipe, since a build does not depend on them. */
const sizes: Readonly<Record<string, number>> = {
  tensorflow_cpu: 274,
  tensorflow: 572,
  nvidia_cublas_cu12: 581,
  nvidia_cuda_cupti_cu12: 11,
  nvidia_cuda_nvcc_cu12: 41,
  nvidia_cuda_nvrtc_cu12: 90,
  nvidia_cuda_runtime_cu12: 3,
  nvidia_cudnn_cu12: 707,
  nvidia_cufft_cu12: 201,
  nvidia_curand_cu12: 68,
  nvidia_cusolver_cu12: 338,
  nvidia_cusparse_cu12: 366,
  nvidia_nccl_cu12: 323,
  nvidia_nvjitlink_cu12: 40,
};

export const megabytes = (file: string): number => sizes[file.split('-')[0] ?? ''] ?? 0;
