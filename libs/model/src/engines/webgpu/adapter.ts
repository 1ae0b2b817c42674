/**
 * Dawn, Chromium's WebGPU, as the npm package `webgpu` brings it to Node: its adapters, and what they compute on.
 * Nothing of it is loaded before it is asked for.
 */
import { constants } from 'node:os';
import type { EngineDevice } from '../device.ts';

export interface GpuAdapter {
  readonly adapter: GPUAdapter;
  readonly device: EngineDevice;
  /** Where the adapter is from. */
  readonly gpu: GPU;
}

/**
 * The adapter that WebGPU prefers, or undefined where there is none: no Vulkan, or no driver behind it.
 * Several calls give several, independent adapters.
 */
export async function findAdapter(): Promise<GpuAdapter | undefined> {
  if (!hasVulkan()) return undefined;
  dawn ??= start();
  const gpu = await dawn;
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  return adapter ? { adapter, device: describeAdapter(adapter.info), gpu } : undefined;
}

// One for the process, for good: when an instance is collected as garbage, whatever else of Dawn runs crashes or hangs
let dawn: Promise<GPU> | undefined;

async function start(): Promise<GPU> {
  const { create, globals } = await import('webgpu');
  // Constants and classes (GPUBufferUsage, GPUBuffer, ...) that TensorFlow.js takes from the global object, as a browser has them.
  for (const [name, value] of Object.entries(globals)) {
    if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value, configurable: true });
  }
  return create([]);
}

/** What is known of an adapter without a device of it. */
export function describeAdapter(info: {
  readonly description: string;
  readonly vendor: string;
  readonly architecture: string;
  readonly isFallbackAdapter?: boolean;
}): EngineDevice {
  const name = info.description || `${info.vendor} ${info.architecture}`.trim() || 'an unnamed GPU';
  // Dawn calls "fallback" what Vulkan calls a CPU; the names catch drivers that give themselves out as something else
  const software =
    info.isFallbackAdapter === true ||
    /swiftshader|llvmpipe|lavapipe|softpipe|basic render/i.test(`${name} ${info.architecture}`);
  return { kind: software ? 'software' : 'gpu', name };
}

/** On Linux Dawn reaches GPUs through Vulkan alone, and prints a warning where that is missing: better not to ask it then. */
export function hasVulkan(
  platform: string = process.platform,
  load: typeof process.dlopen = process.dlopen,
): boolean {
  if (platform !== 'linux') return true;
  try {
    load({ exports: {} }, 'libvulkan.so.1', constants.dlopen.RTLD_LAZY);
  } catch (error) {
    // Node opens it, finds that it is no addon, and closes it again: that is the answer wanted
    return error instanceof Error && /self-register/.test(error.message);
  }
  return true;
}
