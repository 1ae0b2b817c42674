import { decodeNpy, encodeNpy, volumeFromArray } from '@tokenunify/em-io';
import { runTestTile, startInference, type ModelPackage } from '@tokenunify/model';
import { parsePostProcessing, segment } from '@tokenunify/segmentation';
import { drain, type Reporter } from '../../progress/reporter.ts';
import { score } from '../evaluate/scores.ts';
import { packagePredictor } from '../predictors.ts';
import type { RetrainConfig } from './config.ts';
import { messageOf } from './errors.ts';
import type { Reference } from './reference.ts';
import { createAsk, type AskOptions, type Registry } from './registry.ts';
import type { SmokeResult } from './types.ts';

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
  // a server that takes the volume and never answers must not keep an untested champion
  const limited = () => AbortSignal.any([rest.signal, AbortSignal.timeout(settings.timeoutSeconds * 1000)]);
  const { npy: answer, model } = await ask(() =>
    registry.segment(npy, { model: 'champion', signal: limited() }),
  ).catch((error: unknown) => {
    rest.signal.throwIfAborted();
    if (!(error instanceof Error && error.name === 'TimeoutError')) throw error;
    throw new Error(`it did not answer within ${settings.timeoutSeconds} s (smokeTest.timeoutSeconds)`, {
      cause: error,
    });
  });
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
