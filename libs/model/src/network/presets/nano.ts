import type { Preset } from '../preset.ts';
import { cube, flat } from './shapes.ts';

/** Isotropic, for volumes of about 10 nm; at most half a million parameters, so that it trains and runs on CPUs. */
export const nano: Preset = {
  name: 'nano',
  token: cube(8),
  crop: cube(64),
  stem: { width: 8, kernel: cube(3) },
  stages: [
    // No Mamba at half resolution: its 32 k tokens a crop would cost half as much as all the rest of the network.
    { width: 16, kernel: cube(2), strides: cube(2), mambaLayers: 0 },
    { width: 24, kernel: cube(2), strides: cube(2), mambaLayers: 1 },
    { width: 32, kernel: cube(2), strides: cube(2), mambaLayers: 1 },
    { width: 40, kernel: cube(2), strides: cube(2), mambaLayers: 2 },
  ],
  decoderKernel: cube(3),
  mamba: { state: 16, headChannels: 16, expand: 2, convolutionWidth: 4 },
  resampler: { latents: 16, layers: 2, heads: 4 },
};

/** For sections of 30 to 50 nm: two stages within the section make a voxel about a cube, then two in all axes, with
 * the sequence layers, since a map before them has four times as many voxels as its like in `nano`. */
export const nanoAnisotropic: Preset = {
  ...nano,
  name: 'nano-anisotropic',
  token: [4, 16, 16],
  crop: [16, 128, 128],
  stem: { width: 8, kernel: flat(3) },
  stages: [
    { width: 16, kernel: flat(2), strides: flat(2), mambaLayers: 0 },
    { width: 24, kernel: flat(2), strides: flat(2), mambaLayers: 0 },
    { width: 32, kernel: cube(2), strides: cube(2), mambaLayers: 2 },
    { width: 40, kernel: cube(2), strides: cube(2), mambaLayers: 2 },
  ],
  decoderKernel: flat(3),
  spatialKernel: cube(3),
};
