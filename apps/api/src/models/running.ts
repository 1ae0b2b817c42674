import { runTestTile, startInference, type InferenceProcess, type ModelPackage } from '@tokenunify/model';
import type { Segmenter } from '../segmenter/types.ts';
import { createThreadedSegmenter } from '../segmenter/threaded.ts';

/** A version with a process of its own, warm: it has answered its test tile as its package says. */
export interface Running {
  readonly package: ModelPackage;
  readonly inference: Pick<InferenceProcess, 'predict' | 'batchSize' | 'alive'>;
  readonly segmenter: Segmenter;
  close(): Promise<void>;
}

/** Starts a version; nothing is left of one that does not start. */
export type Start = (model: ModelPackage, signal: AbortSignal) => Promise<Running>;

export interface StartOptions {
  readonly threads?: number;
  /** Lower priority of the inference processes, so that requests are answered first. */
  readonly niceness?: number;
}

/**
 * Starts versions with ONNX Runtime, each in a process of its own.
 *
 * @throws ModelError `model/inference`; `model/package` with `details.reason` `test-tile`; the signal's reason
 */
export const startWith =
  (options: StartOptions): Start =>
  async (model, signal) => {
    const inference = await startInference(model, { ...options, signal });
    try {
      await runTestTile(model, inference, { signal });
    } catch (error) {
      await inference.close();
      throw error;
    }
    const segmenter = createThreadedSegmenter({ model, inference });
    return {
      ...{ package: model, inference, segmenter },
      async close() {
        await segmenter.close();
        await inference.close();
      },
    };
  };
