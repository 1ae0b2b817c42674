import type * as tfjs from '@tensorflow/tfjs';
import { ModelError } from '../errors.ts';
import type { ParameterSource, ParameterSpec } from '../network/parameters.ts';
import type { Tf } from '../ops/tensor-ops.ts';
import { checkWeights, type Weight, type Weights } from './weights.ts';

/** The trainable weights of one network on one engine. Dispose of it when done. */
export class Variables implements Disposable {
  readonly #variables: ReadonlyMap<string, tfjs.Variable>;

  constructor(tf: Tf, parameters: readonly ParameterSpec[], weights: Weights) {
    checkWeights(parameters, weights, 'The initial weights');
    this.#variables = new Map(
      parameters.map(({ name, shape }) => [name, variableOf(tf, { shape, data: weights.get(name)!.data })]),
    );
  }

  get names(): readonly string[] {
    return [...this.#variables.keys()];
  }
  get all(): ReadonlyMap<string, tfjs.Variable> {
    return this.#variables;
  }

  /** What the network reads its parameters from. */
  source(): ParameterSource<tfjs.Tensor> {
    return {
      get: (name) => {
        const found = this.#variables.get(name);
        if (!found)
          throw new ModelError('model/parameters', `The network asks for '${name}', which has no variable.`);
        return found;
      },
    };
  }

  /** A copy on the host, for checkpoints and exports. */
  async read(): Promise<Weights> {
    const out = new Map<string, Weight>();
    // One after the other: the engine's own copy of each is gone before the next.
    for (const [name, variable] of this.#variables)
      out.set(name, { shape: [...variable.shape], data: Float32Array.from(await variable.data()) });
    return out;
  }

  [Symbol.dispose](): void {
    for (const variable of this.#variables.values()) variable.dispose();
  }
}

/** A variable of its own: `tf.variable` shares the tensor it is made from, which must go for the memory to be freed. */
export function variableOf(tf: Tf, { shape, data }: Weight, trainable = true): tfjs.Variable {
  return tf.tidy(() => tf.variable(tf.tensor(data, [...shape], 'float32'), trainable));
}
