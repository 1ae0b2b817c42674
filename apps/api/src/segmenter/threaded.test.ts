import { decodeNpy, ndArray } from '@tokenunify/em-io';
import { ModelError } from '@tokenunify/model';
import { afterEach, describe, expect, it } from 'vitest';
import { isApiProblem } from '../problem.ts';
import { createThreadedSegmenter, type ThreadedSegmenter } from './threaded.ts';

const model = {
  dir: '/nowhere',
  name: 'fake',
  version: '1.0.0',
  digest: 'sha256:00',
  preset: 'nano',
  tileShape: [1, 1, 2],
  minimumShape: [1, 1, 1],
  inputScale: { offset: 0, scale: 1 },
  outputChannels: 3,
  postprocessing: {},
  description: 'None.',
  modelPath: '/nowhere/model.onnx',
  testInputPath: '/nowhere/test-input.npy',
  testOutputPath: '/nowhere/test-output.npy',
  files: {},
  opsetVersion: 17,
  license: 'Apache-2.0',
  metrics: {},
  training: {},
  cite: [],
} as const;

type Predict = (tiles: Float32Array, count: number) => Promise<Float32Array>;
let segmenter: ThreadedSegmenter;
afterEach(() => segmenter.close());

const make = (predict: Predict = async (tiles) => tiles.map((value) => value * 2)): ThreadedSegmenter =>
  (segmenter = createThreadedSegmenter({
    model,
    inference: { batchSize: 1, predict },
    script: new URL('./worker.fixture.ts', import.meta.url),
  }));

const run = (scoring?: string, signal: AbortSignal = new AbortController().signal) =>
  segmenter.segment(
    {
      raw: ndArray('uint8', [1, 1, 2], new Uint8Array([21, 0])),
      output: 'labels',
      ...(scoring && { scoring }),
    },
    { signal },
  );

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: unknown) => (isApiProblem(error) ? error.code : error),
  );

const first = async () => decodeNpy((await run()).npy).data[0];

describe('segmentation in threads', () => {
  it('brings tiles to the one inference process and its affinities back', async () => {
    make();
    expect(await first()).toBe(42);
    expect(await Promise.all([first(), first(), first()])).toEqual([42, 42, 42]);
  });

  it('tells the caller what the libraries say, and nothing of what nobody foresaw', async () => {
    make(() => Promise.reject(new ModelError('model/inference', 'The model gave NaN.')));
    await expect(run()).rejects.toMatchObject({ code: 'inference-failed', message: 'The model gave NaN.' });
    await expect(run('refuse')).rejects.toMatchObject({
      code: 'segmentation-failed',
      message: 'The option is wrong.',
    });
  });

  it.each(['exit', 'throw'])('survives a thread that ends by %s, and makes another', async (how) => {
    make();
    expect(await codeOf(run(how))).toBe('segmentation-failed');
    expect(await first()).toBe(42);
  });

  it('ends the work of a request that is aborted, at the next chance', async () => {
    make();
    const controller = new AbortController();
    const running = run('wait', controller.signal);
    controller.abort(new Error('gone'));
    await expect(running).rejects.toThrow('gone');
    expect(await first()).toBe(42);
  });

  it('ends a thread that does not look up when it is aborted', async () => {
    make();
    const controller = new AbortController();
    const running = run('busy', controller.signal);
    setTimeout(() => controller.abort(new Error('gone')), 50);
    await expect(running).rejects.toThrow('gone');
    expect(await first()).toBe(42);
  });

  it('aborts the prediction that a request waits for', async () => {
    let seen: AbortSignal | undefined;
    make();
    await segmenter.close();
    segmenter = createThreadedSegmenter({
      model,
      inference: {
        batchSize: 1,
        predict: (_tiles, _count, options) => {
          seen = options?.signal;
          return new Promise(() => {});
        },
      },
      script: new URL('./worker.fixture.ts', import.meta.url),
    });
    const controller = new AbortController();
    const running = run(undefined, controller.signal);
    while (seen === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    controller.abort(new Error('gone'));
    await expect(running).rejects.toThrow('gone');
    expect(seen.aborted).toBe(true);
  });

  it('takes no more once it is closed', async () => {
    make();
    await segmenter.close();
    expect(await codeOf(run())).toBe('unavailable');
  });
});
