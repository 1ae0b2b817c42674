import { ModelError } from '../errors.ts';
import { parameterSize, type Initialiser, type ParameterSpec } from '../network/parameters.ts';
import type { Shape } from '../ops/ops.ts';
import { Random } from '../random.ts';

export interface Weight {
  readonly shape: Shape;
  readonly data: Float32Array;
}
/** Weights by parameter name: what checkpoints hold and exports read. */
export type Weights = ReadonlyMap<string, Weight>;

/** Fresh weights for a network; the same seed gives the same weights on every engine. */
export function initialWeights(parameters: readonly ParameterSpec[], seed: number): Weights {
  return new Map(
    parameters.map(({ name, shape, init }) => [name, { shape, data: draw(name, shape, init, seed) }]),
  );
}

/**
 * Fresh weights, replaced by those of `source` wherever name and shape agree: how fine-tuning starts from pretraining.
 * @returns the weights and the names that were taken
 */
export function transferWeights(
  parameters: readonly ParameterSpec[],
  source: Weights,
  seed: number,
): { weights: Weights; transferred: readonly string[] } {
  const fresh = new Map(initialWeights(parameters, seed));
  const transferred: string[] = [];
  for (const { name, shape } of parameters) {
    const found = source.get(name);
    if (!found || String(found.shape) !== String(shape)) continue;
    fresh.set(name, found);
    transferred.push(name);
  }
  return { weights: fresh, transferred };
}

/** @throws ModelError `model/parameters` when a parameter is missing or has another shape. */
export function checkWeights(parameters: readonly ParameterSpec[], weights: Weights, source: string): void {
  for (const { name, shape } of parameters) {
    const found = weights.get(name);
    if (!found)
      throw new ModelError(
        'model/parameters',
        `${source} has no weight '${name}'; it belongs to another preset or head.`,
      );
    if (String(found.shape) !== String(shape))
      throw new ModelError(
        'model/parameters',
        `Weight '${name}' of ${source} has shape [${found.shape}], the network needs [${shape}]; use the preset it was trained with.`,
      );
  }
}

function draw(name: string, shape: Shape, init: Initialiser, seed: number): Float32Array {
  const data = new Float32Array(parameterSize(shape));
  const random = Random.named(seed, name);
  switch (init.kind) {
    case 'constant':
      return data.fill(init.value);
    case 'normal':
      return data.map(() => random.normal() * init.std);
    case 'log-uniform-decay':
      return data.map(() => Math.log(random.uniform(init.low, init.high)));
    case 'inverse-softplus':
      return data.map(() => {
        const step = Math.exp(random.uniform(Math.log(init.low), Math.log(init.high)));
        return step + Math.log(-Math.expm1(-step)); // softplus^-1, stable for small steps
      });
  }
}
