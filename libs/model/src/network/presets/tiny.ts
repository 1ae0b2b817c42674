import type { Preset } from '../preset.ts';
import { cube, flat } from './shapes.ts';

/** `nano`'s plan, twice to three times as wide: a few million parameters, the largest that trains on a CPU in a night. */
export const tiny: Preset = {
  name: 'tiny',
  token: cube(8),
  crop: cube(64),
  stem: { width: 16, kernel: cube(3) },
  stages: [
    { width: 32, kernel: cube(2), strides: cube(2), mambaLayers: 0 },
    { width: 64, kernel: cube(2), strides: cube(2), mambaLayers: 1 },
    { width: 96, kernel: cube(2), strides: cube(2), mambaLayers: 2 },
    { width: 128, kernel: cube(2), strides: cube(2), mambaLayers: 2 },
  ],
  decoderKernel: cube(3),
  mamba: { state: 16, headChannels: 32, expand: 2, convolutionWidth: 4 },
  resampler: { latents: 32, layers: 2, heads: 4 },
};

/** For sections of 30 to 50 nm: see `nano-anisotropic`. */
export const tinyAnisotropic: Preset = {
  ...tiny,
  name: 'tiny-anisotropic',
  token: [4, 16, 16],
  crop: [16, 128, 128],
  stem: { width: 16, kernel: flat(3) },
  stages: [
    { width: 32, kernel: flat(2), strides: flat(2), mambaLayers: 0 },
    { width: 64, kernel: flat(2), strides: flat(2), mambaLayers: 0 },
    { width: 96, kernel: cube(2), strides: cube(2), mambaLayers: 3 },
    { width: 128, kernel: cube(2), strides: cube(2), mambaLayers: 2 },
  ],
  decoderKernel: flat(3),
  spatialKernel: cube(3),
};
