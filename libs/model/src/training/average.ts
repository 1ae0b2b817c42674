import type * as tfjs from '@tensorflow/tfjs';
import type { Tf } from '../ops/tensor-ops.ts';
import { Variables } from './variables.ts';
import type { Weights } from './weights.ts';
import type { ParameterSpec } from '../network/parameters.ts';

/**
 * Exponential moving average of the weights: what is validated and exported. The decay grows from 0 as
 * (1 + t) / (10 + t), so that the first steps do not linger.
 */
export class MovingAverage implements Disposable {
  readonly variables: Variables;
  readonly #tf: Tf;
  readonly #decay: number;

  constructor(tf: Tf, parameters: readonly ParameterSpec[], weights: Weights, decay: number) {
    this.#tf = tf;
    this.#decay = decay;
    this.variables = new Variables(tf, parameters, weights);
  }

  update(current: ReadonlyMap<string, tfjs.Variable>, step: number): void {
    const decay = Math.min(this.#decay, (1 + step) / (10 + step));
    for (const [name, average] of this.variables.all)
      this.#tf.tidy(() => {
        average.assign(average.mul(decay).add(current.get(name)!.mul(1 - decay)));
      });
  }

  [Symbol.dispose](): void {
    this.variables[Symbol.dispose]();
  }
}
