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
