import { ModelError } from '../errors.ts';
import type { Vec3 } from '../ops/ops.ts';

/** One stage of the encoder: down-sampling convolution, gated spatial convolution, sequence layers. */
export interface StagePreset {
  readonly width: number;
  /** Down-sampling: kernel and stride, (z, y, x). */
  readonly kernel: Vec3;
  readonly strides: Vec3;
  /** Sequence layers: Mamba, or Transformer where the preset's `sequence` says so. */
  readonly mambaLayers: number;
  /** Kernel of this stage's gated spatial convolution; the preset's when absent. */
  readonly spatialKernel?: Vec3;
}

/** A network as plain data. Strides and kernels are part of it, so one code serves isotropic and anisotropic volumes. */
export interface Preset {
  readonly name: string;
  /** Voxels of one token. */
  readonly token: Vec3;
  /** Voxels of a training crop and of an exported tile, unless a configuration says otherwise. */
  readonly crop: Vec3;
  /**
   * At full resolution; its output is the outermost skip connection. The first stage reads it too, unless it stands
   * `beside` the stages: then the first stage's strided convolution reads the crop itself, as the paper's stem does.
   */
  readonly stem: { readonly width: number; readonly kernel: Vec3; readonly beside?: boolean };
  readonly stages: readonly StagePreset[];
  /** Kernel of the decoder's convolutions. */
  readonly decoderKernel: Vec3;
  /** Kernel of the gated spatial convolutions; `decoderKernel` when absent. */
  readonly spatialKernel?: Vec3;
  /** A residual block after the last stage; the decoder and the resampler start from it. None when absent. */
  readonly bottleneck?: { readonly width: number; readonly kernel: Vec3 };
  /**
   * The paper's decoder: a residual block on every skip connection, which widens it to the next stage's width, in
   * every step, and at the end. Absent: plain skip connections and two convolutions a step.
   */
  readonly residual?: boolean;
  /** What the stages' sequence layers are; Mamba when absent. */
  readonly sequence?: 'mamba' | 'transformer';
  /** Needed when `sequence` is 'transformer'; see `withTransformer`. */
  readonly transformer?: {
    /** Channels of one attention head: a stage of width w has w / headChannels heads. */
    readonly headChannels: number;
    /** Hidden channels of the feed-forward, in widths of the stage. */
    readonly expand: number;
  };
  readonly mamba: {
    readonly state: number;
    readonly headChannels: number;
    readonly expand: number;
    readonly convolutionWidth: number;
  };
  readonly resampler: {
    readonly latents: number;
    readonly layers: number;
    readonly heads: number;
    /** Hidden channels of the feed-forward, in widths of the bottom map; 2 when absent (Flamingo has 4). */
    readonly expand?: number;
  };
}

const cube = (size: number): Vec3 => [size, size, size];

/** Isotropic, for volumes of about 10 nm; at most half a million parameters, so that it trains and runs on CPUs. */
const nano: Preset = {
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

export const presets: Readonly<Record<string, Preset>> = { nano };

/** @throws ModelError `model/preset` when there is none of that name. */
export function presetNamed(name: string): Preset {
  const found = Object.hasOwn(presets, name) ? presets[name] : undefined;
  if (!found)
    throw new ModelError(
      'model/preset',
      `There is no preset '${name}'; use one of ${Object.keys(presets).join(', ')}.`,
    );
  return found;
}

/** Product of all strides: a crop must be a multiple of it on every axis. */
export function totalStride(preset: Preset): Vec3 {
  return preset.stages.reduce<Vec3>(
    (total, { strides }) => [total[0] * strides[0], total[1] * strides[1], total[2] * strides[2]],
    [1, 1, 1],
  );
}

/** Refuses a crop (or tile) that the strides or the tokens do not divide. */
export function checkCrop(preset: Preset, crop: Vec3): void {
  const stride = totalStride(preset);
  crop.forEach((size, axis) => {
    const unit = leastCommonMultiple(stride[axis]!, preset.token[axis]!);
    if (size <= 0 || size % unit !== 0)
      throw new ModelError(
        'model/shape',
        `Crop [${crop.join(', ')}] does not suit preset '${preset.name}': axis ${'zyx'[axis]} must be a positive multiple of ${unit}.`,
      );
  });
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y) [x, y] = [y, x % y];
  return (a / x) * b;
}

/** Tokens a crop has on each axis. */
export function tokenGrid(preset: Preset, crop: Vec3): Vec3 {
  return [crop[0] / preset.token[0], crop[1] / preset.token[1], crop[2] / preset.token[2]];
}
