import {
  EnginePredictor,
  startInference,
  type ElementType,
  type EngineChoice,
  type Preset,
  type Vec3,
  type Weights,
} from '@tokenunify/model';
import { CommandError } from '../../errors.ts';
import type { Reporter } from '../../progress/reporter.ts';
import { announceEngine } from '../training.ts';

/** Largest difference, relative to the largest output, that an exported network may have from the trained one. */
const TOLERANCE: Readonly<Record<ElementType, number>> = { float32: 1e-4, float16: 1e-2 };

interface Tile {
  readonly tile: Vec3;
  /** Grey values, [z, y, x]. */
  readonly input: Uint8Array;
}

const scaled = (input: Uint8Array): Float32Array => Float32Array.from(input, (v) => v / 255);

/** What the engine that trained the network makes of a tile: float32 [3, z, y, x]. */
export async function predictTile(
  choice: EngineChoice,
  { preset, weights, tile, input }: Tile & { readonly preset: Preset; readonly weights: Weights },
  reporter: Reporter,
): Promise<Float32Array> {
  const engine = await announceEngine(choice, reporter);
  const predictor = new EnginePredictor(engine, preset, weights, tile);
  try {
    return await predictor.predict(scaled(input), 1);
  } finally {
    predictor[Symbol.dispose]();
  }
}

/**
 * Runs an exported network on a tile, as inference will.
 *
 * @returns its affinities, float32 [3, z, y, x], and their largest difference from `expected`, relative to its largest value
 * @throws CommandError `trainer/run` when it is above 1e-4, or 1e-2 in float16
 */
export async function compareExported(
  expected: Float32Array,
  { modelPath, dtype, tile, input }: Tile & { readonly modelPath: string; readonly dtype: ElementType },
  signal: AbortSignal,
): Promise<{ readonly affinities: Float32Array; readonly difference: number }> {
  const inference = await startInference({ modelPath, tileShape: tile, outputChannels: 3 }, { signal });
  try {
    const affinities = await inference.predict(scaled(input), 1, { signal });
    return { affinities, difference: relative(expected, affinities, TOLERANCE[dtype]) };
  } finally {
    await inference.close();
  }
}

function relative(expected: Float32Array, got: Float32Array, tolerance: number): number {
  let [worst, largest] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(expected[i]! - got[i]!);
    if (!(difference <= worst)) worst = difference; // not `>`: NaN must not be passed over
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  if (!(worst <= tolerance * largest))
    throw new CommandError(
      'trainer/run',
      `The exported network differs from the trained one by ${worst} (limit ${tolerance * largest}), so nothing was written; report this with the checkpoint.`,
    );
  return worst / largest;
}
