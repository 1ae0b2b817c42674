import type { Shape } from '../ops/ops.ts';

/** How a parameter starts. Plain data, so that every engine (and the oracle of the tests) starts the same. */
export type Initialiser =
  | { readonly kind: 'constant'; readonly value: number }
  /** Normal with standard deviation sqrt(gain / fanIn). */
  | { readonly kind: 'normal'; readonly std: number }
  /** log(u), u uniform in [low, high]: Mamba-2's `A_log`. */
  | { readonly kind: 'log-uniform-decay'; readonly low: number; readonly high: number }
  /** softplus^-1(u), u log-uniform in [low, high]: Mamba-2's `dt_bias`. */
  | { readonly kind: 'inverse-softplus'; readonly low: number; readonly high: number };

export interface ParameterSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly init: Initialiser;
}

/** Where the network gets its weights from. Asking twice for one name is a fault of the network. */
export interface ParameterSource<T> {
  get(name: string, shape: Shape, init: Initialiser): T;
}

export const zeros: Initialiser = { kind: 'constant', value: 0 };
export const ones: Initialiser = { kind: 'constant', value: 1 };
/** He et al. 2015, for layers followed by a rectifier. */
export const he = (fanIn: number): Initialiser => ({ kind: 'normal', std: Math.sqrt(2 / fanIn) });
/** LeCun, for linear layers. */
export const lecun = (fanIn: number): Initialiser => ({ kind: 'normal', std: Math.sqrt(1 / fanIn) });

/** A view of a source that puts `prefix.` before every name. */
export function scoped<T>(source: ParameterSource<T>, prefix: string): ParameterSource<T> {
  return { get: (name, shape, init) => source.get(`${prefix}.${name}`, shape, init) };
}

export const parameterSize = (shape: Shape): number => shape.reduce((product, size) => product * size, 1);
