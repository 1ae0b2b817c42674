import { decoderStep, gatedSpatialConvolution } from '../network/convolution.ts';
import { feedForward, rmsNorm } from '../network/layers.ts';
import { mambaLayer } from '../network/mamba.ts';
import { affinityForward, pretrainingForward } from '../network/network.ts';
import { presetNamed } from '../network/presets.ts';
import { nextTokenHead, resample } from '../network/resampler.ts';
import { otherModules } from '../network/modules.fixture.ts';
import { small } from '../network/small.fixture.ts';
import { prefixStates, ssd } from '../network/ssd.ts';
import { array, map, type ParityCase } from '../onnx/parity.fixture.ts';

const nano = presetNamed('nano');
const scanned = (k: number) => [array(2, k, 6), array(2, k, 3), array(2, k, 4), array(2, k, 4)];

/** Every module of the network, by itself and put together; `loss` cases come beside them. */
export const modules: Record<string, ParityCase> = {
  'rms norm': { inputs: [array(5, 8)], run: (ops, [x], p) => rmsNorm(ops, p, x!) },
  'feed-forward': { inputs: [array(5, 8)], run: (ops, [x], p) => feedForward(ops, p, x!) },
  'scan, one chunk': {
    inputs: scanned(9),
    range: [-1, 0],
    run: (ops, [x, logDecay, b, c]) => ssd(ops, { x: x!, logDecay: logDecay!, b: b!, c: c! }, 9),
  },
  'scan, chunks of 64': {
    inputs: scanned(130),
    range: [-1, 0],
    run: (ops, [x, logDecay, b, c]) => ssd(ops, { x: x!, logDecay: logDecay!, b: b!, c: c! }),
  },
  'scan, chunks of chunks': {
    inputs: scanned(22),
    range: [-1, 0],
    run: (ops, [x, logDecay, b, c]) => ssd(ops, { x: x!, logDecay: logDecay!, b: b!, c: c! }, 4),
  },
  'states between chunks': {
    inputs: [array(2, 3, 11, 4), array(2, 3, 11)],
    range: [-1, 0],
    run: (ops, [states, decay]) => prefixStates(ops, states!, decay!, 4),
  },
  'Mamba layer': {
    inputs: [map(8, 2, 3, 4)],
    run: (ops, [x], p) => mambaLayer(ops, p, x!, small.mamba),
  },
  'gated spatial convolution': {
    inputs: [map(4, 3, 5, 6)],
    run: (ops, [x], p) => gatedSpatialConvolution(ops, p, x!, [3, 3, 3]),
  },
  'gated spatial convolution, anisotropic': {
    inputs: [map(4, 3, 5, 6)],
    run: (ops, [x], p) => gatedSpatialConvolution(ops, p, x!, [1, 3, 5]),
  },
  'step of the decoder': {
    inputs: [map(6, 2, 3, 4), map(3, 2, 6, 12)],
    run: (ops, [below, skip], p) =>
      decoderStep(ops, p, below!, skip!, { factors: [1, 2, 3], width: 3, kernel: [3, 3, 3] }),
  },
  resampler: {
    inputs: [map(40, 2, 3, 4)],
    run: (ops, [x], p) => resample(ops, p, x!, nano.resampler),
  },
  'next-token head': {
    inputs: [array(4, 8), array(1, 6)],
    run: (ops, [latents, position], p) =>
      nextTokenHead(ops, p, latents!, position!, { grid: [1, 2, 3], tokenVoxels: 8, heads: 2 }),
  },
  'network for affinities': {
    inputs: [map(1, 8, 8, 12)],
    range: [0, 1],
    run: (ops, [crop], p) => affinityForward(ops, p, small, crop!),
  },
  'network for pretraining, voxels': {
    inputs: [map(1, 8, 8, 12), array(1, 12)],
    range: [0, 1],
    run: (ops, [crop, position], p) => pretrainingForward(ops, p, small, crop!, position!).voxels,
  },
  'network for pretraining, next token': {
    inputs: [map(1, 8, 8, 12), array(1, 12)],
    range: [0, 1],
    run: (ops, [crop, position], p) => pretrainingForward(ops, p, small, crop!, position!).token,
  },
  ...otherModules,
};
