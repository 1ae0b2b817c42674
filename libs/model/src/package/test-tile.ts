import { readFile, stat } from 'node:fs/promises';
import { ModelError } from '../errors.ts';
import { startInference, type InferenceProcess } from '../inference/index.ts';
import { FILES } from './description.ts';
import { checkTensor, npyHeader } from './npy.ts';
import type { InputScale, ModelPackage, Vec3 } from './types.ts';

/** Largest difference, relative to the largest affinity: other processors add in another order, but not this much. */
const TOLERANCE = { float32: 1e-3, float16: 1e-2 };

/** More than numpy ever writes. */
const MOST_HEADER_BYTES = 4096;

/**
 * Runs the package's test input and compares with its test output: that the weights are the ones that were exported, and
 * that they give the same on this machine.
 *
 * @param inference of this package, as `startInference` gives it
 * @returns the largest difference, relative to the largest value of the test output
 * @throws ModelError `model/package` with `details.reason` `test-tile` above 1e-3, or 1e-2 for a float16 model;
 *   `model/inference` as `predict`; the signal's reason
 * @example
 *     const model = await readModelPackage('models/default');
 *     const inference = await startInference(model);
 *     await runTestTile(model, inference); // 0.0000003
 */
export async function runTestTile(
  model: ModelPackage,
  inference: Pick<InferenceProcess, 'predict'>,
  options: { readonly signal?: AbortSignal } = {},
): Promise<number> {
  const input = await tensor(model.testInputPath, model, '|u1', 1);
  const output = await tensor(model.testOutputPath, model, '<f4', 3);
  const expected = new Float32Array(new Uint8Array(output).buffer); // a copy, which is aligned
  const got = await inference.predict(scaled(input, model.inputScale), 1, options);
  let [worst, largest] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(expected[i]! - got[i]!);
    if (!(difference <= worst)) worst = difference; // not `>`: NaN must not be passed over
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  const relative = worst === 0 ? 0 : worst / largest;
  const limit = TOLERANCE[model.dtype ?? 'float32'];
  if (relative <= limit) return relative;
  throw new ModelError(
    'model/package',
    `${model.name} ${model.version} gives another answer to its test tile than its test output says: they differ by ${relative} of the largest value, the limit is ${limit}; export the model again with \`tokenunify export\`.`,
    { details: { reason: 'test-tile', difference: relative, limit, digest: model.digest } },
  );
}

/** What an ONNX file makes of a raw tile: float32 [3, z, y, x]. */
export async function answerTo(
  testInput: Uint8Array,
  model: { readonly modelPath: string; readonly tileShape: Vec3; readonly inputScale: InputScale },
): Promise<Float32Array> {
  const { offset } = npyHeader(testInput, FILES.testInput);
  const inference = await startInference({ ...model, outputChannels: 3 });
  try {
    return await inference.predict(scaled(testInput.subarray(offset), model.inputScale), 1);
  } finally {
    await inference.close();
  }
}

function scaled(raw: Uint8Array, { offset, scale }: InputScale): Float32Array {
  const tile = new Float32Array(raw.length);
  for (let i = 0; i < raw.length; i++) tile[i] = (raw[i]! - offset) * scale;
  return tile;
}

/** The data of a test tensor; its sha256 was checked, but who wrote it may have described anything. */
async function tensor(
  file: string,
  { tileShape }: ModelPackage,
  descr: '|u1' | '<f4',
  channels: number,
): Promise<Uint8Array> {
  const length = channels * tileShape.reduce((a, b) => a * b, descr === '<f4' ? 4 : 1);
  const { size } = await stat(file);
  if (size > length + MOST_HEADER_BYTES)
    throw new ModelError(
      'model/package',
      `${file} has ${size} bytes, its shape asks for ${length}; export the model again with \`tokenunify export\`.`,
      { details: { file, reason: 'test-tile' } },
    );
  const bytes = await readFile(file);
  const header = npyHeader(bytes, file);
  checkTensor(file, header, descr, channels, tileShape);
  if (bytes.length !== header.offset + length)
    throw new ModelError(
      'model/package',
      `${file} has ${bytes.length - header.offset} bytes of data, its shape asks for ${length}; export the model again with \`tokenunify export\`.`,
      { details: { file, reason: 'test-tile' } },
    );
  return bytes.subarray(header.offset);
}
