import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cudaDevice, processor } from './device.ts';
import { isBuiltForCuda } from './native.ts';
import { describeAdapter, hasVulkan } from './webgpu/adapter.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'device-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('what an engine computes on', () => {
  it('is the processor, by its name', () => {
    expect(processor()).toEqual({ kind: 'cpu', name: expect.stringMatching(/\S/) as string });
  });

  it('is the first GPU of NVIDIA’s driver', () => {
    for (const [bus, model] of [
      ['0000:81:00.0', 'NVIDIA A100'],
      ['0000:01:00.0', 'NVIDIA H100 80GB HBM3'],
    ]) {
      mkdirSync(join(folder, bus!));
      writeFileSync(join(folder, bus!, 'information'), `Model: \t\t ${model}\nIRQ:   \t\t 18\n`);
    }
    expect(cudaDevice(folder)).toEqual({ kind: 'gpu', name: 'NVIDIA H100 80GB HBM3' });
  });

  it('is a GPU also where the driver shows nothing', () => {
    expect(cudaDevice(folder)).toEqual({ kind: 'gpu', name: 'a CUDA device' });
    expect(cudaDevice(join(folder, 'none'))).toEqual({ kind: 'gpu', name: 'a CUDA device' });
  });

  it.each([
    [
      'gpu',
      { description: 'NVIDIA: 570.1', vendor: 'nvidia', architecture: 'hopper', isFallbackAdapter: false },
    ],
    ['gpu', { description: '', vendor: 'apple', architecture: 'm2' }],
    ['software', { description: 'SwiftShader driver 5.0.0', vendor: 'google', architecture: 'swiftshader' }],
    [
      'software',
      { description: 'llvmpipe (LLVM 19)', vendor: 'mesa', architecture: '', isFallbackAdapter: false },
    ],
    ['software', { description: 'a new one', vendor: 'x', architecture: 'y', isFallbackAdapter: true }],
  ])('%s: %o', (kind, info) => {
    expect(describeAdapter(info).kind).toBe(kind);
    expect(describeAdapter(info).name).toContain(info.description || info.vendor);
  });
});

describe('Vulkan', () => {
  const load = (message: string) => () => {
    throw new Error(message);
  };
  it('is there when its library opens, which is no addon', () => {
    expect(hasVulkan('linux', load("Module did not self-register: 'libvulkan.so.1'."))).toBe(true);
    expect(hasVulkan('linux', load('libvulkan.so.1: cannot open shared object file'))).toBe(false);
  });
  it('is no question on other systems', () => {
    expect(hasVulkan('darwin', load('never called'))).toBe(true);
  });
});

describe('a native build is for CUDA', () => {
  const directory = () => join(folder, 'node_modules', '@tensorflow', 'tfjs-node');
  const stamp = (text: string) => {
    mkdirSync(directory(), { recursive: true });
    writeFileSync(join(folder, 'node_modules', '.setup-tensorflow.json'), text);
  };
  it.each([
    [true, '{"wheel":{"file":"tensorflow-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl"}}'],
    [false, '{"wheel":{"file":"tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl"}}'],
    [false, '{}'],
    [false, 'null'],
    [false, 'cut o'],
  ])('%s for %s', (expected, text) => {
    stamp(text);
    expect(isBuiltForCuda(directory())).toBe(expected);
  });
  it('false where there is no word of it', () => {
    expect(isBuiltForCuda(directory())).toBe(false);
  });
});
