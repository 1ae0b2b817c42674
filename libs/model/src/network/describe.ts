import { ModelError } from '../errors.ts';
import { arrayOf, mapOf, ShapeOps, type ShapeValue } from '../ops/shape-ops.ts';
import type { Vec3 } from '../ops/ops.ts';
import { affinityForward, pretrainingForward } from './network.ts';
import { parameterSize, type ParameterSource, type ParameterSpec } from './parameters.ts';
import { checkCrop, checkPreset, tokenGrid, type Preset } from './presets.ts';

export type Purpose = 'pretraining' | 'affinities';

export interface NetworkDescription {
  readonly parameters: readonly ParameterSpec[];
  readonly parameterCount: number;
  /** Multiply-adds of one crop. */
  readonly multiplyAdds: number;
}

/**
 * What `run` asks of its parameter source, and what it costs, without a single weight.
 * @throws ModelError `model/parameters` when a name is asked for twice, `model/shape` when shapes do not fit
 */
export function recordParameters(
  run: (ops: ShapeOps, source: ParameterSource<ShapeValue>) => void,
): NetworkDescription {
  const parameters: ParameterSpec[] = [];
  const seen = new Set<string>();
  const source: ParameterSource<ShapeValue> = {
    get(name, shape, init) {
      if (seen.has(name))
        throw new ModelError(
          'model/parameters',
          `Parameter '${name}' is asked for twice; give each layer its own scope.`,
        );
      seen.add(name);
      parameters.push({ name, shape, init });
      return arrayOf(shape);
    },
  };
  const ops = new ShapeOps();
  run(ops, source);
  return {
    parameters,
    parameterCount: parameters.reduce((sum, { shape }) => sum + parameterSize(shape), 0),
    multiplyAdds: ops.multiplyAdds,
  };
}

/**
 * Parameters and cost of a network.
 *
 * @example
 * describeNetwork(presetNamed('nano'), 'affinities').parameterCount
 * @throws ModelError `model/preset` when the preset is no network, `model/shape` when the crop does not suit it
 */
export function describeNetwork(
  preset: Preset,
  purpose: Purpose,
  crop: Vec3 = preset.crop,
): NetworkDescription {
  checkPreset(preset);
  checkCrop(preset, crop);
  const grid = tokenGrid(preset, crop);
  const input = mapOf(1, 1, crop);
  const position = arrayOf([1, 1, grid[0] * grid[1] * grid[2]]);
  return recordParameters((ops, source) => {
    if (purpose === 'affinities') affinityForward(ops, source, preset, input);
    else pretrainingForward(ops, source, preset, input, position);
  });
}
