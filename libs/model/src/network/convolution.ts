import type { Ops, Vec3 } from '../ops/ops.ts';
import { he, ones, zeros, scoped, type ParameterSource } from './parameters.ts';

export const NORM_EPSILON = 1e-5;

const pointwise: Vec3 = [1, 1, 1];
const unit: Vec3 = [1, 1, 1];

export interface ConvolutionOptions {
  readonly width: number;
  readonly kernel: Vec3;
  readonly strides?: Vec3;
  /** Instance normalisation after it; the bias is then useless and left out. */
  readonly norm?: boolean;
  readonly relu?: boolean;
}

/** Convolution, then optionally instance norm, then optionally a rectifier. */
export function convolution<T>(ops: Ops<T>, p: ParameterSource<T>, x: T, options: ConvolutionOptions): T {
  const { width, kernel, strides = unit, norm = false, relu = false } = options;
  const { channels } = ops.mapShape(x);
  const fanIn = kernel[0] * kernel[1] * kernel[2] * channels;
  const filter = p.get('weight', [...kernel, channels, width], he(fanIn));
  let out = ops.conv3d(x, filter, norm ? undefined : p.get('bias', [width], zeros), strides);
  if (norm)
    out = ops.instanceNorm(
      out,
      p.get('norm.gain', [width], ones),
      p.get('norm.offset', [width], zeros),
      NORM_EPSILON,
    );
  return relu ? ops.relu(out) : out;
}

/**
 * Gated spatial convolution before a stage's Mamba layers: two normalised convolutions beside a pointwise one, summed,
 * mixed by a pointwise convolution, added to the input (part 2 of the method's notes; SegMamba, Xing et al. 2024).
 */
export function gatedSpatialConvolution<T>(ops: Ops<T>, p: ParameterSource<T>, x: T, kernel: Vec3): T {
  const width = ops.mapShape(x).channels;
  const block = { width, norm: true, relu: true };
  const first = convolution(ops, scoped(p, 'spatial1'), x, { ...block, kernel });
  const second = convolution(ops, scoped(p, 'spatial2'), first, { ...block, kernel });
  const gate = convolution(ops, scoped(p, 'gate'), x, { ...block, kernel: pointwise });
  const mixed = convolution(ops, scoped(p, 'mix'), ops.add(second, gate), {
    width,
    kernel: pointwise,
    norm: true,
    relu: true,
  });
  return ops.add(x, mixed);
}

/**
 * The way up: narrow to the skip connection's width, up-sample, join. Narrowing before up-sampling costs an eighth and
 * halves the widest convolution of the network.
 */
function joinSkip<T>(
  ops: Ops<T>,
  p: ParameterSource<T>,
  below: T,
  skip: T,
  { factors, width }: { factors: Vec3; width: number },
): T {
  const narrow = convolution(ops, scoped(p, 'narrow'), below, { width, kernel: pointwise });
  return ops.concatChannels([ops.upsample(narrow, factors), skip]);
}

/** One step of the decoder: what comes from below joined to the skip connection, and two normalised convolutions. */
export function decoderStep<T>(
  ops: Ops<T>,
  p: ParameterSource<T>,
  below: T,
  skip: T,
  options: { factors: Vec3; width: number; kernel: Vec3 },
): T {
  const joined = joinSkip(ops, p, below, skip, options);
  const block = { width: options.width, kernel: options.kernel, norm: true, relu: true };
  const first = convolution(ops, scoped(p, 'conv1'), joined, block);
  return convolution(ops, scoped(p, 'conv2'), first, block);
}

/**
 * Two normalised convolutions beside a shortcut, summed, rectified (He et al. 2016, figure 2). The shortcut is the input,
 * or a normalised pointwise convolution of it where the width changes.
 */
export function residualBlock<T>(
  ops: Ops<T>,
  p: ParameterSource<T>,
  x: T,
  { width, kernel }: { width: number; kernel: Vec3 },
): T {
  const first = convolution(ops, scoped(p, 'conv1'), x, { width, kernel, norm: true, relu: true });
  const second = convolution(ops, scoped(p, 'conv2'), first, { width, kernel, norm: true });
  const shortcut =
    ops.mapShape(x).channels === width
      ? x
      : convolution(ops, scoped(p, 'shortcut'), x, { width, kernel: pointwise, norm: true });
  return ops.relu(ops.add(second, shortcut));
}

/** `decoderStep` with a residual block in place of its two convolutions: the paper's. */
export function residualDecoderStep<T>(
  ops: Ops<T>,
  p: ParameterSource<T>,
  below: T,
  skip: T,
  options: { factors: Vec3; width: number; kernel: Vec3 },
): T {
  return residualBlock(ops, scoped(p, 'block'), joinSkip(ops, p, below, skip, options), options);
}
