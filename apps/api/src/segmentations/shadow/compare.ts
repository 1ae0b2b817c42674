import { Worker } from 'node:worker_threads';
import { ApiProblem } from '../../problem.ts';
import { problemOf } from '../../segmenter/carried-problem.ts';
import type { CarriedError } from '../../segmenter/protocol.ts';

export interface CompareRequest {
  /** Zarr arrays of labels of one shape; those of the first stand for the truth. */
  readonly truth: string;
  readonly labels: string;
  /** Bytes that the counts may take. */
  readonly memoryLimit: number;
}

/** How far two segmentations agree. */
export interface Agreement {
  /** Voxels that were compared: those that the first gives to a neuron. */
  readonly voxels: number;
  /** Bits: what the second splits of the first's neurons, and what it merges. */
  readonly voiSplit: number;
  readonly voiMerge: number;
}

export type FromCompareThread =
  | { readonly type: 'done'; readonly agreement: Agreement }
  | { readonly type: 'failed'; readonly error: CarriedError };

/**
 * Compares two volumes of labels chunk by chunk, in a thread of its own.
 *
 * @throws ApiProblem `segmentation-failed`: an array cannot be read, they are of different shapes, the first has no neuron,
 *   or there are more pairs of labels than memory for them; the signal's reason, once the thread has ended
 */
export async function compareLabels(request: CompareRequest, signal: AbortSignal): Promise<Agreement> {
  signal.throwIfAborted();
  const worker = new Worker(new URL('./compare-worker.ts', import.meta.url), { workerData: request });
  // it writes nothing, so it can be ended anywhere
  const onAbort = () => void worker.terminate();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await new Promise<Agreement>((resolve, reject) => {
      worker.on('message', (message: FromCompareThread) =>
        message.type === 'done' ? resolve(message.agreement) : reject(problemOf(message.error)),
      );
      const end = (cause?: unknown) =>
        reject(
          signal.aborted
            ? signal.reason
            : new ApiProblem(
                'segmentation-failed',
                'The thread that compares the labels ended, most likely for want of memory; give the server more.',
                { cause },
              ),
        );
      worker.on('error', end);
      worker.on('exit', () => end());
    });
  } finally {
    signal.removeEventListener('abort', onAbort);
    await worker.terminate();
  }
}
