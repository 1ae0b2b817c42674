import type { PaperSize } from './paper.ts';

/** Flamingo has 64 latents and a feed-forward of four widths too, but six layers: more than all else here weighs. */
const resampler = { latents: 64, layers: 3, heads: 8, expand: 4 };

/** The paper's EMmamba, 28.3 M parameters. */
export const base: PaperSize = {
  name: 'base',
  widths: [32, 64, 128, 256],
  bottleneck: 512,
  layers: [3, 3, 3, 3],
  headChannels: 32,
  resampler,
};

/** The sizes of the paper's scaling study; it names them by their parameters and gives no widths, so these are ours:
 * wider, and the larger ones with more sequence layers at the lowest resolutions, where a layer costs little time. */
export const scaled: readonly PaperSize[] = [
  {
    name: '100m',
    widths: [64, 128, 256, 512],
    bottleneck: 768,
    layers: [3, 3, 3, 4],
    headChannels: 64,
    resampler,
  },
  {
    name: '200m',
    widths: [96, 192, 384, 768],
    bottleneck: 960,
    layers: [3, 3, 3, 3],
    headChannels: 64,
    resampler,
  },
  {
    name: '500m',
    widths: [128, 256, 512, 1024],
    bottleneck: 1536,
    layers: [3, 3, 9, 18],
    headChannels: 64,
    resampler,
  },
  {
    name: '1b',
    widths: [192, 384, 768, 1536],
    bottleneck: 2048,
    layers: [3, 3, 9, 12],
    headChannels: 64,
    resampler,
  },
];
