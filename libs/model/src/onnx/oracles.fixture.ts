/** What the oracles of tools/oracles look at, and the tests that say when their verdicts are out of date. */
import { readCheckpoint } from '../checkpoint/checkpoint.ts';
import { describeNetwork } from '../network/describe.ts';
import { affinityForward } from '../network/network.ts';
import { presetNamed } from '../network/presets.ts';
import type { Vec3 } from '../ops/ops.ts';
import { writeModelPackage } from '../package/index.ts';
import { npy, packageInput } from '../package/package.fixture.ts';
import type { ModelPackage } from '../package/types.ts';
import { initialWeights } from '../training/weights.ts';
import { opsets, type Opset } from './opset.ts';
import { writeOnnx, type TraceOptions } from './trace.ts';
import type { ElementType } from './value.ts';

export interface OracleModel {
  readonly name: string;
  readonly options: TraceOptions;
}

const dtypes: readonly ElementType[] = ['float32', 'float16'];

function untrained(name: string, tile: Vec3, options: { opset: Opset; dtype: ElementType }): TraceOptions {
  const preset = presetNamed(name);
  return {
    ...options,
    inputShape: [1, ...tile],
    weights: initialWeights(describeNetwork(preset, 'affinities', tile).parameters, 3),
    trace: (ops, p, raw) => ops.sigmoid(affinityForward(ops, p, preset, raw)),
    metadata: { preset: name },
  };
}

/** Every opset in both types, then other networks. */
export function oracleModels(): OracleModel[] {
  const kinds = opsets.flatMap((opset) => dtypes.map((dtype) => ({ opset, dtype })));
  const others = [
    { preset: 'nano-anisotropic', tile: [8, 32, 32], opset: 17 },
    { preset: 'nano-transformer', tile: [16, 16, 16], opset: 21 },
    { preset: 'tiny', tile: [16, 16, 16], opset: 21 },
  ] as const;
  return [
    ...kinds.map((kind) => ({
      name: `nano-${kind.opset}-${kind.dtype}`,
      options: untrained('nano', [16, 16, 16], kind),
    })),
    ...others.flatMap(({ preset, tile, opset }) =>
      dtypes.map((dtype) => ({
        name: `${preset}-${opset}-${dtype}`,
        options: untrained(preset, tile, { opset, dtype }),
      })),
    ),
  ];
}

/** The bundled weights again, in float16, on small tiles; with their tensors beside the model when `externalData`. */
export async function halfPackage(dir: string, externalData: boolean): Promise<ModelPackage> {
  const tile = [32, 32, 32] as const;
  const checkpoint = new URL('../../../../models/default/checkpoint.safetensors', import.meta.url).pathname;
  const { average, weights } = await readCheckpoint(checkpoint);
  const preset = presetNamed('nano');
  const testInput = npy('|u1', [1, 1, ...tile]);
  const grey = testInput.subarray(testInput.length - 32 ** 3);
  grey.forEach((_, i) => (grey[i] = 128 + 90 * Math.sin(i / 7) * Math.cos(i / 300)));
  const { testOutput: _, ...input } = packageInput;
  return writeModelPackage(dir, {
    ...input,
    name: 'TokenUnify nano (float16)',
    model: (path) =>
      writeOnnx(path, {
        dtype: 'float16',
        inputShape: [1, ...tile],
        weights: average ?? weights,
        trace: (ops, p, raw) => ops.sigmoid(affinityForward(ops, p, preset, raw)),
        externalData,
      }),
    dtype: 'float16',
    tileShape: tile,
    minimumShape: preset.token,
    testInput,
    modelCard: '# TokenUnify nano (float16)\n\n# Validation\n\nNone.\n',
  });
}
