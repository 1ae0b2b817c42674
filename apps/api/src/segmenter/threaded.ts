import type { InferenceProcess, ModelPackage } from '@tokenunify/model';
import { unavailable } from '../routes/service.ts';
import { SegmentThread } from './thread.ts';
import type { ModelSummary, Segmenter, SegmentRequest, SegmentResult } from './types.ts';

export interface ThreadedSegmenterOptions {
  readonly model: ModelPackage;
  readonly inference: Pick<InferenceProcess, 'predict' | 'batchSize'>;
  /** For tests: the module that a thread runs. */
  readonly script?: URL;
}

/** A segmenter with threads of its own, made when needed and kept for the next volume. */
export interface ThreadedSegmenter extends Segmenter {
  close(): Promise<void>;
}

/**
 * Segments with the model's own post-processing in worker threads, as many as there are requests at once: bounding
 * them is the caller's part. The inference process stays the caller's too.
 */
export function createThreadedSegmenter(options: ThreadedSegmenterOptions): ThreadedSegmenter {
  const { model, inference, script = new URL('./worker.ts', import.meta.url) } = options;
  const { tileShape, minimumShape, inputScale, postprocessing } = model;
  const workerModel = { tileShape, minimumShape, inputScale, postprocessing, batchSize: inference.batchSize };
  const threads = new Set<SegmentThread>();
  const idle: SegmentThread[] = [];
  let closed = false;

  const take = (): SegmentThread => {
    for (let thread = idle.pop(); thread; thread = idle.pop()) {
      if (!thread.dead) return thread;
      threads.delete(thread);
    }
    const thread = new SegmentThread(workerModel, inference, script);
    threads.add(thread);
    return thread;
  };
  const giveBack = (thread: SegmentThread): void => {
    if (thread.dead) threads.delete(thread);
    else idle.push(thread);
  };

  return {
    model: summaryOf(model),
    async segment(request: SegmentRequest, { signal }): Promise<SegmentResult> {
      if (closed) throw unavailable();
      signal.throwIfAborted();
      const thread = take();
      try {
        return await thread.segment(request, signal);
      } finally {
        giveBack(thread);
      }
    },
    async close() {
      closed = true;
      await Promise.all([...threads].map((thread) => thread.close()));
    },
  };
}

function summaryOf(model: ModelPackage): ModelSummary {
  const { name, version, digest, preset, tileShape, minimumShape, voxelSize } = model;
  return { name, version, digest, preset, tileShape, minimumShape, ...(voxelSize && { voxelSize }) };
}
