import { describe, expect, it } from 'vitest';
import { isModelError } from '../errors.ts';
import { chooseEngine, type EngineChoice, type Machine } from './choice.ts';
import type { EngineDevice } from './device.ts';

const h100: EngineDevice = { kind: 'gpu', name: 'NVIDIA H100' };
const swiftshader: EngineDevice = { kind: 'software', name: 'SwiftShader' };

interface Parts {
  readonly native?: 'cpu' | 'cuda';
  readonly gpu?: EngineDevice;
}

/** A machine of these parts, and what it was asked. */
function machineOf({ native, gpu }: Parts): Machine & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    place: '.tensorflow',
    tensorflow() {
      asked.push('tensorflow');
      return native && { cuda: native === 'cuda' };
    },
    gpu() {
      asked.push('gpu');
      return Promise.resolve(gpu);
    },
  };
}

const choose = (choice: EngineChoice, parts: Parts, wish: { gpu?: boolean; allowSoftware?: boolean } = {}) =>
  chooseEngine({ choice, gpu: false, allowSoftware: false, ...wish }, machineOf(parts));

async function refusal(...asked: Parameters<typeof choose>): Promise<string> {
  const answer: unknown = await choose(...asked).catch((error: unknown) => error);
  if (!isModelError(answer, 'model/engine')) throw new Error(`not refused: ${String(answer)}`);
  return answer.message;
}

describe('auto', () => {
  it.each<[string, Parts, string]>([
    ['takes the native build, also where there is a GPU', { native: 'cpu', gpu: h100 }, 'tensorflow'],
    ['takes the native build for CUDA', { native: 'cuda' }, 'tensorflow'],
    ['takes a GPU where there is no build', { gpu: h100 }, 'webgpu'],
    ['never takes a GPU that is none', { gpu: swiftshader }, 'cpu'],
    ['takes the cpu where there is nothing', {}, 'cpu'],
  ])('%s', async (_, parts, expected) => {
    expect(await choose('auto', parts)).toBe(expected);
  });

  it('never takes a GPU that is none, not even where it is permitted', async () => {
    expect(await choose('auto', { gpu: swiftshader }, { allowSoftware: true })).toBe('cpu');
  });

  it('does not look for a GPU where there is a native build', async () => {
    const machine = machineOf({ native: 'cpu', gpu: h100 });
    await chooseEngine({ choice: 'auto', gpu: false, allowSoftware: false }, machine);
    expect(machine.asked).toEqual(['tensorflow']);
  });
});

describe('a name', () => {
  it('cpu asks nothing of the machine', async () => {
    const machine = machineOf({ native: 'cuda', gpu: h100 });
    expect(await chooseEngine({ choice: 'cpu', gpu: false, allowSoftware: true }, machine)).toBe('cpu');
    expect(machine.asked).toEqual([]);
  });

  it('tensorflow without a build is refused with the command that mends it', async () => {
    expect(await refusal('tensorflow', { gpu: h100 })).toBe(
      'There is no native TensorFlow build in .tensorflow; run `npm run setup:tensorflow`.',
    );
  });

  it('webgpu is taken on a GPU, also where there is a native build', async () => {
    expect(await choose('webgpu', { native: 'cuda', gpu: h100 })).toBe('webgpu');
  });

  it('webgpu without any device is refused with what to install', async () => {
    expect(await refusal('webgpu', { native: 'cpu' })).toMatch(
      /^WebGPU finds no GPU on this machine; install .* libvulkan .*, or use engine tensorflow or cpu\.$/,
    );
  });

  it('webgpu on a device that is no GPU is refused, unless that is permitted', async () => {
    expect(await refusal('webgpu', { gpu: swiftshader })).toMatch(
      /no GPU on this machine, only SwiftShader, which computes on the processor; .*TOKENUNIFY_ALLOW_SOFTWARE_GPU=1/,
    );
    expect(await choose('webgpu', { gpu: swiftshader }, { allowSoftware: true })).toBe('webgpu');
  });

  it('that is none is refused with those there are', async () => {
    // what a configuration file can hold
    expect(await refusal('wasm' as EngineChoice, {})).toBe(
      "There is no engine 'wasm'; use auto, tensorflow, webgpu or cpu.",
    );
  });
});

describe('a GPU that is asked for', () => {
  const gpu = { gpu: true };
  it.each<[EngineChoice, Parts, string]>([
    ['auto', { native: 'cuda' }, 'tensorflow'],
    ['auto', { native: 'cpu', gpu: h100 }, 'webgpu'],
    ['auto', { gpu: h100 }, 'webgpu'],
    ['tensorflow', { native: 'cuda' }, 'tensorflow'],
    ['webgpu', { gpu: h100 }, 'webgpu'],
  ])('%s with %o is %s', async (choice, parts, expected) => {
    expect(await choose(choice, parts, gpu)).toBe(expected);
  });

  it.each<[EngineChoice, Parts, RegExp]>([
    ['auto', {}, /no GPU on this machine; install/],
    ['auto', { native: 'cpu' }, /no GPU on this machine; install/],
    ['auto', { gpu: swiftshader }, /only SwiftShader/],
    ['webgpu', { gpu: swiftshader }, /only SwiftShader/],
    [
      'tensorflow',
      { native: 'cpu', gpu: h100 },
      /for the processor; run `npm run setup:tensorflow -- --gpu`/,
    ],
    ['tensorflow', { gpu: h100 }, /^A GPU was asked for.*run `npm run setup:tensorflow -- --gpu`/],
    ['cpu', { native: 'cuda', gpu: h100 }, /engine cpu uses none/],
  ])('%s with %o is refused', async (choice, parts, why) => {
    // permission for a device that is none does not make it a GPU
    expect(await refusal(choice, parts, { gpu: true, allowSoftware: true })).toMatch(why);
  });
});
