import { ModelError } from '../errors.ts';
import { parameterSize, type ParameterSource } from '../network/parameters.ts';
import type { Shape } from '../ops/ops.ts';
import { arrayOf } from '../ops/shape-ops.ts';
import type { Graph } from './graph.ts';
import type { Value } from './value.ts';

/** Trained weights by name; `data` in C order. */
export type Weights = ReadonlyMap<string, { readonly shape: Shape; readonly data: Float32Array }>;

/**
 * Gives the network its trained weights as initialisers, each under its own name.
 * @throws ModelError `model/parameters` when a weight is missing, has another shape, or is asked for twice
 */
export function weightSource(graph: Graph, weights: Weights): ParameterSource<Value> {
  const given = new Set<string>();
  return {
    get(name, shape) {
      const weight = weights.get(name);
      if (!weight)
        throw fault(name, `is not among the ${weights.size} weights`, 'export the checkpoint of this preset');
      if (String(weight.shape) !== String(shape))
        throw fault(
          name,
          `has shape [${weight.shape}] where the network needs [${shape}]`,
          'check the preset',
        );
      if (weight.data.length !== parameterSize(shape))
        throw fault(
          name,
          `holds ${weight.data.length} numbers for shape [${shape}]`,
          'the checkpoint is damaged',
        );
      if (given.has(name))
        throw fault(name, 'is asked for twice by the network', 'give each layer its own scope');
      given.add(name);
      return { name: graph.tensor(name, shape, weight.data), form: arrayOf(shape), batched: false };
    },
  };
}

const fault = (name: string, what: string, remedy: string) =>
  new ModelError('model/parameters', `Parameter '${name}' ${what}; ${remedy}.`, { details: { name } });
