import { ModelError } from '../errors.ts';
import { arrayOf, mapOf, ShapeOps, type ShapeValue } from '../ops/shape-ops.ts';
import { ActivationLedger, type ActivationBytes } from '../ops/shape-ops-memory.ts';
import type { Vec3 } from '../ops/ops.ts';
import { affinityForward, pretrainingForward } from './network.ts';
import { parameterSize, type ParameterSource, type ParameterSpec } from './parameters.ts';
import { checkCrop, checkPreset, tokenGrid, type Preset } from './presets.ts';

export type Purpose = 'pretraining' | 'affinities';

/** What a function asks of its parameter source, and what it costs. */
export interface Recording {
  readonly parameters: readonly ParameterSpec[];
  readonly parameterCount: number;
  /** Multiply-adds of convolutions and matrix products. */
  readonly multiplyAdds: number;
  /** Peak bytes of a gradient, beside weights and their gradients. */
  readonly activationBytes: ActivationBytes;
  /** The same with the gradients of the weights. */
  readonly gradientBytes: ActivationBytes;
}

export interface NetworkDescription extends Recording {
  /** `multiplyAdds` of one sample, by the voxels of its crop. */
  readonly multiplyAddsPerVoxel: number;
  /**
   * Peak bytes of a step of training in float32: weights, two moments and moving average, and what the gradient takes,
   * activations and gradients of weights. What the engine's kernels take for themselves is not in it.
   */
  readonly trainingBytes: ActivationBytes;
}

/** Of the weights while gradients are worked out: themselves, first moment, second moment, average. */
const COPIES = 4;

/**
 * What `run` asks of its parameter source, and what it costs, without a single weight.
 * @throws ModelError `model/parameters` when a name is asked for twice, `model/shape` when shapes do not fit
 */
export function recordParameters(
  run: (ops: ShapeOps, source: ParameterSource<ShapeValue>) => void,
): Recording {
  const parameters: ParameterSpec[] = [];
  const seen = new Set<string>();
  const ledger = new ActivationLedger();
  const source: ParameterSource<ShapeValue> = {
    get(name, shape, init) {
      if (seen.has(name))
        throw new ModelError(
          'model/parameters',
          `Parameter '${name}' is asked for twice; give each layer its own scope.`,
        );
      seen.add(name);
      parameters.push({ name, shape, init });
      return ledger.weight(arrayOf(shape));
    },
  };
  const ops = new ShapeOps();
  run(ledger.over(ops), source);
  return {
    parameters,
    parameterCount: parameters.reduce((sum, { shape }) => sum + parameterSize(shape), 0),
    multiplyAdds: ops.multiplyAdds,
    activationBytes: ledger.activations,
    gradientBytes: ledger.gradients,
  };
}

/**
 * Parameters of a network, and what a forward pass and a step of training on crops of `crop` voxels cost, from shapes
 * alone: a preset of a billion parameters takes a fraction of a second and no memory.
 *
 * @param samples crops that go through the network at once; a crop of pretraining is two, since it goes through once with
 *   random tokens hidden and once with a prefix kept. Bytes are those of all of them, multiply-adds of one.
 * @example
 * describeNetwork(presetNamed('base'), 'affinities', [32, 160, 160]).trainingBytes.recomputed / 2 ** 30
 * @throws ModelError `model/preset` when the preset is no network, `model/shape` when the crop does not suit it
 */
export function describeNetwork(
  preset: Preset,
  purpose: Purpose,
  crop: Vec3 = preset.crop,
  samples = 1,
): NetworkDescription {
  checkPreset(preset);
  checkCrop(preset, crop);
  const grid = tokenGrid(preset, crop);
  const input = mapOf(samples, 1, crop);
  const position = arrayOf([samples, 1, grid[0] * grid[1] * grid[2]]);
  const recorded = recordParameters((ops, source) => {
    if (purpose === 'affinities') affinityForward(ops, source, preset, input);
    else pretrainingForward(ops, source, preset, input, position);
  });
  const { parameterCount, gradientBytes } = recorded;
  const multiplyAdds = recorded.multiplyAdds / samples;
  const weights = 4 * parameterCount;
  const training = (gradient: number) => COPIES * weights + Math.max(gradient, weights);
  return {
    ...recorded,
    multiplyAdds,
    multiplyAddsPerVoxel: multiplyAdds / (crop[0] * crop[1] * crop[2]),
    trainingBytes: { kept: training(gradientBytes.kept), recomputed: training(gradientBytes.recomputed) },
  };
}
