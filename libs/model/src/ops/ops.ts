/**
 * `Ops<T>` is the small language the network is written in.
 *
 * The network is one pure function against this interface; it is *executed* by an engine (`T` = tensor), *traced* into
 * an ONNX graph (`T` = graph value) and *measured* without weights (`T` = shape). There is no second copy of it.
 *
 * Two kinds of value pass through, both of type `T`:
 *
 * - **arrays**: row-major, their axes are what `shapeOf` says. Axis 0 is always the batch (or 1, for a value that
 *   broadcasts over it, such as a parameter); no operation merges it with another axis. That is what lets the exported
 *   graph have a dynamic batch: its reshapes copy axis 0.
 * - **maps**: spatial features in the layout the engine likes best (NDHWC for TensorFlow, NCDHW for ONNX). Only the
 *   operations under "maps" know that layout; `shapeOf` a map is not meaningful, `mapShape` is.
 *   Element-wise operations accept two maps of the same shape.
 *
 * Only operations whose gradients are right in every engine are here (see the table in docs): no cumsum, no einsum,
 * no gather, no transposed or grouped 3D convolution.
 */
import type { ParameterSource } from '../network/parameters.ts';

export type Vec3 = readonly [z: number, y: number, x: number];
export type Shape = readonly number[];

export interface MapShape {
  readonly batch: number;
  readonly channels: number;
  readonly space: Vec3;
}

export interface Ops<T> {
  // ---- arrays -------------------------------------------------------------------------------------------------
  shapeOf(x: T): Shape;
  /**
   * A literal array. Axis 0 must be 1 unless it is the right-hand side of `dense`. Pass the same `values` every time:
   * engines keep what they made of it, graphs store it once.
   */
  constant(values: Float32Array, shape: Shape): T;

  // Element-wise with NumPy broadcasting.
  add(a: T, b: T): T;
  subtract(a: T, b: T): T;
  multiply(a: T, b: T): T;
  divide(a: T, b: T): T;
  exp(x: T): T;
  sqrt(x: T): T;
  relu(x: T): T;
  sigmoid(x: T): T;
  /** log(1 + e^x), stable for large |x|. */
  softplus(x: T): T;

  /** x [..., k] times a matrix w [k, m] (a parameter or constant) -> [..., m]. */
  dense(x: T, w: T): T;
  /** Batched a [..., n, k] times b [..., k, m]; leading axes equal, no broadcasting (its gradient differs by engine). */
  matmul(a: T, b: T, options?: { transposeA?: boolean; transposeB?: boolean }): T;
  /** Softmax over the last axis. */
  softmax(x: T): T;
  /** Mean over the last axis, kept as size 1. */
  meanLast(x: T): T;
  /** Sum over one axis (not the batch), which disappears. */
  sum(x: T, axis: number): T;

  /** `shape[0]` must be the batch of `x`. */
  reshape(x: T, shape: Shape): T;
  /** `axes[0]` must be 0. */
  transpose(x: T, axes: readonly number[]): T;
  concat(xs: readonly T[], axis: number): T;
  slice(x: T, axis: number, start: number, size: number): T;
  /** Zeros before and after along one axis. */
  pad(x: T, axis: number, before: number, after: number): T;
  reverse(x: T, axis: number): T;
  /** x with axis 0 of size 1 -> repeated to the batch of `like`. */
  repeatBatch(x: T, like: T): T;

  // ---- maps ---------------------------------------------------------------------------------------------------
  mapShape(x: T): MapShape;
  /**
   * 3D convolution, zero padding "same" as TensorFlow defines it: output = ceil(input / stride), the odd cell of
   * padding after. `filter` is a parameter [kz, ky, kx, in, out]; `bias` a parameter [out].
   */
  conv3d(x: T, filter: T, bias: T | undefined, strides: Vec3): T;
  /** (x - mean) / sqrt(variance + epsilon) * gain + offset per sample and channel over space; parameters [channels]. */
  instanceNorm(x: T, gain: T, offset: T, epsilon: number): T;
  /** Nearest-neighbour up-sampling by whole factors. */
  upsample(x: T, factors: Vec3): T;
  concatChannels(xs: readonly T[]): T;
  /** Map -> array [batch, z * y * x, channels], raster order. */
  toTokens(x: T): T;
  /** The inverse of `toTokens`. */
  fromTokens(x: T, space: Vec3): T;

  // ---- memory -------------------------------------------------------------------------------------------------
  /**
   * Runs `body` without keeping what it computes inside: the gradient runs it again. Its inputs are explicit, and so
   * are its weights (those it asks `p` for), since a gradient flows to both. Absent where nothing is trained, and where
   * memory is not short. The network calls it through `segment`.
   */
  recompute?(
    p: ParameterSource<T>,
    inputs: readonly T[],
    body: (p: ParameterSource<T>, inputs: readonly T[]) => readonly T[],
  ): readonly T[];
}
