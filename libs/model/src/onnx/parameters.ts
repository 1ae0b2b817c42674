import { ModelError } from '../errors.ts';
import { parameterSize, type ParameterSource } from '../network/parameters.ts';
import type { Shape } from '../ops/ops.ts';
import { arrayOf } from '../ops/shape-ops.ts';
import type { Graph } from './graph.ts';
import type { Value } from './value.ts';

/**
 * Trained weights by name; `data` in C order. A function is called when the tensor is written, and what it gives is let go
 * after that: weights that do not fit in memory are exported one by one.
 */
export type Weights = ReadonlyMap<string, WeightData>;
export interface WeightData {
  readonly shape: Shape;
  readonly data: Float32Array | (() => Float32Array);
}

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
      if (typeof weight.data !== 'function') dataOf(name, weight); // now, and not when half a file is written
      if (given.has(name))
        throw fault(name, 'is asked for twice by the network', 'give each layer its own scope');
      given.add(name);
      const tensor = graph.tensor(name, shape, () => dataOf(name, weight));
      return { name: tensor, form: arrayOf(shape), batched: false, type: 'weight' };
    },
  };
}

function dataOf(name: string, { shape, data }: WeightData): Float32Array {
  const values = typeof data === 'function' ? data() : data;
  if (values.length === parameterSize(shape)) return values;
  throw fault(name, `holds ${values.length} numbers for shape [${shape}]`, 'the checkpoint is damaged');
}

const fault = (name: string, what: string, remedy: string) =>
  new ModelError('model/parameters', `Parameter '${name}' ${what}; ${remedy}.`, { details: { name } });
