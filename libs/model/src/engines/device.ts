import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';

/** What an engine computes on. `software` is a GPU's interface computed by the processor: right, and very slow. */
export interface EngineDevice {
  readonly kind: 'cpu' | 'gpu' | 'software';
  /** As the system names it: 'AMD EPYC 7763 64-Core Processor', 'NVIDIA H100', 'SwiftShader driver 5.0.0'. */
  readonly name: string;
}

export const processor = (): EngineDevice => ({
  kind: 'cpu',
  name: cpus()[0]?.model.trim() || 'an unnamed processor',
});

const NVIDIA = '/proc/driver/nvidia/gpus';

/** The GPU that CUDA takes first. TensorFlow.js does not tell its name; the driver does. */
export function cudaDevice(directory = NVIDIA): EngineDevice {
  const name = (gpu: string) =>
    /^Model:\s*(.+?)\s*$/m.exec(readFileSync(join(directory, gpu, 'information'), 'utf8'))?.[1];
  try {
    const first = readdirSync(directory).sort()[0];
    return { kind: 'gpu', name: (first && name(first)) ?? 'a CUDA device' };
  } catch {
    return { kind: 'gpu', name: 'a CUDA device' }; // inside some containers the driver's files are not to be seen
  }
}
