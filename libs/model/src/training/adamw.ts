import type * as tfjs from '@tensorflow/tfjs';
import type { Tf } from '../ops/tensor-ops.ts';
import { variableOf } from './variables.ts';
import type { Weight, Weights } from './weights.ts';

export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Gradients are scaled so that their global norm is at most this, *before* the update. */
  readonly clipNorm: number;
}

/** The paper's settings for pretraining (part 2 of the method's notes). */
export const adamWDefaults: AdamWOptions = {
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0.05,
  clipNorm: 1,
};

/**
 * AdamW (Loshchilov and Hutter 2019): decay is decoupled from the gradient, and skips biases, norms and other
 * parameters that are not matrices or filters. TensorFlow.js has Adam only.
 */
export class AdamW implements Disposable {
  readonly #tf: Tf;
  readonly #options: AdamWOptions;
  readonly #moments = new Map<string, { first: tfjs.Variable; second: tfjs.Variable }>();
  #step = 0;

  constructor(tf: Tf, options: Partial<AdamWOptions> = {}) {
    this.#tf = tf;
    this.#options = { ...adamWDefaults, ...options };
  }

  get step(): number {
    return this.#step;
  }

  /**
   * One update in place. Does not dispose of `gradients`.
   * @returns the gradients' global norm before clipping, as a tensor the caller disposes of
   */
  apply(
    variables: ReadonlyMap<string, tfjs.Variable>,
    gradients: ReadonlyMap<string, tfjs.Tensor>,
    rate: (name: string) => number,
  ): tfjs.Scalar {
    const tf = this.#tf;
    const { beta1, beta2, epsilon, weightDecay, clipNorm } = this.#options;
    this.#step++;
    const correction1 = 1 - beta1 ** this.#step;
    const correction2 = 1 - beta2 ** this.#step;
    return tf.tidy(() => {
      const norm = tf.sqrt(
        tf.addN([...gradients.values()].map((g) => tf.tidy(() => g.square().sum()))),
      ) as tfjs.Scalar;
      const clip = tf.minimum(tf.scalar(clipNorm).div(norm.add(1e-6)), 1);
      for (const [name, gradient] of gradients)
        // each by itself: together they would leave ten copies of all weights behind
        tf.tidy(() => {
          const variable = variables.get(name)!;
          const { first, second } = this.#momentsOf(name, variable);
          const g = gradient.mul(clip);
          first.assign(first.mul(beta1).add(g.mul(1 - beta1)));
          second.assign(second.mul(beta2).add(g.square().mul(1 - beta2)));
          const size = second.div(correction2).sqrt().add(epsilon);
          const r = rate(name);
          const decayed = decays(name) ? variable.mul(1 - r * weightDecay) : variable;
          variable.assign(decayed.sub(first.mul(r / correction1).div(size)));
        });
      return norm;
    });
  }

  /** Moments and step, for a checkpoint: names get the suffixes `:first` and `:second`. */
  async read(): Promise<{ step: number; moments: Weights }> {
    const moments = new Map<string, Weight>();
    for (const [name, { first, second }] of this.#moments)
      for (const [suffix, variable] of [
        ['first', first],
        ['second', second],
      ] as const)
        moments.set(`${name}:${suffix}`, {
          shape: [...variable.shape],
          data: Float32Array.from(await variable.data()),
        });
    return { step: this.#step, moments };
  }

  restore(state: { step: number; moments: Weights }): void {
    const tf = this.#tf;
    this[Symbol.dispose]();
    this.#step = state.step;
    for (const [key, first] of state.moments) {
      if (!key.endsWith(':first')) continue;
      const name = key.slice(0, -':first'.length);
      const second = state.moments.get(`${name}:second`)!;
      this.#moments.set(name, { first: variableOf(tf, first, false), second: variableOf(tf, second, false) });
    }
  }

  #momentsOf(name: string, like: tfjs.Variable) {
    let found = this.#moments.get(name);
    if (!found) {
      const zero = () => this.#tf.variable(this.#tf.zeros(like.shape), false);
      found = { first: zero(), second: zero() };
      this.#moments.set(name, found);
    }
    return found;
  }

  [Symbol.dispose](): void {
    for (const { first, second } of this.#moments.values()) {
      first.dispose();
      second.dispose();
    }
    this.#moments.clear();
  }
}

/**
 * Matrices and filters are named `weight`; nothing else is decayed. That leaves out, besides biases and the gains and
 * offsets of norms: `decay.log`, `skip` and `step.bias` of a Mamba layer, which set time scales and are not decayed in
 * Mamba either; `merge`, whose zero would be a layer that is switched off; `latents`, which Flamingo does not decay; the
 * taps `weight0..` of the short causal convolution, one number a channel.
 */
export const decays = (name: string): boolean => name.endsWith('.weight');
