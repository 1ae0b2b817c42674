import { describe, expect, it } from 'vitest';
import { decoderStep, gatedSpatialConvolution } from '../network/convolution.ts';
import { mambaLayer } from '../network/mamba.ts';
import { affinityForward, pretrainingForward } from '../network/network.ts';
import { presetNamed } from '../network/presets.ts';
import { resample } from '../network/resampler.ts';
import { prefixStates, ssd } from '../network/ssd.ts';
import { array, map, parity, type ParityCase } from './parity.fixture.ts';

const nano = presetNamed('nano');
const narrow = { ...nano.mamba, state: 4, headChannels: 8 };

const modules: Record<string, ParityCase> = {
  'the scan in one chunk': {
    inputs: [array(2, 7, 6), array(2, 7, 3), array(2, 7, 4), array(2, 7, 4)],
    range: [-1, 0],
    run: (ops, [x, logDecay, b, c]) => ssd(ops, { x: x!, logDecay: logDecay!, b: b!, c: c! }, 8),
  },
  'the scan in chunks of chunks': {
    inputs: [array(2, 30, 6), array(2, 30, 3), array(2, 30, 4), array(2, 30, 4)],
    range: [-1, 0],
    run: (ops, [x, logDecay, b, c]) => ssd(ops, { x: x!, logDecay: logDecay!, b: b!, c: c! }, 4),
  },
  'states between chunks': {
    inputs: [array(2, 3, 11, 4), array(2, 3, 11)],
    range: [-1, 0],
    run: (ops, [states, decay]) => prefixStates(ops, states!, decay!, 4),
  },
  'a Mamba layer': { inputs: [map(8, 3, 5, 6)], run: (ops, [x], p) => mambaLayer(ops, p, x!, narrow) },
  'gated spatial convolution': {
    inputs: [map(4, 3, 5, 6)],
    run: (ops, [x], p) => gatedSpatialConvolution(ops, p, x!, [1, 3, 3]),
  },
  'a step of the decoder': {
    inputs: [map(6, 2, 3, 4), map(3, 2, 6, 12)],
    run: (ops, [below, skip], p) =>
      decoderStep(ops, p, below!, skip!, { factors: [1, 2, 3], width: 3, kernel: [3, 3, 3] }),
  },
  'the resampler': {
    inputs: [map(8, 2, 3, 4)],
    run: (ops, [x], p) => resample(ops, p, x!, { latents: 5, layers: 2, heads: 2 }),
  },
};

/** On the smallest crop whose bottom map has more than one voxel: TensorFlow.js' cpu backend takes seconds. */
const networks: Record<string, ParityCase> = {
  'the affinity network': {
    inputs: [map(1, 16, 16, 32)],
    range: [0, 1],
    run: (ops, [crop], p) => affinityForward(ops, p, nano, crop!),
  },
  'the pretraining network: voxels': {
    inputs: [map(1, 16, 16, 32), array(1, 16)],
    range: [0, 1],
    run: (ops, [crop, position], p) => pretrainingForward(ops, p, nano, crop!, position!).voxels,
  },
  'the pretraining network: token': {
    inputs: [map(1, 16, 16, 32), array(1, 16)],
    range: [0, 1],
    run: (ops, [crop, position], p) => pretrainingForward(ops, p, nano, crop!, position!).token,
  },
};

describe('what is exported computes what was trained:', () => {
  it.each(Object.keys(modules))('%s', async (name) => {
    for (const opset of [17, 21] as const)
      for (const batch of [1, 2]) expect(await parity(modules[name]!, { opset, batch })).toBeLessThan(1e-4);
  });
  it.each(Object.keys(networks))('%s', async (name) => {
    expect(await parity(networks[name]!, { opset: 17, batch: 2 })).toBeLessThan(1e-4);
  });
});

describe('what is exported in float16 differs from it by what half precision loses:', () => {
  it.each(Object.keys(modules))('%s', async (name) => {
    for (const opset of [17, 21] as const)
      expect(await parity(modules[name]!, { opset, dtype: 'float16', batch: 2 })).toBeLessThan(5e-3);
  });
  it('the affinity network', async () => {
    const { run, ...network } = networks['the affinity network']!;
    const affinities: ParityCase = { ...network, run: (ops, x, p) => ops.sigmoid(run(ops, x, p)) };
    expect(await parity(affinities, { opset: 17, dtype: 'float16', fewWeights: 2 ** 15 })).toBeLessThan(1e-2);
  });
});
