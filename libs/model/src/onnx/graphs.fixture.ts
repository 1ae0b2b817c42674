import { describeNetwork } from '../network/describe.ts';
import { affinityForward } from '../network/network.ts';
import type { Preset } from '../network/presets.ts';
import type { Vec3 } from '../ops/ops.ts';
import { mapOf } from '../ops/shape-ops.ts';
import { OnnxBuilder } from './builder.ts';
import type { GraphNode, GraphTensor } from './graph.ts';
import type { Opset } from './opset.ts';
import type { Weights } from './parameters.ts';
import type { ElementType, Value } from './value.ts';

/** A builder that shows what it has written down. */
class OpenBuilder extends OnnxBuilder {
  get nodes(): readonly GraphNode[] {
    return this.graph.nodes;
  }
  get tensors(): ReadonlyMap<string, GraphTensor> {
    return this.graph.tensors;
  }
}

export interface GraphOptions {
  readonly opset?: Opset;
  readonly dtype?: ElementType;
  readonly tile?: Vec3;
}

/** The exported network of a preset, weights by shape alone: whoever asks for one of their numbers gets an error. */
export function graphOf(preset: Preset, { tile = preset.crop, ...options }: GraphOptions = {}): OpenBuilder {
  const weights: Weights = new Map(
    describeNetwork(preset, 'affinities', tile).parameters.map(({ name, shape }) => [
      name,
      { shape, data: () => raise(`the numbers of '${name}' were asked for`) },
    ]),
  );
  const builder = new OpenBuilder(options);
  const raw = builder.input('raw', mapOf(1, 1, tile));
  builder.sigmoid(affinityForward<Value>(builder, builder.parameterSource(weights), preset, raw));
  return builder;
}

function raise(what: string): never {
  throw new Error(what);
}
