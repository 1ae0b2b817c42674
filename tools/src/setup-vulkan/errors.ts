export type VulkanErrorCode = 'setup-vulkan/unavailable' | 'setup-vulkan/failed';

/**
 * The one error of the set-up. `unavailable`: this machine is of another kind, or lacks the network, and nothing is broken
 * (exit code 3). `failed`: something that should have worked did not (exit code 1).
 */
export class VulkanError extends Error {
  override readonly name = 'VulkanError';
  readonly code: VulkanErrorCode;

  constructor(code: VulkanErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  get exitCode(): 1 | 3 {
    return this.code === 'setup-vulkan/unavailable' ? 3 : 1;
  }
}

export const unavailable = (message: string, options?: { cause?: unknown }) =>
  new VulkanError('setup-vulkan/unavailable', message, options);

export const failed = (message: string, options?: { cause?: unknown }) =>
  new VulkanError('setup-vulkan/failed', message, options);

/** Narrows an unknown error to ours. */
export const isVulkanError = (error: unknown): error is VulkanError => error instanceof VulkanError;
