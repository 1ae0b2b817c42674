import { map, array, type ParityCase } from '../onnx/parity.fixture.ts';
import { residualBlock, residualDecoderStep } from './convolution.ts';
import { affinityForward, pretrainingForward } from './network.ts';
import { nextTokenHead, resample } from './resampler.ts';
import { small } from './small.fixture.ts';
import { transformerLayer } from './transformer.ts';
import { withTransformer, type Preset } from './presets.ts';

/** The paper's plan, so narrow that the cpu engine runs it: strides above kernels, residual blocks, a bottleneck. */
export const smallPaper: Preset = {
  ...small,
  name: 'small-paper',
  token: [2, 4, 4],
  crop: [4, 8, 8],
  stem: { width: 4, kernel: [1, 3, 3], beside: true },
  stages: [
    { width: 4, kernel: [1, 7, 7], strides: [2, 2, 2], mambaLayers: 1 },
    { width: 8, kernel: [1, 2, 2], strides: [2, 2, 2], mambaLayers: 1 },
  ],
  decoderKernel: [1, 5, 5],
  spatialKernel: [3, 3, 3],
  bottleneck: { width: 12, kernel: [3, 3, 3] },
  residual: true,
  resampler: { latents: 4, layers: 2, heads: 2, expand: 4 },
};
export const smallTransformer: Preset = withTransformer(smallPaper);

const options = { headChannels: 4, expand: 3 };

/** The modules beside Mamba and the gated convolution, for every suite that compares executions of them. */
export const otherModules: Record<string, ParityCase> = {
  'Transformer layer': {
    inputs: [map(8, 2, 3, 4)],
    run: (ops, [x], p) => transformerLayer(ops, p, x!, options),
  },
  'Transformer layer, queries in uneven blocks': {
    inputs: [map(8, 2, 3, 4)],
    run: (ops, [x], p) => transformerLayer(ops, p, x!, options, 2 * 24 * 7),
  },
  'residual block': {
    inputs: [map(4, 3, 5, 6)],
    run: (ops, [x], p) => residualBlock(ops, p, x!, { width: 4, kernel: [1, 3, 3] }),
  },
  'residual block that widens': {
    inputs: [map(3, 3, 5, 6)],
    run: (ops, [x], p) => residualBlock(ops, p, x!, { width: 5, kernel: [1, 5, 5] }),
  },
  'residual step of the decoder': {
    inputs: [map(6, 2, 3, 4), map(3, 2, 6, 12)],
    run: (ops, [below, skip], p) =>
      residualDecoderStep(ops, p, below!, skip!, { factors: [1, 2, 3], width: 3, kernel: [1, 3, 3] }),
  },
  'resampler with a wide feed-forward': {
    inputs: [map(8, 2, 3, 4)],
    run: (ops, [x], p) => resample(ops, p, x!, { latents: 5, layers: 3, heads: 2, expand: 4 }),
  },
  'next-token head': {
    inputs: [array(5, 8), array(1, 12)],
    run: (ops, [latents, position], p) =>
      nextTokenHead(ops, p, latents!, position!, { grid: [1, 3, 4], tokenVoxels: 6, heads: 2 }),
  },
  "the paper's plan: affinities": {
    inputs: [map(1, 4, 8, 16)],
    range: [0, 1],
    run: (ops, [crop], p) => affinityForward(ops, p, smallPaper, crop!),
  },
  "the paper's plan with Transformer layers: voxels": {
    inputs: [map(1, 4, 8, 8), array(1, 8)],
    range: [0, 1],
    run: (ops, [crop, position], p) => pretrainingForward(ops, p, smallTransformer, crop!, position!).voxels,
  },
  "the paper's plan: token": {
    inputs: [map(1, 4, 8, 8), array(1, 8)],
    range: [0, 1],
    run: (ops, [crop, position], p) => pretrainingForward(ops, p, smallPaper, crop!, position!).token,
  },
};
