import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Engine } from '../engines/engine.ts';
import { describeNetwork } from '../network/describe.ts';
import { affinityForward } from '../network/network.ts';
import { presetNamed } from '../network/presets.ts';
import { membranes, relativeError } from '../network/small.fixture.ts';
import type { Vec3 } from '../ops/ops.ts';
import { Random } from '../random.ts';
import { EnginePredictor } from '../training/predictor.ts';
import { initialWeights } from '../training/weights.ts';
import { traceOnnx } from './trace.ts';
import type { ElementType } from './value.ts';

export interface Differences extends Readonly<Record<ElementType, number>> {
  /** Between a tile alone and the same tile with another one. */
  readonly batch: number;
}

/** Affinities of an untrained network, exported in both types and run by ONNX Runtime, against an engine: max |a - b| / max |b|. */
export async function exportDifferences(engine: Engine, name: string, tile: Vec3): Promise<Differences> {
  const preset = presetNamed(name);
  const weights = initialWeights(describeNetwork(preset, 'affinities', tile).parameters, 3);
  const random = new Random(5);
  // With grain: a norm over a map that repeats itself has nothing to divide by, and shows the last bits of everything.
  const crops = [11, 7].map((period) =>
    membranes(tile, random, period).map((value) => value + random.uniform(-0.1, 0.1)),
  ) as [Float32Array, Float32Array];
  const both = new Float32Array(2 * crops[0].length);
  crops.forEach((crop, i) => both.set(crop, i * crop.length));

  const predictor = new EnginePredictor(engine, preset, weights, tile);
  const expected = await predictor.predict(crops[0], 1);
  predictor[Symbol.dispose]();

  const run = async (dtype: ElementType) => {
    const model = traceOnnx({
      dtype,
      inputShape: [1, ...tile],
      weights,
      trace: (ops, p, raw) => ops.sigmoid(affinityForward(ops, p, preset, raw)),
    });
    const session = await InferenceSession.create(model, { intraOpNumThreads: 2, logSeverityLevel: 3 });
    const answer = async (data: Float32Array, count: number) => {
      const { affinities } = await session.run({ raw: new Tensor('float32', data, [count, 1, ...tile]) });
      return affinities!.data as Float32Array; // as it was exported
    };
    const alone = await answer(crops[0], 1);
    const together = dtype === 'float32' ? (await answer(both, 2)).subarray(0, alone.length) : alone;
    await session.release();
    return { difference: relativeError(alone, expected), batch: relativeError(together, alone) };
  };
  const [whole, half] = [await run('float32'), await run('float16')];
  return { float32: whole.difference, float16: half.difference, batch: whole.batch };
}
