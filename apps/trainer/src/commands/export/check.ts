import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  EnginePredictor,
  startInference,
  type EngineChoice,
  type Preset,
  type Vec3,
  type Weights,
} from '@tokenunify/model';
import { CommandError } from '../../errors.ts';
import type { Reporter } from '../../progress/reporter.ts';
import { announceEngine } from '../training.ts';

/** Largest difference, relative to the largest output, that an exported network may have from the trained one. */
const TOLERANCE = 1e-4;

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
 * Runs exported bytes on a tile, as inference will.
 *
 * @returns the largest difference from `expected`, relative to its largest value
 * @throws CommandError `trainer/run` when it is above 1e-4
 */
export async function differenceFrom(
  expected: Float32Array,
  { model, tile, input }: Tile & { readonly model: Uint8Array },
  signal: AbortSignal,
): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'tokenunify-export-'));
  try {
    const modelPath = join(directory, 'model.onnx');
    await writeFile(modelPath, model);
    const inference = await startInference({ modelPath, tileShape: tile, outputChannels: 3 }, { signal });
    try {
      return relative(expected, await inference.predict(scaled(input), 1, { signal }));
    } finally {
      await inference.close();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function relative(expected: Float32Array, got: Float32Array): number {
  let [worst, largest] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    worst = Math.max(worst, Math.abs(expected[i]! - got[i]!));
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  // also refuses NaN, which no comparison holds for
  if (!(worst <= TOLERANCE * largest))
    throw new CommandError(
      'trainer/run',
      `The exported network differs from the trained one by ${worst} (limit ${TOLERANCE * largest}), so nothing was written; report this with the checkpoint.`,
    );
  return worst / largest;
}
