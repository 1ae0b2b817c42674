/** A thread that segments. See thread.ts for why; it loads no model, tiles go to the inference process and back. */
import { setImmediate } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { encodeNpy, volumeFromArray, type NdArray } from '@tokenunify/em-io';
import {
  computeAffinities,
  segment,
  type ProgressEvent,
  type QuantisedAffinities,
} from '@tokenunify/segmentation';
import { carry } from './carry.ts';
import { DistantPredictor } from './distant-predictor.ts';
import { withOverrides } from './postprocessing.ts';
import type { FromWorker, ToWorker, WorkerModel } from './protocol.ts';
import type { SegmentRequest, SegmentResult } from './types.ts';

const port = parentPort;
if (port === null)
  throw new Error('segmenter/worker.ts runs as a worker thread; createThreadedSegmenter starts it.');

const model = workerData as WorkerModel; // what SegmentThread gives
let abort = new AbortController();

const predictor = new DistantPredictor(model.tileShape, model.batchSize, send);

port.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'abort':
      return abort.abort();
    case 'predicted':
    case 'unpredicted':
      return predictor.answered(message);
    case 'segment':
      void answer({ raw: message.raw, ...message.options });
  }
});

async function answer(request: SegmentRequest): Promise<void> {
  abort = new AbortController();
  try {
    const result = await run(request, abort.signal);
    send({ type: 'done', result }, [result.npy.buffer as ArrayBuffer]);
  } catch (error) {
    send({ type: 'failed', error: carry(error) });
  } finally {
    predictor.forget();
  }
}

async function run(
  { raw, output, ...overrides }: SegmentRequest,
  signal: AbortSignal,
): Promise<SegmentResult> {
  const volume = volumeFromArray(raw, { location: 'The volume' });
  const clock = new StageClock();
  const tiles = {
    minimumShape: model.minimumShape,
    inputScale: model.inputScale,
    signal,
    // Floats were checked to be grey values already.
    ...(raw.dtype !== 'uint8' && { rawRange: [0, 255] as const }),
  };
  if (output === 'affinities') {
    const affinities = await follow(computeAffinities(volume, predictor, tiles), clock, signal);
    return { npy: encodeNpy(asFloats(affinities)), timings: clock.stop() };
  }
  const postprocessing = withOverrides(model.postprocessing, overrides);
  const steps = segment(volume, predictor, { ...tiles, postprocessing });
  const { labels, shape, count } = await follow(steps, clock, signal);
  const npy = encodeNpy({ dtype: 'uint32', shape, data: labels });
  return { npy, labelCount: count, timings: clock.stop() };
}

/** Runs a chain to its result. Between its steps this thread looks for messages, or it would never see an abort. */
async function follow<T>(
  steps: AsyncGenerator<ProgressEvent, T, void>,
  clock: StageClock,
  signal: AbortSignal,
): Promise<T> {
  for (;;) {
    const step = await steps.next();
    if (step.done) return step.value;
    clock.enter(step.value.stage);
    await setImmediate();
    signal.throwIfAborted();
  }
}

/** Milliseconds by stage: a stage lasts until the next one is heard of. */
class StageClock {
  readonly #timings: Record<string, number> = {};
  #stage: string | undefined;
  #since = performance.now();

  enter(stage: string): void {
    const now = performance.now();
    if (this.#stage !== undefined)
      this.#timings[this.#stage] = (this.#timings[this.#stage] ?? 0) + now - this.#since;
    this.#stage = stage;
    this.#since = now;
  }

  stop(): Record<string, number> {
    this.enter('');
    return this.#timings;
  }
}

function asFloats({ shape, data }: QuantisedAffinities): NdArray {
  // a loop: Float32Array.from with a function takes seconds for a volume as large as is accepted
  const floats = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) floats[i] = data[i] / 255;
  return { dtype: 'float32', shape: [3, ...shape], data: floats };
}

function send(message: FromWorker, transfer: readonly ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer);
}
