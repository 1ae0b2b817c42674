import {
  decodeNpy,
  encodeNpy,
  openVolume,
  toUint32,
  volumeFromArray,
  wholeBox,
  type NdArray,
} from '@tokenunify/em-io';
import { runTestTile, startInference, type ModelPackage } from '@tokenunify/model';
import { parsePostProcessing, segment } from '@tokenunify/segmentation';
import { drain, type Reporter } from '../../progress/reporter.ts';
import { score } from '../evaluate/scores.ts';
import { packagePredictor } from '../predictors.ts';
import type { RetrainConfig } from './config.ts';
import { isFullDisk, messageOf, NightError, wrong } from './errors.ts';
import { createAsk, type AskOptions, type Registry } from './registry.ts';
import type { SmokeResult } from './types.ts';

/** The reference volume, and the labels that are right for it. */
export interface Reference {
  readonly raw: NdArray & { readonly data: Uint8Array };
  readonly expected: Uint32Array;
}

export interface SmokeTools {
  /** Labels that a package gives on this machine. */
  segmentHere(
    model: ModelPackage,
    raw: Reference['raw'],
    options: {
      readonly threads?: number | undefined;
      readonly signal: AbortSignal;
      readonly reporter: Reporter;
    },
  ): Promise<Uint32Array>;
}

/** A request holds the whole volume; the server refuses larger ones anyway. */
const MOST_VOXELS = 2 ** 27;

/** @throws NightError with exit code 2, naming the setting */
export async function readReference(
  { file, smokeTest: { raw: rawLocation, expected } }: RetrainConfig,
  signal: AbortSignal,
): Promise<Reference> {
  const raw = await readWhole(file, 'raw', rawLocation, signal);
  if (raw.dtype !== 'uint8')
    throw wrong(
      `${file}: smokeTest.raw ${rawLocation} has dtype ${raw.dtype}, but must be uint8; convert it first.`,
    );
  const labels = await readWhole(file, 'expected', expected, signal);
  if (String(labels.shape) !== String(raw.shape))
    throw wrong(
      `${file}: smokeTest.expected ${expected} has shape [${labels.shape.join(', ')}], but smokeTest.raw has [${raw.shape.join(', ')}]; name the labels of that volume.`,
    );
  const ids = await refusing(file, 'expected', expected, async () => toUint32(labels, expected));
  if (!ids.some((id) => id !== 0))
    throw wrong(
      `${file}: smokeTest.expected ${expected} is background everywhere, so it would pass anything; name labels.`,
    );
  return { raw: { ...raw, data: raw.data as Uint8Array }, expected: ids }; // its dtype was checked
}

function readWhole(file: string, field: string, location: string, signal: AbortSignal): Promise<NdArray> {
  return refusing(file, field, location, async () => {
    const volume = await openVolume(location, { signal });
    try {
      const voxels = volume.shape.reduce((a, b) => a * b, 1);
      if (volume.channels !== undefined || voxels === 0 || voxels > MOST_VOXELS)
        throw wrong(
          `${file}: smokeTest.${field} ${location} has the shape [${volume.shape.join(', ')}]${volume.channels === undefined ? '' : ` and ${volume.channels} channels`}, but must be one small volume (z, y, x) of at most ${MOST_VOXELS} voxels; cut one out.`,
        );
      return await volume.read(wholeBox(volume.shape), { signal });
    } finally {
      await volume.close();
    }
  });
}

async function refusing<T>(
  file: string,
  field: string,
  location: string,
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof NightError || isFullDisk(error) || (error as Error).name === 'AbortError')
      throw error;
    throw wrong(
      `${file}: smokeTest.${field} ${location} cannot be read (${messageOf(error)}); name a volume that is there.`,
      error,
    );
  }
}

export const segmentHere: SmokeTools['segmentHere'] = async (model, raw, { threads, signal, reporter }) => {
  const { inputScale, minimumShape, predictor, close } = await packagePredictor(model, {
    signal,
    ...(threads !== undefined && { threads }),
  });
  try {
    const volume = volumeFromArray(raw, { location: 'the reference volume' });
    const postprocessing = parsePostProcessing(model.postprocessing);
    const options = { postprocessing, inputScale, minimumShape, signal };
    return (await drain(segment(volume, predictor, options), reporter)).labels;
  } finally {
    await close();
  }
};

/** Runs a package's test tile in a process of its own. */
export async function testPackage(
  model: ModelPackage,
  { threads, signal }: { readonly threads?: number | undefined; readonly signal: AbortSignal },
): Promise<void> {
  const inference = await startInference(model, { signal, ...(threads !== undefined && { threads }) });
  try {
    await runTestTile(model, inference, { signal });
  } finally {
    await inference.close();
  }
}

export interface SmokeTest extends Omit<AskOptions, 'seconds'> {
  readonly registry: Registry;
  readonly reference: Reference;
  readonly settings: RetrainConfig['smokeTest'];
  /** Digest that must answer. */
  readonly digest: string;
}

/** What the champion makes of the reference volume, over HTTP. */
export interface Answer {
  readonly labels: Uint32Array;
  readonly model: string;
  readonly voi: number;
}

/** @throws NightError and ApiError as the registry; the signal's reason; an Error when the answer is no labels */
export async function askChampion({
  registry,
  reference: { raw, expected },
  settings,
  ...rest
}: Omit<SmokeTest, 'digest'>): Promise<Answer> {
  const ask = createAsk({ ...rest, seconds: settings.patienceSeconds });
  const npy = encodeNpy(raw);
  const { npy: answer, model } = await ask(() =>
    registry.segment(npy, { model: 'champion', signal: rest.signal }),
  );
  const { dtype, shape, data } = decodeNpy(answer);
  if (dtype !== 'uint32' || String(shape) !== String(raw.shape))
    throw new Error(`The answer holds ${dtype} [${shape.join(', ')}] instead of labels of the volume.`);
  const labels = data as Uint32Array; // as was just checked
  return { labels, model, voi: score('smoke', expected, labels).voi };
}

/**
 * Segments the reference volume with the champion, over HTTP, and looks at what comes back.
 *
 * @returns never an error of the server: that the test did not pass is a result
 * @throws the signal's reason
 */
export async function smokeTest(test: SmokeTest): Promise<SmokeResult & { readonly labels?: Uint32Array }> {
  const { settings, digest, signal } = test;
  const { maximumVoi } = settings;
  const began = performance.now();
  const failed = (reason: string, more = {}): SmokeResult => ({ passed: false, reason, maximumVoi, ...more });
  let answer: Answer;
  try {
    answer = await askChampion(test);
  } catch (error) {
    signal.throwIfAborted();
    return failed(`The champion did not segment the reference volume: ${messageOf(error)}`);
  }
  const { model, voi, labels } = answer;
  const told = { model, voi, seconds: (performance.now() - began) / 1000 };
  if (model !== digest)
    return failed(`The reference volume was segmented by ${model} instead of ${digest}.`, told);
  // not `>`: NaN must not pass
  if (!(voi <= maximumVoi))
    return failed(
      `The reference volume was segmented with a VOI of ${voi.toFixed(4)}, the limit is ${maximumVoi} (smokeTest.maximumVoi).`,
      told,
    );
  const reason = `The reference volume was segmented by ${model.slice(0, 19)} with a VOI of ${voi.toFixed(4)}, the limit is ${maximumVoi}.`;
  return { passed: true, reason, maximumVoi, ...told, labels };
}
